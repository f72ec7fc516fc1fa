"""What to do about it: who acts on a lead, and why."""
