# Trunkline. `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PYTEST := $(BIN)/python -m pytest
# Tests mostly wait (for containers, clocks and syncs), so there are more workers than two cores; a file's tests stay together.
WORKERS ?= 3
PARALLEL := -n $(WORKERS) --dist loadfile

.PHONY: help setup machine venv check lint types imports size test unit demo up e2e faults bench reference clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: machine venv ## install what is missing: Docker Engine, HAProxy, base images, the virtual environment

machine:
	@scripts/setup-machine
	@scripts/start-docker
	@scripts/base-images
	@scripts/function-images

venv: $(VENV)/.made

$(VENV)/.made: pyproject.toml scripts/setup-cdk
	@command -v python3.11 >/dev/null || python3 -c 'import venv, ensurepip' 2>/dev/null || scripts/setup-machine
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[cdk,dev]'
	@scripts/setup-cdk
	@$(BIN)/python -m compileall -q src # where Python is told to write no bytecode, every start would compile it anew
	@touch $@

check: venv lint types imports size ## ruff, mypy strict, import contracts, file sizes

lint:
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .

types:
	@$(BIN)/mypy

imports:
	@PYTHONPATH=src $(BIN)/lint-imports --no-cache >/tmp/trunkline-imports.$$$$ || { cat /tmp/trunkline-imports.$$$$; rm -f /tmp/trunkline-imports.$$$$; exit 1; }; rm -f /tmp/trunkline-imports.$$$$

size:
	@scripts/size-gate

# A test that fails is tried once more, and told as a rerun: some wait for clocks and containers of a machine that may be
# busy with something else. Two failures in a row are a failure.
test: setup check ## everything: checks and all tests
	@$(PYTEST) tests -m 'not slow' $(PARALLEL) --reruns 1 --durations=15

unit: venv ## the tests that need neither Docker nor HAProxy
	@$(PYTEST) tests -m 'not slow and not docker and not haproxy'

demo: setup ## the main job, from git push to blue/green production and back (KEEP=1 leaves it running)
	@$(BIN)/trunkline demo

up: setup ## start a server in the foreground
	@$(BIN)/trunkline up

e2e: setup ## the end-to-end tests alone
	@$(PYTEST) tests/e2e tests/wire -m 'not slow'

faults: setup ## SIGKILL at every durable commit, and 10,000 acknowledged writes (minutes)
	@$(BIN)/python -m tests.faults

bench: setup ## benchmarks against MiniStack and moto, in one run
	@$(BIN)/python benchmarks/run.py

reference: venv ## write docs/reference from the code
	@$(BIN)/python scripts/reference

clean: ## delete what tools left behind (not the data of servers)
	@rm -rf .mypy_cache .ruff_cache .hypothesis dist
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
