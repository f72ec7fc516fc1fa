"""The floor every app stands on: claims, wake-ups, locks, keys, history. Imports no app."""
