"""The demo's story: who gets in touch, how, and what must be true afterwards. The same seed tells the same story."""
