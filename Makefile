# The menu. Everything runs with bare cargo too, once redis-server is installed; what needs an `if` is in scripts/.

programs := $(or $(CARGO_TARGET_DIR),target)

.PHONY: help
help: ## List these targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s%s\n", $$1, $$2 }' Makefile

# `exec`, so that Ctrl-C and the exit status are the demo's own.
.PHONY: demo
demo: redis-server ## Run the whole system on this machine and text it. ONCE=1 ends after the first answer, PORT=8001 moves the webhook.
	cargo build --locked
	@exec $(programs)/debug/wex demo $(if $(ONCE),--once) $(if $(PORT),--port $(PORT))

.PHONY: test
test: redis-server ## Run all tests.
	@scripts/test

.PHONY: check
check: ## Check the format, lints, documentation and dependencies.
	@scripts/check

.PHONY: bench-first-light
bench-first-light: redis-server ## Measure the first end-to-end path, as a release build.
	cargo build --release --locked --package wex-bench --package wex-ingress --package wex-worker --package wex-sim
	@exec $(programs)/release/bench-first-light

.PHONY: redis-server
redis-server:
	@scripts/need redis-server
