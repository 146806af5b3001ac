# Everything sets itself up: only Python 3.11 or newer and make need be there (`make PYTHON=python3.13 test`).
PYTHON ?= python3
BIN := .venv/bin
# What is imported is compiled when it is first imported: half of the installation time is saved.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
UV_LOCK := $(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--extra chat --extra fulltext --extra mcp --extra otel --extra s3 --extra sftp --no-emit-index-url --custom-compile-command "make lock"

# Two processes, since the tests of real servers wait more than they compute. Each set of servers
# is started once, by the process that runs all of its tests (tests/conftest.py).
PYTEST := $(BIN)/python -m pytest -n $(or $(JOBS),2)
# The tests that neither start servers nor look into every package that is installed.
QUICK := tests $(foreach path,integration torture attacks test_supply.py,--ignore tests/$(path))

.PHONY: help settings notice release run quick test test-long lint lock audit sbom desk pictures evaluate \
	bench torture torture-cluster soak mutants
.DELETE_ON_ERROR:

help:
	@echo "make run       start everything on this machine and watch the demo feed"
	@echo "make quick     lint, types and the unit tests, about a minute"
	@echo "make test      lint, types and the tests (the real servers need Java 21+ and Maven)"
	@echo "make test-long the tests that take minutes each: benches, long torture"
	@echo "make desk      every page and flow in Chromium, on both engines; pictures in build/desk"
	@echo "make pictures  keep how every page looks now, for make desk to compare with"
	@echo "make lint      lint and types alone"
	@echo "make mutants   put bugs in, one at a time, and see that a test fails"
	@echo "make torture   break everything while stories come in, and compare (SEEDS=20 SEED=1)"
	@echo "make torture-cluster  the same on three brokers and three nodes, host by host (SEEDS=3)"
	@echo "make soak      restart everything in turn for long, and draw memory and files (MINUTES=30)"
	@echo "make evaluate  measure entities and places against what is known"
	@echo "make bench     measure speed, latency and scale on the real servers, half an hour"
	@echo "make settings  write docs/settings.md from config/settings.py"
	@echo "make notice    write the licences of what is installed into NOTICE"
	@echo "make sbom      what is installed, with hashes, as CycloneDX: build/newswire.cdx.json"
	@echo "make release   build, list and sign a release in dist/ (KEY=FILE, an SSH key)"
	@echo "make audit     ask for known weaknesses of what is installed"
	@echo "make lock      pin what pyproject.toml asks for, newest versions, with hashes"

run: .venv/runs
	@$(BIN)/python -m newswire run

quick: lint
	$(PYTEST) -m "not long" $(QUICK)

test: lint
	$(PYTEST) -m "not long"

# TEST_SECONDS: no test starts after so many seconds, and the summary says how many did not run.
test-long: .venv/tests
	$(PYTEST) -m long $(if $(TEST_SECONDS),--seconds $(TEST_SECONDS))

# Long and short: layout in four widths, pictures, axe-core, flows by keyboard.
desk: .venv/tests
	$(PYTEST) tests/integration/web --pictures

pictures: .venv/tests
	$(PYTEST) tests/integration/web/test_layout.py -k "embedded and in_order" --renew-pictures

lint: .venv/tests
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

mutants: .venv/tests
	$(BIN)/python -m tests.mutants

torture: .venv/tests
	$(BIN)/python -m tests.torture --seed $(or $(SEED),1) --seeds $(or $(SEEDS),20)

torture-cluster: .venv/tests
	$(BIN)/python -m tests.torture cluster --seed $(or $(SEED),1) --seeds $(or $(SEEDS),3)

soak: .venv/tests
	$(BIN)/python -m tests.torture soak --minutes $(or $(MINUTES),30)

settings: .venv/tests
	$(BIN)/python -m tools.settings > docs/settings.md

evaluate: .venv/tests
	$(BIN)/python -m tests.evaluation

notice: .venv/tests
	$(BIN)/python -m tools.notice > NOTICE

# make release KEY=~/.ssh/release: nothing is uploaded.
release: .venv/tests
	$(BIN)/python -m tools.release $(or $(KEY),$(error KEY=FILE names the SSH key that signs)) dist

bench: .venv/tests
	$(BIN)/python -m tests.bench

SBOM ?= build/newswire.cdx.json
sbom: .venv/tests
	@mkdir -p build
	$(BIN)/python -W ignore -m cyclonedx_py requirements --output-reproducible \
		--pyproject pyproject.toml --output-file $(SBOM) requirements.lock

audit: .venv/tests
	$(BIN)/python -m pip_audit --require-hashes --disable-pip --requirement requirements.lock

lock: .venv/python
	$(INSTALL) "uv>=0.9"
	$(UV_LOCK) --upgrade --group build -o requirements.lock pyproject.toml
	$(UV_LOCK) --upgrade --group build --group dev -c requirements.lock -o requirements-dev.lock pyproject.toml

# The environment grows in three steps, each marked by a file in it. An environment that is a
# link belongs to somebody else: it is used as it is.
ifeq ($(shell test -L .venv && echo linked),)

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "newswire needs Python 3.11 or newer: $$($(PYTHON) --version 2>&1) is too old. Try: make PYTHON=python3.13"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
		{ echo "$(PYTHON) comes without venv: install it (Debian: apt-get install python3-venv)."; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/runs: requirements.lock pyproject.toml | .venv/python
	@echo "Installing what newswire needs into .venv (once, about half a minute and the downloads) ..."
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/tests: requirements-dev.lock .venv/runs
	@echo "Installing what its tests need ..."
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

else

.PHONY: .venv/python .venv/runs .venv/tests

endif
