# Everything sets itself up: a machine with Python >= 3.11 and make is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: install demo test check docs rivals bench clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints/constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "incentax needs Python >= 3.11, this is " + sys.version.split()[0] + "; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints/constraints.txt -e '.[dev]'
	touch $@

demo: install
	$(BIN)/incentax design a1 --out runs/a1

test: install
	$(BIN)/python -m pytest -n auto --dist worksteal

check: install
	$(BIN)/ruff format --check src tests benchmarks examples
	$(BIN)/ruff check src tests benchmarks examples
	$(BIN)/lint-imports
	$(BIN)/pyright

docs: install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints/constraints.txt -e '.[docs]'
	$(BIN)/mkdocs build --strict

# The libraries that benchmarks race want older packages than ours: they live apart.
rivals: .venv-rivals/.installed

.venv-rivals/.installed: pyproject.toml
	$(PYTHON) -m venv .venv-rivals
	.venv-rivals/bin/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	touch $@

bench: install rivals
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .venv-rivals site build dist
