# SPDX-License-Identifier: MIT
# `make` alone prints what there is.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup setup-run run check test soak bench clean lint types fast-tests playbooks-lint

PYTHON := /usr/bin/python3
VENV := .venv
BIN := $(VENV)/bin
# What `make run` needs of Debian 12, and what the tests need beside it.
RUN_PACKAGES := python3-venv ca-certificates iproute2 iputils-ping procps nftables kmod mmdebstrap \
  debian-archive-keyring openssh-client curl openssl git
TEST_PACKAGES := bsdutils chromium postgresql prometheus snmp snmpd

help: ## Show this help.
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

setup: setup-run $(VENV)/.test-ready ## Install everything that running and testing needs.

setup-run: $(VENV)/.run-ready

$(VENV)/.run-ready: pyproject.toml constraints.txt Makefile
	@RUN_PACKAGES="$(RUN_PACKAGES)" PYTHON=$(PYTHON) VENV=$(VENV) .ci/setup run
	@touch $@

$(VENV)/.test-ready: $(VENV)/.run-ready
	@TEST_PACKAGES="$(TEST_PACKAGES)" PYTHON=$(PYTHON) VENV=$(VENV) .ci/setup test
	@touch $@

run: setup-run ## Build the province in a box, provision it, prove it, serve it on 127.0.0.1:8080.
	@exec $(BIN)/tinhnet demo

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

playbooks-lint: setup
	$(BIN)/ansible-lint --offline --profile production playbooks

fast-tests: setup
	$(BIN)/pytest -q -n 2 --dist loadfile -m "not lab and not browser and not slow and not patient and not soak"

check: lint types fast-tests ## Format, lint, types and fast tests (two minutes at most).

test: lint types playbooks-lint ## Every check and every test; what CI runs.
	$(BIN)/pytest -q -m "not soak" --durations=15 -rR

soak: setup ## The long tests.
	$(BIN)/pytest -q -m soak

bench: setup ## Measure the figures of bench/RESULTS.md beside a peer.
	$(BIN)/python -m bench.province
	$(BIN)/python -m bench.wall
	$(BIN)/python -m bench.noc
	$(BIN)/python bench/series.py
	$(BIN)/python bench/snmp.py
	$(BIN)/python -P bench/alerts.py # -P: the script shares its name with the room

clean: ## Take every lab down, wipe base roots, state and the virtual environment.
	@if [ -x $(BIN)/tinhnet ] && [ "$$(id -u)" = 0 ]; then \
	  $(BIN)/tinhnet lab down --all || true; $(BIN)/tinhnet lab prune || true; fi
	rm -rf var $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
