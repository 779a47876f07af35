# make run    sets up .venv and runs the study; ARGS="--config epochs=2 seeds=2" is passed on
# make first  sets up .venv and answers a small question, in two minutes
# make suite  runs the studies of suite.yaml and says what holds over all of them
# make leaderboard makes docs/benchmark of what that found, or again of its own tables
# make test   sets up .venv, then lint and every test
# make test-lowest runs the unit tests with the oldest versions that pyproject.toml allows
# make cluster adds what profiles/slurm and profiles/generic-slurm need
# make replications runs the studies of published findings, see docs/replications.md
# make docs   builds the documentation's site: open site/index.html
# make reference makes the schema, config.yaml and the reference pages of the docs of the code
# make simulate  measures how often the statistics err, on ten times as many studies as the tests
# make bench  measures the training engine; make bench-scale all that is around it
PYTHON ?= python3
# Where the environment is: make VENV=/elsewhere run
VENV ?= .venv
BIN := $(VENV)/bin
PIP := python -m pip install --quiet --disable-pip-version-check

# $(call install,ENVIRONMENT,LOCK FILES): by uv, whose version is pinned as theirs are, or else by pip.
# It compiles all of it, as pip does: where PYTHONDONTWRITEBYTECODE is set, each process would anew.
install = $(1)/bin/$(PIP) --only-binary :all: --require-hashes -r requirements-uv.lock \
    && $(1)/bin/uv pip install --quiet --compile-bytecode --python $(1)/bin/python --require-hashes $(2:%=-r %) \
    || { echo "uv cannot set up $(1) here; pip does instead, which takes a minute or two."; \
         $(1)/bin/$(PIP) --require-hashes $(2:%=-r %); }

.PHONY: run first suite leaderboard test test-lowest lint cluster replications simulate bench bench-scale lock reference docs

run: $(VENV)/installed
	. $(BIN)/activate && PYTHONPATH='$(CURDIR)/scripts' snakemake --logger initstudy --cores all $(ARGS)

first: $(VENV)/installed
	. $(BIN)/activate && PYTHONPATH='$(CURDIR)/scripts' snakemake --logger initstudy --cores all --configfile studies/first.yaml $(ARGS)

suite replications: $(VENV)/installed
	. $(BIN)/activate && PYTHONPATH='$(CURDIR)/scripts' snakemake --logger initstudy --cores all $@ $(ARGS)

leaderboard: $(VENV)/installed
	$(BIN)/python -m initstudy.suite.leaderboard \
	    $(dir $(or $(wildcard results/suite/scores.csv),docs/benchmark/scores.csv)) docs/benchmark

# Tests run copies of the sources, to which their bytecode goes along.
test: lint
	$(BIN)/python -m compileall -q scripts
	. $(BIN)/activate && PYTHONDONTWRITEBYTECODE= pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=scripts $(BIN)/lint-imports --no-cache
	$(BIN)/snakefmt --check Snakefile rules
	. $(BIN)/activate && snakemake --lint

# In an environment of its own, .venv-lowest.
test-lowest: $(VENV)/installed
	$(BIN)/$(PIP) --require-hashes -r requirements-uv.lock
	$(PYTHON) -m venv --clear $(VENV)-lowest
	$(BIN)/uv pip compile --quiet --resolution lowest-direct --python $(VENV)-lowest/bin/python pyproject.toml -o $(VENV)-lowest/lowest.txt
	$(BIN)/uv pip install --quiet --python $(VENV)-lowest/bin/python -r pyproject.toml --extra test --constraint $(VENV)-lowest/lowest.txt
	PATH="$(abspath $(VENV)-lowest/bin):$$PATH" PYTHONPATH=scripts $(VENV)-lowest/bin/python -m pytest --numprocesses 2 tests/unit $(ARGS)

cluster: $(VENV)/installed
	@$(call install,$(VENV),requirements.lock requirements-cluster.lock)

simulate: $(VENV)/installed
	. $(BIN)/activate && pytest -s -m simulation --simulations 20 tests/unit $(ARGS)

bench: $(VENV)/installed
	. $(BIN)/activate && snakemake resources/datasets/mnist.npz --cores 1 --quiet all && python tests/bench.py $(ARGS)

bench-scale: $(VENV)/installed
	. $(BIN)/activate && python tests/bench_scale.py $(ARGS)

reference: $(VENV)/installed
	PYTHONPATH=scripts $(BIN)/python -m initstudy.report.reference

# The site needs packages of its own. It is made of docs/ and of the library's docstrings.
docs: $(VENV)-docs/installed
	NO_MKDOCS_2_WARNING=1 $(VENV)-docs/bin/mkdocs build --quiet
	@echo "Open site/index.html"

$(VENV)-docs/installed: requirements-docs.lock
	@echo "Setting up $(VENV)-docs from requirements-docs.lock, once."
	@$(PYTHON) -m venv --clear $(VENV)-docs
	@$(call install,$(VENV)-docs,requirements-docs.lock)
	@touch $@

# Made anew if the lock file changes. The marker comes last, so a set-up that was cut off is repeated.
$(VENV)/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("initstudy needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; try: make PYTHON=python3.12")'
	@$(PYTHON) -c 'import os, shlex, sys; path = os.path.abspath(sys.argv[1]); shlex.quote(path) == path or sys.exit("Snakemake cannot run the Python of " + repr(path) + ", whose path has a space or the like; nothing was installed. Set it up elsewhere: make VENV=/path/without/spaces run")' $(VENV)
	@echo "Setting up $(VENV) from requirements.lock, once."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(call install,$(VENV),requirements.lock)
	@$(BIN)/$(PIP) --no-index --no-deps --no-build-isolation --editable .
	@touch $@

# Renews the lock files: the newest versions that pyproject.toml allows, for all platforms; with
# UPGRADE= only what pyproject.toml asks for now and did not before. The second holds what it adds to the first.
UPGRADE ?= --upgrade
COMPILE := $(BIN)/uv pip compile --quiet $(UPGRADE) --universal --generate-hashes --python-version 3.11 --custom-compile-command 'make lock'
lock:
	$(BIN)/$(PIP) --require-hashes -r requirements-uv.lock
	$(COMPILE) pyproject.toml --extra test -o requirements.lock
	$(COMPILE) pyproject.toml --extra cluster --constraint requirements.lock -o requirements-cluster.lock \
	    $$(sed -n 's/^\([a-z0-9._-]*\)==.*/--no-emit-package \1/p' requirements.lock)
	sed -i -e '/^# The following packages were excluded/,$$d' -e '/^$$/d' requirements-cluster.lock
	$(COMPILE) requirements-docs.in -o requirements-docs.lock
	echo uv | $(COMPILE) - -o requirements-uv.lock
