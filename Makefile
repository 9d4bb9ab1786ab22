# clipweb: `make run` starts it, `make test` proves it. Both make .venv first, when it is missing or outdated.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
VENV ?= .venv
PYTHON_IN_VENV := $(VENV)/bin/python
# Tests have a data folder of their own, so that they never touch pictures and people.
TEST_DATA := $(CURDIR)/var/test
TESTS ?= tests

.PHONY: help
help: ## these lines
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

.PHONY: run
run: environment ## everything on this machine, until Ctrl-C: http://127.0.0.1:8000/
	@exec $(PYTHON_IN_VENV) manage.py serve

.PHONY: environment
environment:
	@tools/environment.sh $(VENV) requirements.txt

.PHONY: environment-dev
environment-dev:
	@tools/environment.sh $(VENV) requirements.txt requirements-dev.txt

.PHONY: test
test: lint ## lint, then all tests (TESTS=tests/gallery for a part)
	@CLIPWEB_DATA_DIR=$(TEST_DATA) tools/test.sh $(PYTHON_IN_VENV) $(TESTS)

.PHONY: lint
lint: export CLIPWEB_DATA_DIR = $(TEST_DATA)
lint: environment-dev ## style, types, Django's own checks
	@echo "lint: ruff" && $(PYTHON_IN_VENV) -m ruff check . && $(PYTHON_IN_VENV) -m ruff format --check --quiet .
	@echo "lint: mypy" && $(PYTHON_IN_VENV) -m mypy
	@echo "lint: django" && $(PYTHON_IN_VENV) manage.py check --fail-level WARNING
	@$(PYTHON_IN_VENV) manage.py makemigrations --check --dry-run

.PHONY: lock
lock: environment-dev ## requirements*.in → requirements*.txt, pinned in full
	@$(VENV)/bin/uv pip compile --quiet --no-header --no-annotate --upgrade requirements.in -o requirements.txt
	@$(VENV)/bin/uv pip compile --quiet --no-header --no-annotate --no-strip-markers --upgrade requirements-dev.in -o requirements-dev.txt

.PHONY: pack
pack: environment-dev ## builds the model pack weights/mini anew (hours)
	@$(PYTHON_IN_VENV) -m weights.pack.build

.PHONY: pack-eval
pack-eval: environment-dev ## measures the model pack against chance and baseline
	@$(PYTHON_IN_VENV) -m weights.pack.evaluate

.PHONY: screenshots
screenshots: environment-dev ## every page into docs/screenshots (wants Chromium)
	@CLIPWEB_DATA_DIR=$(TEST_DATA) $(PYTHON_IN_VENV) -m tests.browser.screenshots

.PHONY: messages
messages: environment-dev ## texts of the code → locale/, and their translations compiled (wants gettext)
	@$(VENV)/bin/django-admin makemessages -l sv --no-wrap --no-obsolete --add-location file -i .venv -i var -i tests
	@$(VENV)/bin/django-admin compilemessages -l sv -i .venv

.PHONY: clean
clean: ## removes caches and the environment, never var/
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache var/test
	@find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
