"""Who is this: one lead per person, from signals; every merge explained and reversible."""
