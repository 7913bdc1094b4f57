# Every target installs what it needs first. `make playground` and `make test` are all that a newcomer needs.

BIN := .venv/bin
# Compiled once, not by each of the many processes that start here, whatever the environment says.
unexport PYTHONDONTWRITEBYTECODE
PLAYGROUND ?=
FUZZ ?= 100000
BENCH ?=
ENGINE ?= local
SOAK ?= 20
FAULTS ?= 4

.PHONY: help playground test check format case-study test-crash test-faults test-soak test-kube test-image test-browser screenshots fuzz \
	bench bootstrap clean

help:
	@echo "make playground   try it: a stand-in for Slack in the browser, an example project, the real bot"
	@echo "make test         the tests that need no cluster"
	@echo "make check        format, lint, types, import contracts"
	@echo "make case-study   what Octopod is for, told as conversations with the real bot (ENGINE=kubernetes: on a control plane)"
	@echo "make test-crash   kills and faults; takes several minutes"
	@echo "make test-faults  two hundred breakages of known cause, and what people are told of each (FAULTS=1: fifty)"
	@echo "make test-soak    a team's day with all that can go wrong, 20 minutes of it (SOAK=3: three)"
	@echo "make test-kube    the Kubernetes engine on a real control plane; builds it the first time, which takes long"
	@echo "make test-image   the Dockerfile's steps as plain commands, without Docker, and the bot that comes of them"
	@echo "make test-browser the playground's page in Chromium"
	@echo "make screenshots  the same, keeping pictures of each step in .screenshots"
	@echo "make fuzz         100,000 hostile inputs (FUZZ=1000000: more); a sample of them is part of make test"
	@echo "make bench        what it costs, as a table; takes about twenty minutes (BENCH=ack picks some)"
	@echo "make format       let ruff format and sort"

bootstrap:
	@scripts/bootstrap

playground: bootstrap
	@$(BIN)/octopod playground $(PLAYGROUND)

# The tests of one file stay together, as they share what they start. Those of `make test` wait more than they compute, so
# there are two more at a time than the machine has processors; kills and faults get as many as it has.
SPREAD := --dist loadfile --no-loadscope-reorder
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 2)

# Seen to before the tests start, so that its progress can be read. On somebody's cluster none is needed.
CONTROL_PLANE := test -n "$$OCTOPOD_TEST_KUBECONFIG" || scripts/kube/binaries >/dev/null

test: bootstrap
	$(BIN)/pytest -n $(WORKERS) $(SPREAD) -q

check: bootstrap
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: bootstrap
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

case-study: bootstrap
	$(if $(filter kubernetes,$(ENGINE)),@$(CONTROL_PLANE))
	OCTOPOD_TEST_ENGINE=$(ENGINE) $(BIN)/pytest tests/case_study -m case_study

test-crash: bootstrap
	$(BIN)/pytest -n auto $(SPREAD) -m crash

test-faults: bootstrap
	FAULTS=$(FAULTS) WITNESSES=$(WITNESSES) $(BIN)/pytest tests/faults -m faults -s

test-soak: bootstrap
	SOAK=$(SOAK) $(BIN)/pytest tests/soak -m soak -s

test-browser:
	@scripts/bootstrap browser
	$(BIN)/pytest tests/browser -m browser

screenshots:
	@scripts/bootstrap browser
	OCTOPOD_SCREENSHOTS=$(abspath .screenshots) $(BIN)/pytest tests/browser -m browser

fuzz: bootstrap
	OCTOPOD_FUZZ=$(FUZZ) $(BIN)/pytest tests/fuzz -q -s

bench: bootstrap
	@$(BIN)/python -m scripts.bench $(BENCH)

test-kube: bootstrap
	@$(CONTROL_PLANE)
	@scripts/kube/helm-binary >/dev/null
	$(BIN)/pytest tests/kube -m kube

test-image: bootstrap
	$(BIN)/pytest tests/image -m image

clean:
	rm -rf .venv .tools .playground .screenshots .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
