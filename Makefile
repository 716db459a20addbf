# The one place that says how Tocsin is set up, run, checked and built.
# uv is used where it is present; otherwise pip in a private environment.
ifneq ($(OS),Windows_NT)
BIN := .venv/bin
endif
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null)

.PHONY: run test fast check fix wheel clean

run: .venv/.ready-run          ## set up what is missing and run one whole cycle
	@$(BIN)/tocsin run; code=$$?; [ $$code -eq 3 ] && echo "done; some sources could not be reached (exit 3), named above" && exit 0; exit $$code

test: .venv/.ready-dev         ## set up what is missing and pass the tests
	$(BIN)/pytest -n 2 --dist loadfile

fast: .venv/.ready-dev         ## the tests that take less than three minutes together
	$(BIN)/pytest -n 2 --dist loadfile -m "not long"

check: .venv/.ready-dev        ## everything a commit must pass
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist loadfile

fix: .venv/.ready-dev          ## mend what a tool can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

wheel: .venv/.ready-dev        ## build, install into a fresh environment, run from another folder
	tests/packaging/wheel.sh

clean:
	rm -rf .venv dist var .mypy_cache .ruff_cache .pytest_cache

.venv/.ready-run: pyproject.toml
ifdef UV
	uv sync --quiet --no-dev
else
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet -e .
endif
	@touch $@

.venv/.ready-dev: pyproject.toml
ifdef UV
	uv sync --quiet --all-groups
else
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/pip install --quiet -e . --group dev
endif
	@touch $@ .venv/.ready-run
