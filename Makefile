# LeadHub from a fresh clone: needs Python 3.11+ and make; everything else is made here, in .venv and .leadhub.
# No network after the first installation.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV ?= .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
# Settings of this shell must not reach the tools; the tests look after themselves (tests/services.py).
PLAIN := env -u DATABASE_URL -u REDIS_URL -u DJANGO_SETTINGS_MODULE LEADHUB_HOME=.leadhub/check

.PHONY: help install demo serve test test-sqlite test-postgres check check-format check-lint check-house check-imports check-types check-migrations check-deploy \
  format coverage chaos browser env lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(READY) ## Make the environment in .venv

$(READY): requirements-dev.txt
	@test -n "$(PYTHON)" || { echo "No Python found: install Python 3.11 or newer, or name one: make PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "$(PYTHON) is too old: LeadHub needs Python 3.11 or newer: make PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
	  || { echo "$(PYTHON) cannot make environments: install its venv package (Debian, Ubuntu: apt-get install python3-venv)"; exit 1; }
	@echo "Making $(VENV) with $(PYTHON); this is the one step that needs the network."
	@test -x $(RUN) && $(RUN) -c 'import pip' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.txt \
	  || { echo "The packages could not be installed; pip says why above. Run the same command again when that is mended."; exit 1; }
	@touch $@

demo: $(READY) ## Everything at once: doors, worker, a CRM simulator, 300 deliveries (ARGS=--once leaves afterwards)
	@$(RUN) manage.py demo $(ARGS)

serve: $(READY) ## The everyday start on SQLite
	@$(RUN) manage.py serve $(ARGS)

test: test-sqlite test-postgres ## The whole suite, on SQLite, then on PostgreSQL and Redis (ARGS="-k word")

test-sqlite: $(READY)
	@echo "== tests on SQLite"
	@LEADHUB_TEST_ON=sqlite $(RUN) -m pytest $(ARGS)

test-postgres: $(READY)
	@echo "== tests on PostgreSQL and Redis"
	@LEADHUB_TEST_ON=postgres $(RUN) -m pytest $(ARGS)

check: check-format check-lint check-house check-imports check-types check-migrations check-deploy ## Everything a tool can see (make -k check: go on after a failure)
	@echo "make check: all is well."

check-format: $(READY)
	@echo "== format"
	@$(RUN) -m ruff format --check --quiet --output-format concise . || { echo "Run: make format"; exit 1; }

check-lint: $(READY)
	@echo "== lint"
	@$(RUN) -m ruff check --quiet --output-format concise .

check-house: $(READY)
	@echo "== house numbers, history"
	@$(RUN) -m tools.house_numbers
	@$(RUN) -m tools.history_lint

check-imports: $(READY)
	@echo "== boundaries"
	@said=$$($(RUN) -c 'from importlinter.cli import lint_imports_command as c; c()' --no-logo 2>&1) || { echo "$$said"; exit 1; }

check-types: $(READY)
	@echo "== types"
	@$(PLAIN) $(RUN) -m mypy

check-migrations: $(READY)
	@echo "== migrations"
	@$(PLAIN) $(RUN) manage.py makemigrations --check --dry-run

check-deploy: $(READY)
	@echo "== deployment"
	@$(PLAIN) $(RUN) -m tools.check_deploy

format: $(READY) ## Format and sort imports
	@$(RUN) -m ruff check --quiet --select I --fix . ; $(RUN) -m ruff format .

coverage: $(READY) ## Branch coverage of the suite on both databases
	@$(RUN) -m coverage erase
	@LEADHUB_TEST_ON=sqlite $(RUN) -m coverage run -m pytest -q $(ARGS)
	@LEADHUB_TEST_ON=postgres $(RUN) -m coverage run -m pytest -q $(ARGS)
	@$(RUN) -m coverage combine --quiet && $(RUN) -m coverage report

bench: bench-capture bench-drain bench-idle ## All benchmarks, one JSON line each

bench-%: $(READY) ## One benchmark: capture, drain, idle
	@$(RUN) -m tests.benchmarks.$(subst -,_,$*) $(ARGS)

chaos: $(READY) ## Kill everything at random for a while; print one JSON line
	@$(RUN) -m tests.faults.chaos $(ARGS)

browser: $(READY) ## Open every admin page in a real browser (needs chromium)
	@LEADHUB_TEST_ON=sqlite $(RUN) -m pytest tests/browser $(ARGS)

env: ## Write .env with fresh secrets for docker-compose.yml
	@$(PYTHON) tools/make_env.py

lock: ## Compile the requirements from pyproject.toml (needs uv)
	@command -v uv >/dev/null || { echo "uv is not installed: pip install uv"; exit 1; }
	uv pip compile --quiet --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" pyproject.toml -o requirements.txt
	uv pip compile --quiet --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" pyproject.toml --group dev -o requirements-dev.txt

clean: ## Delete the environment and all local data
	rm -rf $(VENV) .leadhub .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
