# Everything that a person or CI does with a checkout. `make` alone lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
UI_INSTALLED := frontend/node_modules/.installed
UI_BUILT := frontend/dist/.built
UI_SOURCES := $(shell find frontend/src frontend/public frontend/index.html frontend/vite.config.ts -type f 2>/dev/null)
# Three processes, for the tests of the whole system wait more than they work. What fails is tried once more, for they
# also meet clocks and a machine that is shared; the summary names it (-r R).
PYTEST := $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --reruns 1 -r R --cov --cov-report=
ARGS ?=

.PHONY: help setup run test test-python test-one test-ui lint format bench chaos requirements licences system-packages clean

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: $(INSTALLED) $(if $(wildcard frontend/package-lock.json),$(UI_BUILT)) ## install everything, start nothing

run: setup ## start the whole hub with a live demo (ARGS="--port 8080 --no-demo")
	@exec $(BIN)/python manage.py up $(ARGS)

test: setup system-packages test-python test-ui ## run every test, on SQLite and on PostgreSQL

test-python: $(INSTALLED)
	$(PYTEST) $(ARGS)
	TEST_DATABASE=postgresql $(PYTEST) --cov-append -m uses_database $(ARGS)
	$(BIN)/coverage report --skip-covered --fail-under=90

test-one: $(INSTALLED) ## run some tests (ARGS="telemetry/tests/test_recorder.py"; TEST_DATABASE=postgresql for PostgreSQL)
	$(BIN)/python -m pytest -q $(ARGS)

test-ui: $(UI_INSTALLED)
	tools/npm.sh test

lint: setup ## check format, style, types, imports and migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	tools/npm.sh run lint

format: $(INSTALLED) ## bring the Python code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup system-packages ## measure (ARGS="--list" names the measurements)
	$(BIN)/python -m benchmarks $(ARGS)

chaos: setup system-packages ## break things under load and count what was lost
	$(BIN)/python -m chaos $(ARGS)

requirements: $(INSTALLED) ## compile requirements/*.txt (ARGS="--upgrade")
	for name in base prod dev node; do \
	  (cd requirements && ../$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	    --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options \
	    $(ARGS) --output-file $$name.txt $$name.in); \
	done

licences: $(INSTALLED) ## write docs/licences.md; fails on a licence that does not go with ours
	$(BIN)/python tools/list_licences.py docs/licences.md

system-packages:
	tools/install_system_packages.sh

clean: ## take away all that was built and installed; the hub's data stays
	rm -rf $(VENV) frontend/node_modules frontend/dist staticfiles htmlcov .coverage .coverage.* \
	  .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Patchbay needs Python 3.11 or newer")'
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || \
	  { echo "Python's venv module is missing (on Debian: apt-get install python3-venv)" >&2; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

$(UI_INSTALLED): frontend/package-lock.json $(INSTALLED)
	tools/npm.sh ci --no-audit --no-fund --loglevel=error
	@touch $@

$(UI_BUILT): $(UI_INSTALLED) $(UI_SOURCES)
	tools/npm.sh run build
	@touch $@
