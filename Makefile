.DEFAULT_GOAL := help
.PHONY: help setup run run-demo soak test test-all cover suite check fmt openapi docs screenshot migrate migration contract release bench bench-smoke
.PHONY: attacks lock
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEVELOPMENT := $(VENV)/.development
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
UV := $(if $(shell command -v uv),uv,$(PYTHON) -m uv)
# Tests are compiled once, not in each of their processes; what they make has nothing of this make's jobs.
PYTEST := MAKEFLAGS= MFLAGS= PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --numprocesses=auto --dist=worksteal
# To check types takes a minute on one core, and to load the tests is the work of one at first.
BESIDE := $(MAKE) --no-print-directory --jobs=2 --keep-going
COMPILE := $(UV) pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-strip-extras --no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(RUNTIME): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes --requirement requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

$(DEVELOPMENT): $(RUNTIME) requirements-dev.lock
	$(PIP) --require-hashes --requirement requirements-dev.lock
	touch $@

setup: $(DEVELOPMENT) ## Build .venv with everything that development needs

run: $(RUNTIME) ## Start the register with Dresden's agreement on http://127.0.0.1:8000
	$(BIN)/register migrate
	$(BIN)/register seed
	$(BIN)/register keys init
	$(BIN)/register log init
	$(BIN)/register serve

run-demo: $(RUNTIME) ## Start a sandbox with an invented year in it, in a folder of its own: demo
	mkdir -p demo
	test -f demo/.env || $(PYTHON) -c 'import secrets; print("REGISTER_WEBHOOK_ALLOW=127.0.0.0/8\nREGISTER_WEBHOOK_KEY=" + secrets.token_hex(32))' >demo/.env
	cd demo && ../$(BIN)/register migrate
	cd demo && ../$(BIN)/register seed
	cd demo && ../$(BIN)/register demo
	cd demo && ../$(BIN)/register keys init
	cd demo && ../$(BIN)/register serve

test: $(DEVELOPMENT) ## Run all checks and the tests that every change should pass, on SQLite and on PostgreSQL
	$(BESIDE) check suite WITH='-m "not thorough"'

test-all: $(DEVELOPMENT) ## Run all checks and all tests, the thorough ones, too
	$(BESIDE) check suite

cover: $(DEVELOPMENT) ## Run the same, and measure what the tests reach: 95 % of lines and branches at least
	$(BESIDE) check suite WITH=--cov

suite: $(DEVELOPMENT)
	$(PYTEST) $(WITH)

soak: $(DEVELOPMENT) ## Kill the server 200 times during writes, make up requests and histories, try all on each database
	REGISTER_SOAK_ROUNDS=200 $(BIN)/pytest tests/faults tests/changes tests/evidence tests/involvement tests/contract/test_properties.py
	REGISTER_SOAK_ROUNDS=1 $(PYTEST) -m databases --ignore tests/faults --ignore tests/contract/test_properties.py
	for mode in session transaction; do \
	  REGISTER_TEST_POOLER=$$mode $(PYTEST) tests/resources tests/consultation_events -k postgresql || exit 1; \
	done

check: $(DEVELOPMENT) ## Check style, types and layers
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile

fmt: $(DEVELOPMENT) ## Format the code and mend what can be mended
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

openapi: $(RUNTIME) ## Write the contract to openapi/openapi.json
	$(BIN)/register openapi openapi/openapi.json

docs: $(DEVELOPMENT) openapi ## Write what the docs say about the code: tables, diagram, rights
	$(BIN)/python -m docs.generate
	$(BIN)/python -m tests.access.matrix

contract: $(DEVELOPMENT) ## Judge the contract: by the one of the last release, and by Spectral, OWASP, Redocly, where node is there
	$(BIN)/python -m tests.contract.breaking openapi/released.json openapi/openapi.json
ifeq ($(shell command -v npm),)
	@echo "npm is not here: linters did not judge the contract"
else
	test openapi/node_modules/.package-lock.json -nt openapi/package-lock.json || npm ci --prefix openapi
	# Who answers for it is what each installation says: the rules judge a contract in which somebody did.
	REGISTER_OPERATOR=Musterstadt REGISTER_CONTACT_EMAIL=register@stadt.example \
	REGISTER_CONTACT_URL=https://stadt.example REGISTER_TERMS_URL=https://stadt.example/terms \
	REGISTER_PUBLIC_URL=https://register.stadt.example $(BIN)/register openapi openapi/node_modules/installed.json
	npm run --prefix openapi --silent judge
	REGISTER_NODE=1 $(BIN)/pytest --quiet tests/contract/test_typescript_clients.py
endif

release: contract ## Keep the contract as that of the last release, whose clients no later one may break
	cp openapi/openapi.json openapi/released.json

screenshot: $(DEVELOPMENT) ## Draw the page that the README shows; needs Chromium
	$(BIN)/python -m tests.site.screenshot docs/overview.png

migrate: $(RUNTIME) ## Bring the database to the newest schema
	$(BIN)/register migrate

migration: $(RUNTIME) ## Write the next migration: make migration m="postal address of partners"
	@test -n "$$m" || { echo 'Say what the migration is for: make migration m="postal address of partners"' >&2; exit 1; }
	$(BIN)/python -m migrations "$$m"

bench: $(DEVELOPMENT) ## Measure reads and writes, on SQLite and on PostgreSQL, beside a bare driver and who else is installed
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.writes
	$(BIN)/python -m benchmarks.peers

bench-smoke: $(DEVELOPMENT) ## See that the measurements run: a second for each kind of request, without a bound
	$(BIN)/python -m benchmarks.peers --smoke

attacks: $(DEVELOPMENT) ## Measure what one client can do to the others, on SQLite and on PostgreSQL
	$(BIN)/python -m benchmarks.attacks

lock: ## Renew the lock files with uv; raise versions with `make lock RAISE=--upgrade`
	$(COMPILE) $(RAISE) --group dev --output-file requirements-dev.lock
	$(COMPILE) $(RAISE) --group build --constraints requirements-dev.lock --output-file requirements.lock
