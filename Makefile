# Everything a developer runs. Only Python 3.11+, git and make are needed; the rest is installed into .venv.
PYTHON ?= python3
PORT ?= 8000
# Twice as many processes as cores: tests wait for sockets and processes much of their time.
JOBS ?= $(shell $(PYTHON) -c 'import os; print(2 * (os.cpu_count() or 1))')
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test soak lint bench bench-report graphiql clean

help: ## Show this help
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=python3.12 or the like"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[demo]'
	@touch $@

$(VENV)/.installed-dev: $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt $$($(BIN)/python tools/dev_requirements.py)
	@touch $@

graphiql: $(STAMP) ## Build GraphiQL's assets from npm, where node is present
	@$(BIN)/python -m bff.http.graphiql.build --quiet

demo: $(STAMP) graphiql ## Start the shop: six upstreams and the gateway
	@$(BIN)/bff demo --port $(PORT)

test: $(VENV)/.installed-dev graphiql ## Run every test, in parallel; JOBS=2 for two processes
	@$(BIN)/python -m pytest -m 'not serial' --numprocesses $(JOBS) --dist worksteal
	@$(BIN)/python -m pytest -m serial $$(grep -rl --include='test_*.py' 'mark\.serial' tests)

soak: $(VENV)/.installed-dev graphiql ## Run the long tests with their full counts and fresh seeds
	@BFF_SOAK=1 $(BIN)/python -m pytest -o timeout=1800 -m 'soak and not serial' --numprocesses $(JOBS) --dist worksteal

lint: $(VENV)/.installed-dev ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(VENV)/.installed-dev ## Measure CPU per query beside other gateways, about four minutes
	@$(BIN)/python -m benchmarks --quick

bench-report: $(VENV)/.installed-dev ## Measure for longer and write docs/benchmarks.md
	@$(BIN)/python -m benchmarks --minutes 10 --report

clean: ## Remove what was installed and built
	rm -rf $(VENV) dist build bff/http/graphiql/assets
