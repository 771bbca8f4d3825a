# `make run` and `make test` build what they need; `make help` lists the rest.

.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:

CANDIDATES := python3.13 python3.12 python3.11 python3 python
USABLE := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PYTHON ?= $(shell for name in $(CANDIDATES); do \
  if "$$name" -c '$(USABLE)' >/dev/null 2>&1; then echo "$$name"; break; fi; done)

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= 2
EXPENSIVE := gx or airflow or e2e or realdata or slow
PYTEST := $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --benchmark-disable

.PHONY: help run airflow test lint format bench lock audit sbom clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: $(READY) ## Score the bundled sample through the Airflow DAGs and print what moved and why
	@$(BIN)/python dags

airflow: $(READY) ## Start Airflow's scheduler and web interface on 127.0.0.1 for these DAGs
	@$(BIN)/python dags/serve.py

test: $(READY) ## Run every test: the fast ones first, then those that start Airflow and Great Expectations
	@$(PYTEST) -m "not ($(EXPENSIVE))"
	@$(PYTEST) -m "$(EXPENSIVE)"

lint: $(READY) ## Check style, types and SQL
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint --disable-progress-bar warehouse

format: $(READY) ## Put the code into the agreed format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(READY) ## Measure scoring and write the table of README; OPTIONS='--suppliers 20000 --large'
	@PYTHONPATH=. $(BIN)/python -W ignore tests/benchmarks $(OPTIONS)

bench-readers: $(READY) ## Run the benchmarks of readers and workbooks
	@$(BIN)/python -m pytest -q -o python_files='bench_*.py' tests/benchmarks

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --custom-compile-command "make lock" pyproject.toml

lock: $(READY) ## Resolve the dependencies of pyproject.toml anew and pin them with hashes
	@$(COMPILE) --upgrade --group dev --output-file requirements.lock
	@$(COMPILE) --upgrade --extra server --constraint requirements.lock --no-annotate \
	  --output-file requirements-server.lock

audit: $(READY) ## Ask the package index for known vulnerabilities of the pinned packages
	@$(BIN)/uv tool run --from pip-audit==2.10.1 pip-audit --disable-pip --require-hashes \
	  -r requirements.lock -r requirements-server.lock

sbom: $(READY) ## Write dist/sbom.json, the bill of materials of what the server runs (CycloneDX)
	@mkdir -p dist
	@$(BIN)/uv tool run --from cyclonedx-bom==7.5.0 cyclonedx-py requirements requirements-server.lock \
	  --pyproject pyproject.toml --output-reproducible --of JSON -o dist/sbom.json

clean: ## Remove the environment, the caches and everything that a run has written
	rm -rf $(VENV) data build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# uv takes seconds where pip takes minutes; where uv cannot reach the index that pip is set up
# for, pip installs the same hashes.
$(READY): requirements.lock
	@test -n "$(PYTHON)" || { echo "Sector Risk needs Python 3.11, 3.12 or 3.13 with venv: install one, or name it by PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Building the environment in $(VENV) ($(PYTHON), some minutes with a cold package cache) ..."
	@rm -rf $(VENV)
	@"$(PYTHON)" -m venv $(VENV)
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.lock
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync --quiet --require-hashes requirements.lock \
	  || $(BIN)/pip install --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
