# Soramichi: start here. `make demo` on a bare machine shows flying cars on a map.
# Needs only python3 (3.11 or newer, with venv), make and git. Nothing is installed outside .venv.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
WEB    := maps/web

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench faults fuzz format lock clean

help:
	@echo "make demo    the whole platform with three flights over Mie (ARGS=\"--port 0 --duration 60\")"
	@echo "make test    every test, on a real database, broker and browser"
	@echo "make check   format, lint, types"
	@echo "make bench   the benchmarks, with a table at the end"
	@echo "make faults  the long fault plan"
	@echo "make fuzz    ten million inputs nobody would send (ARGS=\"--inputs 100000\")"
	@echo "make setup   only the set-up that the others do first"
	@echo "make format  let the formatter rewrite; make lock: pin the dependencies anew"

setup: $(STAMP)

$(STAMP): requirements-dev.lock pyproject.toml $(WEB)/package-lock.json
	@echo "[1/4] virtual environment in $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; set PYTHON=python3.x"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "python3-venv is missing: apt-get install python3-venv"; exit 2; }
	@echo "[2/4] locked dependencies (the first time this takes a minute)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@echo "[3/4] the soramichi command"
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@echo "[4/4] browser libraries"
	@$(BIN)/npm --prefix $(WEB) ci --ignore-scripts --no-audit --no-fund --loglevel error >/dev/null
	@touch $@

demo: setup
	@$(BIN)/soramichi demo $(ARGS)

# All of them take a worker for each core; each file stays with one, for it shares its servers.
test: setup
	$(BIN)/pytest $(or $(ARGS),--numprocesses auto --dist loadfile --no-loadscope-reorder)

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup
	$(BIN)/soramichi bench all $(ARGS)

faults: setup
	$(BIN)/python -m tests.faults $(ARGS)

# Not part of the set-up: 35 MB, and only for CPython on Linux on x86-64.
fuzz: setup
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-fuzz.lock
	$(BIN)/python -m tests.fuzz $(ARGS)

# uv writes one lock for every supported Python and platform; it is only needed here.
lock:
	$(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet uv
	build/lock/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	  --no-annotate --python-version 3.11 pyproject.toml -o requirements.lock
	build/lock/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	  --no-annotate --python-version 3.11 --extra dev pyproject.toml -o requirements-dev.lock
	build/lock/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	  --no-annotate --python-version 3.11 --group fuzz -o requirements-fuzz.lock

clean:
	rm -rf $(VENV) build $(WEB)/node_modules *.egg-info
