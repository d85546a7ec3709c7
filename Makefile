# `make demo` and `make test` set up all they need themselves.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt
OUT    ?= demo-output
# two at a time: most tests wait for devices, files or processes; a file's tests share fixtures
WORKERS ?= -n 2 --dist loadfile

.PHONY: demo test test-all soak reliability check models assets clean help

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

demo: $(VENV)/.station ## inspect the demo footage: in the window; without a display, progress, summary, video, record
	@scripts/demo.sh $(BIN) $(OUT) $(ARGS)

test: $(VENV)/.dev ## style, types, layers and the tests (five minutes on two quiet cores)
	@$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest $(WORKERS)

test-all: $(VENV)/.dev ## the same with the slow tests
	@$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest $(WORKERS) -m "slow or not slow"

soak: $(VENV)/.dev ## ten million frames, two hours at 1080p60, two with the window: is everything flat?
	$(BIN)/python -m tests.faults.soak --frames 10000000
	$(BIN)/python -m tests.faults.soak --minutes 120 --fps 60 --size 1920x1080
	$(BIN)/python -m tests.faults.soak_window --minutes 120

reliability: $(VENV)/.dev ## break the station on purpose and write the table of docs/reliability.md
	$(BIN)/python -m tests.faults.report $(ARGS)

check: $(VENV)/.dev ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

models: $(VENV)/.dev ## train the bundled demo models again from the simulator
	scripts/make_models.sh $(BIN)

assets: $(VENV)/.station ## render the demo footage again
	scripts/make_assets.sh $(BIN)

clean: ## forget the virtual environment and all output
	rm -rf $(VENV) $(OUT) .pytest_cache .mypy_cache .ruff_cache .hypothesis

# the station alone: no torch
$(VENV)/.station: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "no virtual environment can be made: on Debian, apt-get install python3-venv" >&2; exit 1; }
	@echo "setting up the station in $(VENV) (once, some minutes)"
	@$(PIP) -e .
	@scripts/system_libraries.sh station $(BIN)
	@touch $@

# everything for the tests: training and its torch too
$(VENV)/.dev: $(VENV)/.station pyproject.toml constraints.txt
	@echo "setting up training and tests in $(VENV) (once, some minutes)"
	@scripts/install_torch.sh $(BIN)
	@$(PIP) -e '.[training,dev]'
	@scripts/system_libraries.sh test $(BIN)
	@touch $@
