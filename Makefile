# 稳约 Wenyue. `make up` starts everything; `make test` runs what every change is held to. Needs Python >= 3.11, nothing else.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help up test test-system check lint types contracts coverage bench bench-overload sim clean

BIN := .venv/bin
# Two workers at least (they show collisions), four at most.
WORKERS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); [ $$n -lt 2 ] && n=2; [ $$n -gt 4 ] && n=4; echo $$n)
STEPS ?= 10000
SEED ?= 1

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /	/' | expand -t 16

up: ## start everything and print the address, with the demo (WENYUE_DEMO=0: without; WENYUE_PORT, WENYUE_HOME; Ctrl-C ends it)
	@scripts/bootstrap run
	@WENYUE_DEMO=$${WENYUE_DEMO:-1} WENYUE_END_WITH_PARENT=1 exec $(BIN)/wenyue up

check: ## linters only: ruff, pyright, import contracts
	@scripts/bootstrap dev
	@$(MAKE) --no-print-directory --jobs --output-sync=target lint types contracts

lint:
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types:
	$(BIN)/pyright

contracts:
	$(BIN)/lint-imports

test: ## what every change is held to: linters, rules, slices, web, main browser journeys, attacks, a short simulation
	@scripts/bootstrap dev
	@scripts/browser
	@scripts/lab-packages
	@scripts/drills
	$(MAKE) --no-print-directory check
	$(BIN)/pytest -n $(WORKERS) --dist worksteal --ignore=tests/system
	@if $(BIN)/wenyue has sim; then $(MAKE) --no-print-directory sim; fi

test-system: ## whole processes: drills, cluster, backups, standby, long browser runs; PART=1/4: a quarter, PART=commit: this commit's
	@scripts/bootstrap dev
	@scripts/browser
	@scripts/lab-packages
	@scripts/drills
	@chosen=$$($(BIN)/python scripts/system_tests.py $(PART)) && exec $(BIN)/pytest -n $(WORKERS) --dist worksteal $$chosen

coverage: ## tests with a report of the lines that none of them reaches
	@scripts/bootstrap dev
	$(BIN)/pytest -n $(WORKERS) --cov --cov-report=term

bench: ## benchmark; QUICK=1 takes about a minute
	@scripts/bootstrap dev
	@exec $(BIN)/wenyue bench $(if $(QUICK),--quick)

bench-overload: ## ten times the peak, then a rush for few places; QUICK=1 takes about a minute
	@scripts/bootstrap dev
	@exec $(BIN)/wenyue bench overload $(if $(QUICK),--quick)

sim: ## simulator; SEED=…, STEPS=…, PLANTED=all plants bugs and shows each caught
	@scripts/bootstrap dev
	@exec $(BIN)/wenyue sim --seed $(SEED) --steps $(STEPS) $(if $(PLANTED),--planted $(PLANTED))

clean: ## remove tools and environment, never data
	rm -rf .tools .venv .pytest_cache .ruff_cache .hypothesis
