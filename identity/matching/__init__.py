"""Comparing what two profiles show of a person (pure)."""
