# One entry for everything; `make` alone says what there is. Nothing here deploys to a cloud.

ARGS ?=
UV ?= uv
PYTHON_HERE := .venv/bin/python
# Containers often forbid Python to keep byte code: every command, and each process of the tests, would compile all anew.
export PYTHONDONTWRITEBYTECODE :=
INSTALLED := .venv/installed-$(shell cat requirements.lock infra/local/bootstrap.sh infra/local/native.py bridge/*.c | sha256sum | cut -c1-16)

.PHONY: help install programs browser native demo check test model chaos chaos-cutover php-vectors php-fuzz fuzz bench-php bench-bridge bench-worker bench-compare bench-memory bench-scoreboard parity-bars lock
.DEFAULT_GOAL := help

help: ## say what there is
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(INSTALLED) ## the main job on this machine; ARGS="--messages 500", ARGS="--break cents"
	@$(PYTHON_HERE) -m infra.local.programs --install --unless-docker
	@$(PYTHON_HERE) -m infra.synthesis --disposable >/dev/null # CDK unpacks itself the first time: 20 s
	@$(PYTHON_HERE) -m ops demo $(ARGS)

check: native ## the gate: format, lint, types, imports, unit tests; two minutes
	$(PYTHON_HERE) -m ruff format --check
	$(PYTHON_HERE) -m ruff check
	$(PYTHON_HERE) -m mypy
	.venv/bin/lint-imports
	$(PYTHON_HERE) -m pytest -n auto tests/unit

model: $(INSTALLED) ## the protocol of a move of authority, explored; minutes; ARGS="--seed 7 --schedules 50000"
	$(PYTHON_HERE) -m tests.model $(ARGS)

php-vectors: $(INSTALLED) ## agreement with what PHP answered, function by function; writes var/php/vectors.json
	@mkdir -p var/php
	@$(PYTHON_HERE) -m ops php vectors tests/contract/php/vectors.jsonl.gz --json --at-least 0 > var/php/vectors.json
	$(PYTHON_HERE) -m ops php vectors tests/contract/php/vectors.jsonl.gz $(ARGS)

php-fuzz: programs ## the ported functions against real PHP, 2,000 cases each; ARGS="--seed 7 --function round"
	$(PYTHON_HERE) -m tests.php_fuzz $(ARGS)

fuzz: $(INSTALLED) ## the decoders of bytes from outside, five minutes; ARGS="--seconds 60 --target unserialize"
	$(PYTHON_HERE) -m tests.fuzz $(or $(ARGS),--seconds 300)

bench-php: $(INSTALLED) ## json_encode and unserialize against Python's own and phpserialize
	$(PYTHON_HERE) -m tests.bench.php $(ARGS)

bench-bridge: programs ## the shipper beside mq-bridge and a consumer that does nothing; ten minutes; ARGS="--rounds 1 --messages 40000"
	$(PYTHON_HERE) -m tests.bench.bridge $(ARGS)

bench-worker: $(INSTALLED) ## a message on Lambda: calls, CPU, cold import, beside the textbook's handler; five minutes; ARGS="--rounds 1"
	$(PYTHON_HERE) -m tests.bench.worker $(ARGS)

bench-compare: programs ## both sides' outcomes to verdicts, beside DeepDiff, jsondiff and dictdiffer; five minutes
	$(PYTHON_HERE) -m tests.bench.compare $(ARGS)

bench-memory: programs ## resident memory of the shipper under messages of a megabyte, a minute; ARGS="--seconds 20"
	$(PYTHON_HERE) -m tests.bench.memory $(ARGS)

bench-scoreboard: programs ## bridges from RabbitMQ to SQS in sixteen cases, ours and rivals; ARGS="--contender ours"
	nice $(PYTHON_HERE) -m tests.bench.scoreboard $(ARGS)

parity-bars: programs ## what the comparison promises to see, each beside a planted failure; ARGS="--small --bar 4"
	nice $(PYTHON_HERE) -m tests.bench.parity $(ARGS)

test: browser native ## every test, with real RabbitMQ, real PHP, a real browser and the embedded AWS
	$(PYTHON_HERE) -m pytest -n 3 --dist loadscope --no-loadscope-reorder

chaos: programs ## the bridge under fire, 200 seeded runs and more; ten minutes; ARGS="--runs 20", ARGS="--only 17"
	$(PYTHON_HERE) -m tests.chaos.bridge $(ARGS)

chaos-cutover: programs ## kill -9 at every named point while authority moves; 20 minutes; ARGS="--runs 3 --seed 7"
	$(PYTHON_HERE) -m tests.chaos.cutover $(ARGS)

install: browser ## what the other commands need: Python packages, RabbitMQ, PHP, Chromium

programs: $(INSTALLED)
	@$(PYTHON_HERE) -m infra.local.programs --install

browser: $(INSTALLED)
	@$(PYTHON_HERE) -m infra.local.programs --install --browser

native: $(INSTALLED) ## compile the parts of the bridge that are in C: gcc and python3-dev were not here before
	@$(PYTHON_HERE) -m infra.local.native

lock: ## resolve both locks anew (needs uv)
	$(UV) pip compile pyproject.toml --all-extras --output-file requirements.lock $(LOCK_OPTIONS)
	$(UV) pip compile workers/requirements.in --constraint requirements.lock --output-file workers/requirements.lock \
	    $(LOCK_OPTIONS) $(RUNTIME_PACKAGES:%=--no-emit-package %)

# Universal over the Pythons of pyproject.toml; neither hosts nor paths of this machine get into the file.
LOCK_OPTIONS := --quiet --universal --python-version 3.11 --generate-hashes --no-config --no-emit-index-url \
    --no-annotate --no-header
# What Lambda's runtime brings itself (developer guide, "Runtime-included libraries"), see infra/local/ministack_shim.py.
RUNTIME_PACKAGES := boto3 botocore jmespath python-dateutil s3transfer six urllib3

$(INSTALLED):
	@infra/local/bootstrap.sh $@
