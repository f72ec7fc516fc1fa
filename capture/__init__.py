"""The doors and the log: takes every signal in, commits it before it says yes, and turns it into clean facts."""
