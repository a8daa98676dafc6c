# Python 3.11 or newer with venv is all that is needed: everything else goes into .venv, from hashed locks.
PYTHON ?= python3
UV ?= uv
ARGS ?=

BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCKED := $(PIP_INSTALL) --require-hashes --only-binary :all:
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header

.DEFAULT_GOAL := help
.PHONY: help run test coverage check format docs lock clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

run: .venv/project ## Serve on 127.0.0.1:8000 with a SQLite file; ARGS="--port 9000"
	$(BIN)/todo-api serve $(ARGS)

test: .venv/dev ## Run the tests on SQLite and on PostgreSQL; ARGS="--database sqlite tests/domain"
	$(BIN)/python scripts/test.py $(ARGS)

coverage: .venv/dev ## Run the tests and print what they do not reach
	$(BIN)/coverage erase
	$(BIN)/coverage run scripts/test.py $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

check: .venv/dev ## Lint, formatting, types, import contracts, dependencies
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry src

format: .venv/dev ## Format, and fix what can be fixed
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

docs: .venv/dev ## Write the pages that follow from the code: settings, errors, openapi.json
	$(BIN)/python scripts/write_docs.py

lock: ## Pin the dependencies anew (needs uv); ARGS="--upgrade" takes newer releases
	$(COMPILE) $(ARGS) pyproject.toml --output-file requirements/run.lock
	$(COMPILE) $(ARGS) --group build --output-file requirements/build.lock
	$(COMPILE) $(ARGS) pyproject.toml --group dev --constraint requirements/run.lock --constraint requirements/build.lock \
		--output-file requirements/dev.lock

clean: ## Remove what was made: the environment, caches, builds
	rm -rf .venv dist .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src tests alembic scripts -name __pycache__ -type d -prune -exec rm -rf {} +

# One environment, filled in steps, so that the first `make run` does not wait for the development tools.
.venv/run: requirements/run.lock requirements/build.lock
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.13")'
	$(PYTHON) -m venv --clear .venv
	$(LOCKED) --requirement requirements/run.lock --requirement requirements/build.lock
	@touch $@

.venv/project: .venv/run pyproject.toml
	$(PIP_INSTALL) --no-deps --no-build-isolation --no-index --editable .
	@touch $@

.venv/dev: .venv/run requirements/dev.lock | .venv/project
	$(LOCKED) --requirement requirements/dev.lock
	@touch $@
