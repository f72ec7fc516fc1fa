"""The tests, mirroring the source. Run them with `python -m pytest`."""
