.PHONY: run test lint help

help: ## what there is
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/'

run: ## web, worker and the voice simulator in this terminal; prints one curl that rings
	@sh deploy/setup.sh requirements.txt
	@FLASK_SKIP_DOTENV=1 exec .venv/bin/python -m flask demo

test: ## the whole suite, on SQLite and PostgreSQL
	@sh deploy/setup.sh requirements.txt requirements-dev.txt
	@.venv/bin/python -m pytest -q -n 2 $(ARGS)

lint: ## ruff (format and rules) and mypy
	@sh deploy/setup.sh requirements.txt requirements-dev.txt
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
