# `make help` lists what there is. Everything happens in .venv; nothing is installed outside this folder.

PYTHON ?= python3
BIN    := .venv/bin
PIP    := $(BIN)/python -m pip --quiet --disable-pip-version-check
# What exists of the typed folders: mypy refuses a folder that is not there.
TYPED  := $(wildcard runtime infra tests tools)
# Each example is checked from its own root, as its handlers are imported, and they may go without annotations.
NETWORKS := $(patsubst %/blossm.yaml,%,$(wildcard examples/*/blossm.yaml))
LENIENT  := --allow-untyped-defs --allow-incomplete-defs --allow-untyped-calls --allow-any-generics

# The client that the tests of docs/wire.md use, and the oldest pulumi CLI that will do. Everything else does without Go.
GRPCURL := v1.9.3
LEAST_PULUMI := 3.231.0

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test soak check bench peers proto tools lock clean

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

setup: .venv/stamp ## make .venv from requirements.lock, and the project editable in it

# The stamp is newer than both files as long as they have not changed since the last good install.
.venv/stamp: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "blossm needs Python 3.11 or newer, and '$(PYTHON)' is not; try: make setup PYTHON=python3.12" >&2; exit 2; }
	@echo "installing into .venv (a minute or two the first time)" >&2
	@$(PYTHON) -m venv .venv
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

run: setup ## run the example network on this machine
	@$(BIN)/blossm dev examples/bicycle_city

check: setup ## the checks that run nothing: style, layers, types
	@$(BIN)/ruff check --quiet .
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/mypy $(TYPED)
	@set -e; for network in $(NETWORKS); do ( cd $$network && $(CURDIR)/$(BIN)/mypy --config-file $(CURDIR)/pyproject.toml $(LENIENT) . ); done

# pytest comes last: its closing line is the verdict. What was skipped is told with its reason.
# Tests start hundreds of processes: what these import is compiled before, also where the environment forbids them to keep it.
test: check ## every check, then the tests
	@$(BIN)/python -m compileall -q runtime infra
	@$(BIN)/python -m pytest -n auto --dist worksteal -rs

# `make bench ONLY="log mongodb"` runs those; without ONLY, all.
BENCHES := $(if $(ONLY),$(ONLY:%=benchmarks/bench_%.py),$(sort $(wildcard benchmarks/bench_*.py)))

# 100,000 schedules of a failing replica set; each line says which seeds. It ends within an hour, and tells what it left out.
soak: setup ## the tests that take long, and no others
	@$(BIN)/python -m pytest -n auto -v -rs -m soak

bench: setup ## run every benchmarks/bench_*.py, or some: make bench ONLY="log wire"
	@set -e; for bench in $(BENCHES); do echo "== $$bench"; $(BIN)/python "$$bench"; done

peers: .tools/peers/stamp ## install what the log is measured beside, into an environment of its own

.tools/peers/stamp: benchmarks/requirements.txt
	@$(PYTHON) -m venv .tools/peers
	@.tools/peers/bin/python -m pip --quiet --disable-pip-version-check install --requirement benchmarks/requirements.txt
	@touch $@

# The version of protoc is that of grpcio-tools in the lock. tests/rpc fails where this was forgotten.
proto: setup ## remake runtime/blossm/rpc/v1 from protos/
	@$(BIN)/buf lint protos
	@$(BIN)/python -m grpc_tools.protoc -Iprotos --python_out=runtime --pyi_out=runtime protos/blossm/rpc/v1/*.proto

tools: .tools/grpcurl-$(GRPCURL) ## build grpcurl and pulumi into .tools (needs Go 1.21 or newer); tests use them where they are
	@tools/pulumi/build $(LEAST_PULUMI)

# An empty file whose name has the version: what is built once is not built again. The Go that is there is used, no other is fetched.
.tools/grpcurl-$(GRPCURL):
	@command -v go >/dev/null || { echo "make tools needs Go 1.21 or newer: https://go.dev, or your system's package golang" >&2; exit 2; }
	@echo "building grpcurl $(GRPCURL) into .tools (a minute or so)" >&2
	@mkdir -p .tools
	@GOBIN=$(CURDIR)/.tools GOFLAGS=-mod=mod GOTOOLCHAIN=local go install -ldflags "-X main.version=$(GRPCURL)" \
		github.com/fullstorydev/grpcurl/cmd/grpcurl@$(GRPCURL)
	@touch $@

# Needs uv, which the lock itself installs. No registry's address and no path gets into the file.
# The versions that are locked stay unless pyproject.toml rules them out; `make lock UPGRADE=--upgrade` takes the newest.
lock: ## remake requirements.lock from pyproject.toml
	@test -x $(BIN)/uv || { $(PYTHON) -m venv .venv && $(PIP) install uv; }
	@$(BIN)/uv pip compile pyproject.toml --quiet --all-extras --group dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		$(UPGRADE) --output-file requirements.lock

clean: ## remove .venv, .tools, caches and builds
	rm -rf .venv .tools dist .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name .git -prune -o -name __pycache__ -type d -exec rm -rf {} +
