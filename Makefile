.PHONY: run test test-storms test-browser test-security faults faults-short bench silence deploy-trial freeze lint help

help: ## what there is
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/'

run: ## web, worker and the voice simulator in this terminal; prints one curl that rings
	@sh deploy/setup.sh requirements.txt
	@FLASK_SKIP_DOTENV=1 exec .venv/bin/python -m flask demo

test: ## the whole suite, on SQLite and PostgreSQL
	@sh deploy/setup.sh requirements.txt requirements-dev.txt
	@.venv/bin/python -m pytest -q -n 3 --dist loadfile -m "not browser and not security and not storm" $(ARGS)

test-storms: ## whole processes under load, killed, upgraded, cut off; thousands of leads, and an API's random requests (3 minutes)
	@sh deploy/setup.sh requirements.txt requirements-dev.txt
	@.venv/bin/python -m pytest -q -n 3 --dist loadfile -m storm $(ARGS)

# pytest ends with 5 where nothing carries the marker.
test-browser: ## the pages, in a real browser
	@sh deploy/setup.sh requirements.txt requirements-dev.txt
	@.venv/bin/python -m pytest -q -n 2 -m browser $(ARGS) || [ $$? = 5 ]

test-security: ## what a stranger might try, against servers of its own on this machine, and builds with a hole (2 minutes)
	@sh deploy/setup.sh requirements.txt requirements-dev.txt
	@.venv/bin/python -m pytest -q -n 2 --dist loadfile -m security $(ARGS) || [ $$? = 5 ]

faults-short: ## every fault trial in its short form, in four minutes (some: make faults-short TRIALS="T1 T2")
	@sh deploy/setup.sh requirements.txt requirements-dev.txt
	@.venv/bin/python -m tests.faults.run $(TRIALS) --short $(if $(JOBS),--jobs $(JOBS)) $(ARGS)

faults: ## the long fault trials, and the property tests with many more examples (one trial: make faults TRIAL=T3)
	@sh deploy/setup.sh requirements.txt requirements-dev.txt
	@.venv/bin/python -m tests.faults.run $(if $(TRIAL),"$(TRIAL)") --jobs $(or $(JOBS),2) --write var $(ARGS)
	@$(if $(TRIAL),,.venv/bin/python -m pytest -q -n 2 -m hypothesis --hypothesis-profile=far)

bench: ## how fast, against what: one table, ten minutes (a few rows: make bench ROWS=P1,P3; a million leads: BIG=1)
	@sh deploy/setup.sh requirements.txt
	@FLASK_SKIP_DOTENV=1 .venv/bin/python -m bench.run $(if $(ROWS),--rows "$(ROWS)") $(if $(BIG),--big)

silence: ## how often the alarm of a silent source rings for nothing, and how late it rings: made-up days, two minutes (RUNS=10)
	@sh deploy/setup.sh requirements.txt
	@FLASK_SKIP_DOTENV=1 .venv/bin/python -m bench.silence $(if $(RUNS),--runs $(RUNS))

deploy-trial: ## deploy/install.sh on a fresh Debian in a folder, as root: to a rung lead and back (also: ON=trixie WITH=sqlite)
	@sh deploy/try-install.sh $(or $(ON),bookworm) $(or $(WITH),postgresql)

freeze: ## before the first release: write its tables out into the first migration, which never changes again
	@.venv/bin/python -m tests.store.freezing

lint: ## ruff (format and rules) and mypy
	@sh deploy/setup.sh requirements.txt requirements-dev.txt
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
