# make demo   see it work, no account needed
# make test   all that must hold
# make docs   the site, into docs/_build/html
# make bench  side by side with other clients, in 45 minutes; QUICK=1 is soon done, and rough
# make fuzz   by coverage, SECONDS=60 for each target
.PHONY: demo test lint types contracts suite compat package docs bench fuzz servers peers clean

SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
SECONDS ?= 60
# Each process starts servers of its own.
IN_PARALLEL := --numprocesses auto --maxprocesses 4 --dist worksteal
# Ruff does the rest; these are rules that only flake8-async has. Left out: 100, 912 and 913 take
# what awaits in a branch for what never awaits, 910 and 911 ask of private functions what
# holds of public ones, and the server's handlers share one signature (124).
FLAKE8 := --max-line-length 100 --extend-ignore ASYNC100,ASYNC910,ASYNC911,ASYNC912,ASYNC913 \
	--startable-in-context-manager _watch_one,_cancel_on_signal,_run_link \
	--per-file-ignores 'src/aimap/testing/_commands_*.py:ASYNC124'
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

demo: .venv/demo
	$(BIN)/aimap demo

test: .venv/dev servers lint types contracts suite compat package docs

# What goes through very many cases takes three times as long where coverage is taken. What
# features were seen on which server is told by one process.
suite: .venv/dev
	$(BIN)/python -m pytest $(IN_PARALLEL) --cov --cov-report= -m "not exhaustive" --ignore tests/features
	$(BIN)/python -m pytest --cov --cov-report= --cov-append tests/features
	$(BIN)/python -m pytest $(IN_PARALLEL) -m exhaustive
	$(BIN)/coverage report

lint: .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/flake8 --select ASYNC $(FLAKE8) src

types: .venv/dev
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

contracts: .venv/dev
	$(BIN)/lint-imports

compat: .venv-compat/made
	.venv-compat/bin/python -m pytest -c /dev/null --rootdir tests/compat --noconftest \
		-p no:cacheprovider -W error tests/compat

# What users install, apart from the sources.
package: .venv/dev
	$(BIN)/python -m pytest -o addopts=-ra tests/package

docs: .venv/dev
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html

bench: .venv/dev servers peers
	$(PIP) install --group plots
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick,--write docs/benchmarks.md)

# What is found is written to .fuzz, and belongs into tests/data/fuzz once it is mended.
fuzz: .venv-fuzz/made
	.venv-fuzz/bin/python -m tests.fuzz reader $(SECONDS)
	.venv-fuzz/bin/python -m tests.fuzz session $(SECONDS)

# Servers are installed where that can be done unasked: as root on Debian, Dovecot on the
# machine and the others, whose packages conflict with it, in roots of their own. Elsewhere
# their tests are skipped, each saying so, unless AIMAP_REQUIRE_SERVERS names the server.
# With them comes mbsync, whose Maildir is to be equal to ours.
servers:
	@{ command -v dovecot || [ -x /usr/sbin/dovecot ]; } >/dev/null && command -v mbsync >/dev/null || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
		--no-install-recommends dovecot-core dovecot-imapd isync >/dev/null; \
	else echo "no Dovecot or mbsync here: their tests will be skipped"; fi
	@$(PYTHON) -m tests.servers.chroot cyrus courier

# A client in C and another mirror to compare with; likewise. Without them the tables say so.
# The benchmarks install imapflow themselves, where there is npm.
peers:
	@{ [ -e /usr/include/libetpan/libetpan.h ] && command -v cc && command -v offlineimap; } >/dev/null || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends gcc libc6-dev libetpan-dev offlineimap3 >/dev/null; \
	else echo "no libetpan or offlineimap here: they will not be compared with"; fi

.venv/bin/python:
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or later is needed"; exit 1; }
	$(PYTHON) -m venv .venv
	$(PIP) install --upgrade pip

.venv/demo: .venv/bin/python pyproject.toml
	$(PIP) install --editable '.[all]'
	touch $@

.venv/dev: .venv/demo pyproject.toml
	$(PIP) install --group dev
	touch $@

.venv-compat/made: pyproject.toml | .venv/bin/python
	$(PYTHON) -m venv .venv-compat
	.venv-compat/bin/python -m pip --disable-pip-version-check --quiet install --upgrade pip
	.venv-compat/bin/python -m pip --disable-pip-version-check --quiet install --group compat --editable .
	touch $@

.venv-fuzz/made: pyproject.toml | .venv/bin/python
	$(PYTHON) -m venv .venv-fuzz
	.venv-fuzz/bin/python -m pip --disable-pip-version-check --quiet install --upgrade pip
	.venv-fuzz/bin/python -m pip --disable-pip-version-check --quiet install --group fuzz --editable .
	touch $@

clean:
	rm -rf .venv .venv-compat .venv-fuzz .fuzz docs/_build .coverage* .mypy_cache .ruff_cache .pytest_cache
