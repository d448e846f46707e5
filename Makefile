# make demo   create the environment, build the shipped review's site, say where it is and what it finds
# make test   create the environment if need be, and run every check
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: demo test lint types floors pytest validation benchmarks clean

demo: $(VENV)/.installed
	@$(BIN)/evergrove demo

test: lint types floors pytest

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-test
	$(BIN)/mypy

floors: $(VENV)/.installed-test
	$(BIN)/lint-imports

pytest: $(VENV)/.installed-test
	$(BIN)/pytest -n auto

# Needs R with metafor and its companions: bash validation/install_r.sh
validation: $(VENV)/.installed-test
	bash validation/regenerate.sh
	$(BIN)/python validation/site_numbers.py

# The statistics are timed beside R (bash validation/install_r.sh); --without-r leaves R out.
benchmarks: $(VENV)/.installed-test
	$(BIN)/python benchmarks/build_site.py
	$(BIN)/python benchmarks/stats/run.py
	$(BIN)/python benchmarks/import/measure.py

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "evergrove needs Python 3.11 to 3.13; found " + sys.version.split()[0] + "; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml constraints.txt
	$(PIP) install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.created pyproject.toml constraints.txt
	$(PIP) install --quiet --constraint constraints.txt --editable '.[test]'
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
