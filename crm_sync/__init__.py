"""Keep CRMs true: one record per lead, only what changed, every write accounted for."""
