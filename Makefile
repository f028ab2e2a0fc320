# `make setup`, `make demo`, `make test`: all that a newcomer needs is Python 3.11 or newer, git and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv

.PHONY: help setup train evm demo browser test lint requirements clean

help:  ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(VENV)/installed  ## install into .venv, so that .venv/bin/arrears works

$(UV): requirements-uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "arrears needs Python 3.11 or newer; name one with: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "no virtual environment could be made; on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt
	@touch $(UV)

$(VENV)/installed: $(UV) requirements.txt pyproject.toml
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q src
	@touch $@

train: $(VENV)/installed-train  ## install what fitting models needs; scoring does without

$(VENV)/installed-train: $(VENV)/installed requirements-train.txt
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-train.txt
	@touch $@

evm: $(VENV)/installed-evm  ## install what anchoring the record in an EVM contract needs; the record does without

$(VENV)/installed-evm: $(VENV)/installed requirements-evm.txt
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-evm.txt
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed-train $(VENV)/installed-evm requirements-dev.txt
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV)/outside/python/installed: $(VENV)/installed tests/record/outside/requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --ignore-requires-python --upgrade --target $(VENV)/outside/python -r tests/record/outside/requirements.txt
	@touch $@

$(VENV)/outside/installed: $(VENV)/outside/python/installed tests/record/outside/package.json tests/record/outside/package-lock.json
	@mkdir -p $(VENV)/outside && cp tests/record/outside/package.json tests/record/outside/package-lock.json $(VENV)/outside
	@if command -v npm >/dev/null; then npm ci --prefix $(VENV)/outside --ignore-scripts --no-audit --no-fund --silent && touch $@; fi

LOANS ?= 440000
demo: setup  ## a book with 20,000 open cases, its nights and report, a desk with accounts and weeks of work, and the record of it all, verified; LOANS=20000 for a small one
	$(BIN)/arrears demo --out demo/flash_loans --home demo/home --loans $(LOANS)

browser:  ## bring the browser that the tests of the desk need, where apt-get may
	@sh tests/browser/bring.sh

test: $(VENV)/installed-dev $(VENV)/outside/installed browser lint  ## do all set-up and run all tests
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/installed-dev  ## style and import contracts
	$(BIN)/ruff check .
	$(BIN)/lint-imports --config pyproject.toml

requirements: $(UV)  ## compile the pinned requirements anew from the .in files
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 requirements.in -o requirements.txt
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 requirements-dev.in -o requirements-dev.txt
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 requirements-train.in -o requirements-train.txt
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 requirements-evm.in -o requirements-evm.txt
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 requirements-uv.in -o requirements-uv.txt
	$(UV) pip compile --quiet --no-deps --generate-hashes --no-header --no-emit-index-url --python-version 3.12 tests/record/outside/requirements.in -o tests/record/outside/requirements.txt
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 benchmarks/requirements.in -o benchmarks/requirements.txt
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 benchmarks/requirements-pymerkle.in -o benchmarks/requirements-pymerkle.txt

clean:  ## remove what was made
	rm -rf $(VENV) demo build dist .pytest_cache .ruff_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
