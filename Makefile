# `make` lists the targets. Settings come from the environment, then .env, then the private services under .local/.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

PROFILE := $(or $(ORDERFLOW_PROFILE),debug)
TARGET := $(or $(CARGO_TARGET_DIR),target)
ORDERCTL := scripts/with_env.sh $(TARGET)/$(PROFILE)/orderctl
CARGO_FLAGS := $(if $(filter release,$(PROFILE)),--release)

.PHONY: help install up down status logs services build migrate seed run worker scheduler check metrics-check test \
	verify bench advisories sbom api-fuzz clients-test demo prepare image compose-test test-containers wipe

help: ## list the targets
	@echo "usage: make TARGET      (ORDERFLOW_PROFILE=release for the release build)"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

advisories: ## known vulnerabilities of the dependencies, and versions that were withdrawn (reads rustsec's database)
	@cargo deny --version >/dev/null 2>&1 || cargo install --locked cargo-deny
	@cargo deny check advisories

sbom: ## the software bill of materials of each binary, as CycloneDX, in target/sbom
	@scripts/sbom.sh

demo: up ## from nothing to a running system: `make up`, five orders, then URLs and logins
	@scripts/demo.sh

up: services build migrate ## start services, migrate, seed (not in production), start api, worker and scheduler
	@scripts/with_env.sh bash -c '[[ "$${ORDERFLOW_ENV:-development}" == production ]] || "$$0" seed --demo' \
		$(TARGET)/$(PROFILE)/orderctl
	@scripts/processes.sh start

down: ## stop everything that `make up` started
	@scripts/processes.sh stop
	@scripts/services.sh down

status: ## list services and processes with their addresses
	@scripts/services.sh status
	@scripts/processes.sh status

logs: ## follow all logs
	@mkdir -p .local/log
	@tail --lines=20 --follow=name --retry .local/log/{api,worker,scheduler,postgres,rabbitmq,redis}.log

install: ## install missing packages of the services (apt)
	@scripts/services.sh install

services: ## start private Postgres, RabbitMQ, Redis, unless DATABASE_URL, RABBITMQ_URL, REDIS_URL name external ones
	@scripts/services.sh up

build: ## compile the binaries
	@cargo build --workspace --bins $(CARGO_FLAGS)

migrate: services build ## apply all pending migrations
	@$(ORDERCTL) migrate

seed: migrate ## insert the demo data: users, warehouses, products, stock
	@$(ORDERCTL) seed --demo

run: migrate ## run the api in the foreground, instead of the one in the background
	@scripts/processes.sh stop api
	@scripts/with_env.sh $(TARGET)/$(PROFILE)/api

worker: migrate ## run the worker in the foreground, instead of the one in the background
	@scripts/processes.sh stop worker
	@scripts/with_env.sh $(TARGET)/$(PROFILE)/worker

scheduler: migrate ## run the scheduler in the foreground, instead of the one in the background
	@scripts/processes.sh stop scheduler
	@scripts/with_env.sh $(TARGET)/$(PROFILE)/scheduler

test: ## start the services of the tests, then run every test (CI runs this)
	@scripts/test.sh

check: ## format, lints, documentation, dependencies, freshness of .sqlx/
	@scripts/check.sh

metrics-check: ## run `promtool check metrics` on every process of the running stack
	@scripts/check_metrics.sh

verify: ## check the data of the running system: stock, money, shipments, timelines, outbox, deadlines
	@$(ORDERCTL) verify

bench: ## measure a release build on a separate stack: rates, latencies, CPU, memory, compared with pgbench (minutes)
	@scripts/bench.sh $(ARGS)

api-fuzz: ## fuzz the API with schemathesis (PyPI), as customer and as admin (minutes)
	@scripts/api_fuzz.sh $(ARGS)

clients-test: ## of `make test` only the clients of scripts/clients: generated TypeScript, Bruno collection
	@scripts/test.sh --test system clients

prepare: ## regenerate .sqlx/ after a change to a query or a migration
	@scripts/prepare_queries.sh

image: ## build the container image `orderflow`, one for every role
	@docker build --tag orderflow .

compose-test: ## run README's compose command in a copy of the checkout, test the stack, remove it
	@scripts/compose_test.sh

test-containers: ## run every test against Postgres, RabbitMQ and Redis in containers
	@scripts/test_in_containers.sh

wipe: ## stop everything, remove all data of the private services and all of .local/
	@scripts/processes.sh stop
	@scripts/services.sh wipe
	@rm -rf .local
