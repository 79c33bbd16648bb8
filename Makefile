.PHONY: run test faults bench lint help

help: ## what there is
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/'

run: ## web, worker and the voice simulator in this terminal; prints one curl that rings
	@sh deploy/setup.sh requirements.txt
	@FLASK_SKIP_DOTENV=1 exec .venv/bin/python -m flask demo

test: ## the whole suite, on SQLite and PostgreSQL
	@sh deploy/setup.sh requirements.txt requirements-dev.txt
	@.venv/bin/python -m pytest -q -n 2 $(ARGS)

faults: ## the long fault trials, on SQLite and PostgreSQL (one of them: make faults TRIAL=T3)
	@sh deploy/setup.sh requirements.txt requirements-dev.txt
	@.venv/bin/python -m tests.faults.run $(if $(TRIAL),"$(TRIAL)") --jobs $(or $(JOBS),2) --write var $(ARGS)

bench: ## how fast, against what: one table, ten minutes (a few rows: make bench ROWS=P1,P3; a million leads: BIG=1)
	@sh deploy/setup.sh requirements.txt
	@FLASK_SKIP_DOTENV=1 .venv/bin/python -m bench.run $(if $(ROWS),--rows "$(ROWS)") $(if $(BIG),--big)

lint: ## ruff (format and rules) and mypy
	@sh deploy/setup.sh requirements.txt requirements-dev.txt
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
