# The menu. Everything runs with bare cargo too, once redis-server is installed; what needs an `if` is in scripts/.

programs := $(or $(CARGO_TARGET_DIR),target)

.PHONY: help
help: ## List these targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s%s\n", $$1, $$2 }' Makefile

# `exec`, so that Ctrl-C and the exit status are the demo's own.
.PHONY: demo
demo: redis-server ## Run the whole system on this machine and text it. ONCE=1 ends after the first answer, CONVERSATION=en or es plays one, PROVIDER=openai or anthropic has a model read it, PORT=8001 moves the webhook.
	cargo build --locked
	@exec $(programs)/debug/wex demo $(if $(ONCE),--once) $(if $(CONVERSATION),--script $(CONVERSATION)) $(if $(PROVIDER),--provider $(PROVIDER)) $(if $(PORT),--port $(PORT))

.PHONY: test
test: redis-server postgres ## Run all tests.
	@scripts/test

.PHONY: eval
eval: ## Count how often texts are read right without a model; fails below the gates of `wex eval --fail-under`. FILE=evals/held_out.jsonl (or a path of your own) reads that alone.
	cargo build --release --locked --package wex-ops --bin wex
	@LLM_PROVIDER=offline exec $(programs)/release/wex eval --fail-under $(or $(FILE),evals/texts.jsonl evals/more.jsonl evals/held_out.jsonl)

.PHONY: check
check: ## Check the format, lints, documentation and dependencies.
	@scripts/check

.PHONY: fuzz
fuzz: ## Feed the parser of deliveries with what nobody thought of; needs a C++ compiler. FUZZ_SECONDS=600 goes on longer.
	@scripts/fuzz

.PHONY: crash-matrix
crash-matrix: redis-server ## Break everything around the queue and print what was lost. CRASH_SECONDS=600 breaks longer, CRASH_SEED=1 the same again.
	cargo build --locked --package wex-tests --bins
	@exec $(programs)/debug/crash-matrix

.PHONY: crash-ingress
crash-ingress: redis-server ## Break the ingress under load and print what was lost. CRASH_SECONDS and CRASH_SEED as above.
	cargo build --locked --package wex-tests --bins
	@exec $(programs)/debug/crash-ingress

.PHONY: crash-send
crash-send: redis-server ## Kill workers and fail as Aircall does while texts are sent, and print what each contact got. CRASH_SECONDS=600 goes on longer, CRASH_SEED=1 the same again.
	cargo build --locked --package wex-tests --bins
	@exec $(programs)/debug/crash-send

.PHONY: bench-first-light
bench-first-light: redis-server ## Measure the first end-to-end path, as a release build.
	cargo build --release --locked --package wex-bench --package wex-ingress --package wex-worker --package wex-sim
	@exec $(programs)/release/bench-first-light

.PHONY: bench-queue
bench-queue: redis-server ## Measure the queue beside bare Redis, as a release build; about five minutes.
	cargo build --release --locked --package wex-bench --bin bench-queue
	@exec $(programs)/release/bench-queue

.PHONY: bench-ingress
bench-ingress: redis-server wrk ## Measure the ingress beside two plain servers, as a release build; about two minutes.
	cargo build --release --locked --package wex-bench --package wex-ingress --bins
	@exec $(programs)/release/bench-ingress

.PHONY: bench-ledger
bench-ledger: postgres ## Measure the ledger with a million messages on SQLite and on PostgreSQL, as a release build; about ten minutes.
	cargo build --release --locked --package wex-bench --bin bench-ledger
	@exec $(programs)/release/bench-ledger

.PHONY: up
up: ## Run the whole system in containers against a stand-in for Aircall, and text it; needs a Docker engine and Compose.
	@scripts/up

.PHONY: down
down: ## End what `make up` started, and remove what it kept.
	@scripts/compose --env-file deploy/sim.env --profile sim down --volumes

.PHONY: test-compose
test-compose: ## Try the whole system in containers: scaled, killed, cut off, restarted, repaired. Skipped without a Docker engine.
	@scripts/test-compose

.PHONY: check-deploy
check-deploy: ## Check the compose files, the manifests of Kubernetes and the alerts, as far as there are tools for it.
	@scripts/check-deploy

.PHONY: redis-server postgres wrk
redis-server postgres wrk:
	@scripts/need $@
