# Every target works from a fresh clone; `make help` lists them.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
LINKS  := build/import-root/byline
PARTS  := node precompiles rpc derivation
KERNEL_SOURCES := $(shell find $(PARTS) -name '*.pyx' -o -name '*.pxd')
BUILD_KERNELS = flock build/.lock env BYLINE_KERNELS="$(KERNELS)" $(BIN)/python setup.py --quiet build_ext --inplace --parallel 2
NPM_INSTALL := npm install --no-audit --no-fund --loglevel=error --prefix
# Hardhat 3 and its tools want Node 22, whatever Node the machine has.
NPM_INSTALL_22 := PATH="$(CURDIR)/build/clients/node_modules/.bin:$$PATH" $(NPM_INSTALL)
# The address sanitizer keeps what is freed, so tests that weigh memory are not for it.
SANITIZED := tests/unit/derivation/kernels tests/unit/node/evm tests/unit/precompiles
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help setup devnet demo test test-slow check lint type bench fuzz conformance differ sanitize contracts clients oracle ext links wheel wheel-check clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

devnet: build/.kernels  ## run the devnet: L1 on 8545, L2 on 9545 (ARGS="--data-dir DIR" ...)
	$(BIN)/byline up $(ARGS)

demo: build/.kernels build/.texts  ## pay the authors of real texts for a model's answers, end to end (ARGS="--texts python")
	$(BIN)/byline demo $(ARGS)

# The ontology is not ours to give: it is installed as its authors publish it.
build/.texts: $(VENV)/.stamp pyproject.toml
	@mkdir -p build
	@echo "installing the medical texts: the Human Phenotype Ontology, https://hpo.jax.org/app/license ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check $$(sed -n 's/^demo = \["\(.*\)"\]/\1/p' pyproject.toml) \
		&& touch $@ || echo "they cannot be had now: the demo takes Python's documentation instead"

setup: $(VENV)/.stamp links  ## create the virtual environment and install the project into it, editable

$(VENV)/.stamp: pyproject.toml setup.py
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV) (about a minute, once) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check 'setuptools>=80,<90' 'Cython>=3.1,<4'
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --editable '.[dev]'
	@touch $@

ext: $(VENV)/.stamp links  ## rebuild the compiled kernels (KERNELS="word ..." for those whose path holds a word)
	@$(BUILD_KERNELS)

build/.kernels: $(VENV)/.stamp $(KERNEL_SOURCES)
	@mkdir -p build
	@$(BUILD_KERNELS)
	@touch $@

links:
	@mkdir -p $(LINKS)
	@for part in $(PARTS); do ln -sfn ../../../$$part $(LINKS)/$$part; done

lint: $(VENV)/.stamp  ## style and imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

type: build/.kernels links  ## static types
	$(BIN)/mypy

test: build/.kernels links  ## the tests, without the slow ones
	$(BIN)/pytest -n 2 -m "not slow" $(ARGS)

test-slow: build/.kernels links  ## the slow tests alone
	$(BIN)/pytest -n 2 -m slow $(ARGS)

check: lint type test  ## style, types, tests

bench: build/.kernels  ## measure, with what `make clients` installs beside it (ARGS="view --quick")
	$(BIN)/byline bench $(ARGS)

fuzz: build/.kernels links  ## feed every decoder changed bytes, SECONDS each (10); saves what breaks one
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),10) $(ARGS)

conformance: build/.kernels links  ## run Ethereum's fixtures below FIXTURES (ENGINE=pyevm, ARGS="--only WORD --jobs N")
	$(BIN)/python -m tests.conformance $(FIXTURES) --engine $(or $(ENGINE),fast) $(ARGS)

differ: build/.kernels links  ## compare the engines on CASES (2000) random programs and blocks, from SEED (0) on
	$(BIN)/python -m tests.fuzz.execution --cases $(or $(CASES),2000) --seed $(or $(SEED),0) $(ARGS)

sanitize: $(VENV)/.stamp  ## run the tests of the kernels under the address and undefined-behaviour sanitizers
	tests/sanitized.sh $(abspath $(BIN))/python -m pytest -q -s -p no:cacheprovider -m "not slow" -k "not memory_behind" $(SANITIZED)
	tests/sanitized.sh $(abspath $(BIN))/python -m tests.fuzz.execution --cases $(or $(CASES),500) --jobs 2 $(ARGS)

contracts: $(VENV)/.stamp  ## compile the contracts and write their artefacts
	$(BIN)/python -m byline.node.contracts.build $(ARGS)

clients:  ## install viem, ethers, foundry, solc, Hardhat 3 and 2 (with their Node) from npm (1 GB), for tests and bench
	$(NPM_INSTALL) build/clients viem@2.57.0 ethers@6.17.0 solc@0.8.30 node@22 \
		@foundry-rs/anvil@1.7.1 @foundry-rs/cast@1.7.1 @foundry-rs/forge@1.7.1
	$(NPM_INSTALL_22) build/clients hardhat@3.18.0 @nomicfoundation/hardhat-network-helpers@3.0.11 \
		@nomicfoundation/hardhat-toolbox-viem@5.0.7 @nomicfoundation/hardhat-toolbox-mocha-ethers@3.0.7
	$(NPM_INSTALL_22) build/clients/hardhat2 hardhat@2.29.0 ethers@6.17.0 chai@4.5.0 \
		@nomicfoundation/hardhat-network-helpers@1.1.2 @nomicfoundation/hardhat-ethers@3.1.3 \
		@nomicfoundation/hardhat-chai-matchers@2.1.2

oracle: build/oracle/.stamp  ## install the execution specs of Ethereum and revm, for the tests that compare with them

build/oracle/.stamp:
	$(PYTHON) -m venv build/oracle
	build/oracle/bin/pip install --quiet --disable-pip-version-check ethereum-execution==2.20.0 pyrevm==0.3.7
	@touch $@

wheel: $(VENV)/.stamp  ## build the distribution
	rm -rf dist
	$(BIN)/python -m build --outdir dist

wheel-check: wheel  ## install the wheel elsewhere and run it there
	rm -rf build/elsewhere
	$(PYTHON) -m venv build/elsewhere/venv
	build/elsewhere/venv/bin/pip install --quiet --disable-pip-version-check dist/*.whl
	cd build/elsewhere && venv/bin/byline demo --questions 1

clean:  ## remove what the other targets made
	rm -rf build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis $(VENV)
	find $(PARTS) -name '*.so' -delete -o -name '*.c' -delete
