SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PY := .venv/bin/python
STAMP := .venv/.installed
PACKAGES := libs/shared libs/xlsform services/assignment services/evidence services/scoring services/comparison services/notification deploy/local deploy/ctl examples/demo

.PHONY: help
help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): requirements.lock $(addsuffix /pyproject.toml,$(PACKAGES))
	@deploy/local/bootstrap.sh $(PACKAGES)
	@touch $@

.PHONY: install
install: $(STAMP) ## make .venv from requirements.lock

.PHONY: up down status
up: $(STAMP) ## start Kafka, MongoDB and MinIO
	@$(PY) -m incognita_local up
down: $(STAMP) ## stop them
	@$(PY) -m incognita_local down
status: $(STAMP) ## what runs, where, since when
	@$(PY) -m incognita_local status

.PHONY: demo
demo: $(STAMP) ## audit STORES=1000 (or all) real stores by simulated shoppers
	@$(PY) -m incognita_demo

.PHONY: trace
trace: $(STAMP) ## VISIT=id: draw one visit's trace through all services
	@$(PY) -m incognita_demo.trace $(VISIT)

.PHONY: test
test: $(STAMP) ## every test, on real servers started for it
	@echo "on servers of its own; about twenty minutes on 2 cores, the percentage tells how far"
	@$(PY) -m incognita_local run -- $(PY) -m pytest

.PHONY: chaos
chaos: $(STAMP) ## break the system for MINUTES=2 by SEED=1, hold every store to account (docs/faults.md)
	@$(PY) -m tests.faults --seed $(or $(SEED),1) --minutes $(or $(MINUTES),2) --seeds $(or $(SEEDS),1) \
		$(if $(WITHOUT),--without "$(WITHOUT)") $(if $(ONLY),--only "$(ONLY)") $(if $(RECORD),--record)

.PHONY: bench
bench: $(STAMP) ## measure everything, or ONLY="scale drivers"
	@$(PY) -m benchmarks $(if $(ONLY),--only $(ONLY))

.PHONY: check
check: $(STAMP) ## style, types, import rules, schema drift
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy libs/shared/incognita_shared libs/xlsform/incognita_xlsform services/*/incognita_* deploy/local/incognita_local deploy/ctl/incognitactl examples/demo/incognita_demo schemas/tool benchmarks tests/faults tests/simulation
	@.venv/bin/lint-imports
	@$(PY) -m schemas.tool check

.PHONY: format
format: $(STAMP) ## rewrite to the house style
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

.PHONY: schemas
schemas: $(STAMP) ## write schemas/ anew from the models
	@$(PY) -m schemas.tool write

.PHONY: lock
lock: $(STAMP) ## pin all dependencies anew from pyproject.toml
	@.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes \
		--no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements.lock
