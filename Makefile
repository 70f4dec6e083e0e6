# `make smoke` and `make test` are all a newcomer needs; both set up .venv and a browser first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup browser smoke test test-slow check bench golden lock clean

help:
	@echo "make smoke      run the embedded benchmark with the reference agent, print its result table"
	@echo "make test       run the tests (sets up .venv and a browser)"
	@echo "make test-slow  run the tests marked slow too"
	@echo "make check      lint, types, layers"
	@echo "make bench      timings, as ratios within one run"
	@echo "make golden     recorded behaviour of the official code against ours: equal / total"
	@echo "make lock       renew requirements/dev.lock from pyproject.toml (needs uv)"

$(VENV)/.installed: pyproject.toml requirements/dev.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@

setup: $(VENV)/.installed

browser: setup
	@$(BIN)/wa-run browser install

smoke: browser
	$(BIN)/wa-run --model oracle --tasks smoke --workers 2

test: browser
	$(BIN)/python -m pytest -n 2 --dist loadfile
	$(BIN)/python -m pytest -m whole_set

test-slow: browser
	$(BIN)/python -m pytest -m "not peer"

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py

# The recordings lie beside the checkout, as for the tests; GOLDENS=FOLDER names another place.
golden: browser
	$(BIN)/python bench/golden_table.py $(GOLDENS)

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --extra dev --no-header --no-strip-extras --quiet pyproject.toml -o requirements/dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
