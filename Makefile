# Two commands do everything on a fresh machine with Python 3.11+: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test lint benchmarks docs words clean

demo: $(VENV)/installed
	$(BIN)/perequa solve ehpad-2004-rule
	$(BIN)/perequa verify results/ehpad-2004-rule

test: $(VENV)/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q

benchmarks: $(VENV)/installed-dev
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[benchmarks]"
	$(BIN)/python benchmarks/run.py

# the site of docs/, in build/site
docs: $(VENV)/installed-docs
	PYTHONPATH=. $(BIN)/python -m docsite

# sentences of the code into the catalogue, and the catalogue compiled (docs/languages.md)
words: $(VENV)/installed-dev
	mkdir -p build
	$(BIN)/pybabel extract --no-default-keywords --keyword=phrase --keyword=saying --keyword=plural:1,2 --keyword=term:1c,2 --no-location --sort-output --project=perequa --output-file=build/perequa.pot solver/perequa
	$(BIN)/pybabel update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width=100 --domain=perequa --locale=fr --input-file=build/perequa.pot --output-dir=solver/perequa/words/locale
	$(BIN)/pybabel compile --statistics --domain=perequa --locale=fr --directory=solver/perequa/words/locale

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

$(VENV)/installed-docs: $(VENV)/installed
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[docs]"
	touch $@

clean:
	rm -rf $(VENV) build results .mypy_cache .ruff_cache .pytest_cache .hypothesis
