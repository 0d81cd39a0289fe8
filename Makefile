# SPDX-License-Identifier: GPL-2.0-or-later
#
#   make check            set up .venv where it is missing or stale, run the gate
#   make test             lint, types, tests
#   make test-tools       compare with other checkers: needs spin, rumur and gcc
#   make race             show one real race
#   make counterexamples  regenerate counterexamples/, show what changed
#   make docs             regenerate the tables of docs/ and the pictures of README.md, show what changed
#   make clean            remove .venv and what the tools left behind

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

# The scope of the pictures: one CPU of each role that can change a backing.
EVERYBODY := 'one page, a CPU of each role, a worker'

.PHONY: check test test-tools race counterexamples docs clean

check: $(READY)
	@$(BIN)/vswap check

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -n auto --dist worksteal

test-tools: $(READY)
	$(BIN)/python -m pytest -q tests/tools

race: $(READY)
	@$(BIN)/vswap explain o05_writeback_without_recheck

counterexamples: $(READY)
	@$(BIN)/python -P -m checker.counterexample.folder counterexamples README.md
	@git --no-pager diff -- counterexamples README.md
	@git status --short -- counterexamples README.md

docs: $(READY)
	@$(BIN)/python -P -m checker.report.scopes docs/scopes.md
	@$(BIN)/python -P tests/page_costs.py docs/costs.md
	@$(BIN)/python -P tests/page_promises.py docs/promises.md
	@$(BIN)/python -P tests/page_kernel.py docs/kernel.md
	@$(BIN)/python -P tests/guards.py docs/guards.md
	@$(BIN)/python -P tests/contiguity.py docs/contiguity.md
	@$(BIN)/vswap graph rfc_v1 --scope $(EVERYBODY) --quotient virtual_table -o docs/backing_rfc_v1.svg
	@$(BIN)/vswap graph rfc_v2 --scope $(EVERYBODY) --quotient virtual_table -o docs/backing_rfc_v2.svg
	@git --no-pager diff -- docs

# Two makes at once wait for each other here; the second finds the work done.
$(READY): pyproject.toml constraints.txt .ci/venv
	@.ci/venv "$(PYTHON)" .venv $(READY)

clean:
	rm -rf .venv build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
