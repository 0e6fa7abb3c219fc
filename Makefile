# `make run` and `make test` need python3 with pip, make and a package registry, and nothing else.
UV ?= .tools/bin/uv
PYTHON := .venv/bin/python
PYTEST := .venv/bin/pytest
export UV_PYTHON_DOWNLOADS ?= never
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: run test check soak bench lock clean

run: .venv/.synced  ## everything on http://127.0.0.1:8000, data in DATA_DIR (var/)
	@exec $(PYTHON) -m config.run

test: .venv/.synced  ## the whole suite on SQLite, then what reaches a database again on PostgreSQL
	TEST_DATABASE=sqlite $(PYTEST) -n auto
	TEST_DATABASE=postgresql $(PYTEST) -n auto

soak: .venv/.synced  ## the long runs
	TEST_DATABASE=postgresql $(PYTEST) -m soak
	TEST_DATABASE=sqlite $(PYTEST) -m soak tests/purchasing tests/cases tests/sales

check: export DATA_DIR := $(CURDIR)/.venv/check
check: .venv/.synced  ## format, lint, types, import contracts, missing migrations, API documents
	ruff format --check .
	ruff check .
	lint-imports
	mypy
	$(PYTHON) manage.py makemigrations --check --dry-run
	$(PYTHON) manage.py openapi --check

bench: .venv/.synced  ## what one request costs
	$(PYTHON) -m benchmarks

lock: $(UV)  ## resolve the dependencies of pyproject.toml again
	$(UV) lock

clean:  ## all that make and the tools left here; the data in var/ stays
	rm -rf .venv .tools .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.synced: pyproject.toml uv.lock | $(UV)
	$(UV) sync --frozen --quiet
	@touch $@

.tools/bin/uv:
	PATH="$${PATH#*:}" python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target .tools uv
