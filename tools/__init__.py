"""Scripts of the house: lint that ruff, mypy and import-linter cannot do."""
