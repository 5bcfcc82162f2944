# Needs Python 3.11 and make. `make` alone lists the targets; each does the set-up that it needs.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup environment run test bench clauses faults model mutation lint lock

PYTHON ?= python3.11
BIN := .venv/bin
# Compiled code is kept, whatever the machine's habit is: else each of many processes compiles everything for itself.
unexport PYTHONDONTWRITEBYTECODE
# The environment is good if it was made in this folder from these two files: no dates, which a clone or a copy does not keep.
WANTED := $(shell cat requirements.lock pyproject.toml | cksum) $(CURDIR)

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup:  ## make .venv with the command fenyong in it, from requirements.lock with hashes
	@if [ "$$(cat .venv/made-from 2>/dev/null)" != "$(WANTED)" ]; then $(MAKE) --no-print-directory environment; fi

environment:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null \
	  || { echo "Fenyong needs Python 3.11; say which one it is: make setup PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up .venv (once; about a minute)"
	@[ -x $(BIN)/python ] && [ "$$($(BIN)/python -c 'import sys; print(sys.prefix)')" = "$(CURDIR)/.venv" ] || $(PYTHON) -m venv --clear .venv
	@awk '/^[^ #]/ { uv = /^uv==/ } uv' requirements.lock > .venv/uv.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r .venv/uv.lock
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --reinstall-package fenyong -e .
	@echo "$(WANTED)" > .venv/made-from

run: setup  ## start everything on this machine, with a demo; Ctrl-C stops it
	@$(BIN)/fenyong up

test: setup  ## run all tests, on servers that they start themselves
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -q -m "not fault and not bench"

bench: setup  ## measure the log against its yardsticks, interleaved
	@$(BIN)/python -m tests.bench

clauses: setup  ## without each clause its tests, and no others, fail
	@FENYONG_CLAUSES=all $(BIN)/python -m pytest -q tests/test_clauses.py

faults: setup  ## the full matrix of kills and wipes over the cases
	@export FENYONG_SEED=$${FENYONG_SEED:-$$RANDOM}; echo "The same again: FENYONG_SEED=$$FENYONG_SEED make faults"; \
	  $(BIN)/python -m pytest -q -m fault --durations=0

model: setup  ## compare the split with a naive model of both packs, on 100,000 invented deals
	@$(BIN)/python -m tests.model

mutation: setup  ## change the code of the split in every small way, and see whether a test minds
	@$(BIN)/python -m tests.model.mutate

lint: setup  ## ruff and mypy --strict
	@$(BIN)/ruff check .
	@$(BIN)/mypy

lock: setup  ## write requirements.lock anew from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --group dev --group setup --python-version 3.11 --universal --generate-hashes --no-header --quiet -o requirements.lock
