# The one door. Each target is a line or two; anything longer is a Python module.
MAKEFLAGS += --warn-undefined-variables --no-print-directory
.DEFAULT_GOAL := help
# A distribution builds its Python with profiles and without a shared library: a quarter faster than what pyenv makes.
PYTHON ?= $(shell /usr/bin/python3 -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo /usr/bin/python3 || echo python3)
BIN := .venv/bin
CODE := chassis services standards clients tests bench tools deploy
WORKERS ?= 2

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

.venv/.ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet uv==0.13.9 && VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install --quiet --compile-bytecode --editable '.[dev]' \
		|| $(BIN)/pip install --quiet --editable '.[dev]'
	touch $@

setup: .venv/.ready ## Make .venv with everything that is needed

demo: setup ## Run one referral from submission to the third infusion, on real servers
	$(BIN)/halcyon demo

up: setup ## Run the platform here until Ctrl-C
	$(BIN)/halcyon up

images: setup ## Build the container images (BASE_IMAGE=... chooses what they stand on)
	deploy/images/build.sh

requirements: setup ## Pin what the image installs, with hashes, from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --output-file deploy/images/halcyon/requirements.txt

test-containers: setup ## Run the platform in containers and break it (needs a container engine)
	$(BIN)/pytest --durations 15 tests/containers

test: test-here test-containers ## Run every test

test-here: setup ## Run every test but those in containers
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup --durations 25 --ignore tests/containers

test-again: setup ## Run what failed last time, by itself
	$(BIN)/pytest --last-failed --last-failed-no-failures none

test-all: setup ## The perimeter in full: 10,000 inputs a method and a fact, every role, permission, tamper and canary
	HALCYON_FUZZ=10000 $(BIN)/pytest -n $(WORKERS) --dist loadgroup tests/hostile tests/audit tests/canary tests/partners

test-operations: setup ## The walk of the bookings in full: 10,000 random operations against a model
	HALCYON_OPERATIONS=10000 $(BIN)/pytest -q -s -n $(WORKERS) services/scheduling/tests/test_operations.py

check: setup fmt-check lint types imports protos map-check asyncapi-check fast ## Judge format, lint, types, architecture, contracts, rooms

fmt: setup ## Format the code and the contracts
	$(BIN)/ruff format $(CODE) && $(BIN)/ruff check --fix $(CODE) && $(BIN)/buf format -w proto

fmt-check: setup
	$(BIN)/ruff format --check $(CODE)

lint: setup
	$(BIN)/ruff check $(CODE) && $(BIN)/typos

types: setup
	$(BIN)/mypy $(CODE)

imports: setup
	$(BIN)/lint-imports

protos: setup
	$(BIN)/python -m tools.protos check && $(BIN)/python -m tools.protos fresh

proto: setup ## Generate gen/ from proto/
	$(BIN)/python -m tools.protos gen

map: setup ## Print who states and who hears each fact; write it into README.md
	$(BIN)/python -m tools.factmap write

map-check: setup
	$(BIN)/python -m tools.factmap check

asyncapi: setup ## Write docs/asyncapi.yaml from the contracts and the subscriptions
	$(BIN)/python -m tools.asyncapi write && $(BIN)/python -m tools.partnerapi write

asyncapi-check: setup
	$(BIN)/python -m tools.asyncapi check && $(BIN)/python -m tools.partnerapi check

fast: setup
	$(BIN)/pytest -q -n 2 tests/rooms tests/contracts tests/deploy/test_sizing.py -k "not slow" $(shell ls -d services/*/tests/test_domain.py)

bench: setup ## Measure the flow and the vital signs, each against its floor in one run
	$(BIN)/python -m bench.flow && $(BIN)/python -m bench.vitals

cpsat: setup ## Make .cpsat with the optional CP-SAT, in a venv of its own
	$(PYTHON) -m venv .cpsat && VIRTUAL_ENV=$(CURDIR)/.cpsat $(BIN)/uv pip install --quiet --group cpsat \
		|| { .cpsat/bin/pip install --quiet --upgrade 'pip>=25.1' && .cpsat/bin/pip install --quiet --group cpsat; }
	@echo 'export HALCYON_CPSAT_PYTHON=$(CURDIR)/.cpsat/bin/python'

run: setup ## Run one service: make run s=intake
	$(BIN)/python -m services.$(s)

migrate: setup ## Migrate one service's database: make migrate s=intake
	$(BIN)/python -m chassis.migrate $(s)

clean: ## Forget the environment and what was built
	rm -rf .venv .cpsat build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

s ?=
.PHONY: images requirements test-containers help setup demo up test test-here test-again test-all test-operations check fmt fmt-check lint types imports protos proto map map-check asyncapi asyncapi-check fast bench cpsat run migrate clean
