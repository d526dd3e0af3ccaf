# Every target sets up what it needs: a virtual environment in .venv and the
# pinned requirements. `make PYTHON=/path/to/python3.11 ...` picks another
# interpreter than the first suitable one on the PATH.

SHELL := bash
PYTHON ?=
BACKENDS := tensorflow jax torch
VENV := .venv
BIN := $(VENV)/bin
CANDIDATES := $(if $(PYTHON),$(PYTHON),python3.11 python3.12 python3.13 python3)
LONG := not long
EMPTY := 0
WORKERS := 2

.DEFAULT_GOAL := help
.PHONY: help quickstart test test-long lint format bench clean
.DELETE_ON_ERROR:

help:
	@echo 'make quickstart  train, evaluate and export a GAN on real images'
	@echo 'make test        lint, then the tests on $(BACKENDS)'
	@echo 'make test-long   the tests that take minutes, on each backend'
	@echo 'make lint        check style and formatting'
	@echo 'make format      apply formatting and safe style corrections'
	@echo 'make bench       measure speed; writes benchmarks/RESULTS.md'
	@echo 'make clean       remove caches and build products'

$(BIN)/python:
	@for python in $(CANDIDATES); do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	      2>/dev/null; then \
	    echo "Creating $(VENV) with $$($$python --version)."; \
	    exec "$$python" -m venv $(VENV); \
	  fi; \
	done; \
	echo 'Python 3.11 or newer is needed; tried: $(CANDIDATES).' \
	  'Name one with make PYTHON=/path/to/python3.11.' >&2; \
	exit 1

$(VENV)/.requirements: requirements.txt | $(BIN)/python
	@echo 'Installing requirements.txt: some minutes the first time.'
	@$(BIN)/python -m pip install --quiet -r requirements.txt
	@touch $@

$(VENV)/.requirements-test: requirements-test.txt requirements.txt \
		| $(BIN)/python
	@echo 'Installing requirements-test.txt: some minutes the first time.'
	@$(BIN)/python -m pip install --quiet -r requirements-test.txt
	@touch $@ $(VENV)/.requirements

quickstart: $(VENV)/.requirements
	$(BIN)/python -m recipes.quickstart

lint: $(VENV)/.requirements-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.requirements-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Two processes share the files of tests, each with one thread: most of the
# time goes into tracing and compiling, which use one. All backends run even if
# one fails; the last lines are pytest's own summaries, one a backend.
test: export OMP_NUM_THREADS := 1
test: export TF_NUM_INTRAOP_THREADS := 1
test: lint
	@set -o pipefail; mkdir -p build; status=0; \
	for backend in $(BACKENDS); do \
	  echo "Testing on $$backend."; \
	  KERAS_BACKEND=$$backend $(BIN)/python -m pytest -m '$(LONG)' \
	    -n $(WORKERS) --dist loadfile 2>&1 \
	    | tee build/test-$$backend.log || code=$$?; \
	  test "$${code:-0}" -eq 0 -o "$${code:-0}" = '$(EMPTY)' || status=1; \
	  unset code; \
	done; \
	echo 'Summaries, in the order $(BACKENDS):'; \
	for backend in $(BACKENDS); do \
	  tail -n 1 build/test-$$backend.log; \
	done; \
	exit $$status

# Pytest's status 5: there is no such test for this backend.
test-long: EMPTY := 5
test-long: LONG := long
test-long: test

bench: $(VENV)/.requirements-test
	$(BIN)/python -m benchmarks.report

clean:
	rm -rf build dist *.egg-info .pytest_cache .ruff_cache
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -print0 \
	  | xargs -0 rm -rf
