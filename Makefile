# The front door. What these rules do is in CMakePresets.json and tools/; each works without make as well.
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)

.DEFAULT_GOAL := help
.PHONY: help build test bench fuzz sweep demo web device device-cuts install check format coverage size sanitize mutate cross clean

## help: this list
help:
	@echo "make <target>, one of:"
	@sed -n 's/^## \([a-z-]*\): /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{printf "  %-11s %s\n", $$1, $$2}'

## build: the command build/dualbank and the Python package in build/python
build:
	@tools/setup build
	@mkdir -p build/logs
	@cmake --preset default >build/logs/configure.log || { cat build/logs/configure.log; exit 1; }
	@cmake --build --preset default --parallel $(JOBS) --target dualbank_command python_package dualbank_pages
	@echo "build/dualbank is the command; PYTHONPATH=build/python has the Python package."

## test: everything that must hold, in one run (about 10 minutes; installs what it needs when run as root)
test:
	@tools/setup test
	@tools/test

## bench: what updates cost a flash: dualbank, other updaters, and the least that is possible
bench:
	@tools/setup test
	@mkdir -p build/logs
	@cmake --preset default >build/logs/configure.log || { cat build/logs/configure.log; exit 1; }
	@cmake --build --preset default --parallel $(JOBS) --target dualbank_bench dualbank_command python_package >build/logs/bench.log || { cat build/logs/bench.log; exit 1; }
	@build/dualbank_bench
	@tools/bench_commands

## fuzz: the parsers and the engine's calls with random inputs, SECONDS (60) for each of the targets
fuzz:
	@tools/setup test
	@tools/fuzz --seconds $(or $(SECONDS),60)

## sweep: every power cut that is known, about 10 minutes
sweep:
	@$(MAKE) --no-print-directory build
	@build/dualbank sim --cut full --jobs $(JOBS)

## demo: a board's firmware updated in two slots, on a file, in plain words; leaves its files in build/demo
demo:
	@tools/setup demo
	@$(MAKE) --no-print-directory build
	@examples/demo/run

## web: the page that reads a dump, on http://localhost:8000 (PORT=...); the file alone works too
PORT ?= 8000
web:
	@tools/setup build web
	@$(MAKE) --no-print-directory build
	@tools/build_web
	@echo "http://localhost:$(PORT)/dualbank.html shows it until Ctrl-C."
	@python3 -m http.server --bind 127.0.0.1 --directory build/web $(PORT)

## device: an emulated RISC-V board: updated over its serial line, rolled back, cut off from its power; in plain words
device:
	@tools/setup device
	@$(MAKE) --no-print-directory build
	@tools/build_device riscv
	@examples/riscv_board/story

## device-cuts: 5,400 power cuts on the emulated board, in three ways (CUTS="in-guest --seed 1": as tests/device/cuts.py)
device-cuts:
	@tools/setup device
	@$(MAKE) --no-print-directory build
	@tools/build_device riscv
	@tests/device/cuts.py $(CUTS)

## install: command, man page, completions and library to PREFIX (/usr/local)
install: build
	@cmake --build --preset default --parallel $(JOBS) --target dualbank_sim
	@cmake --install build --prefix "$(PREFIX)" >build/logs/install.log || { cat build/logs/install.log; exit 1; }
	@echo "Installed to $(PREFIX)."

## check: the part of test that looks at the text: arrows, lengths, format, shell scripts, clang-tidy, cppcheck
check:
	@tools/setup test
	@mkdir -p build/logs
	@cmake --preset default >build/logs/configure.log || { cat build/logs/configure.log; exit 1; }
	@tools/test rules tidy cppcheck

## format: clang-format over every C++ file
format:
	@tools/check_format --fix

## coverage: which lines of formats and engine no test runs
coverage:
	@tools/setup test
	@tools/test asan coverage
	@echo "Line by line: build-asan/coverage.txt"

## size: bytes of flash, RAM and stack on three cores, against tests/cross/size_budget.txt
size: cross

## cross: the same, and that nothing undefined is needed
cross:
	@tools/setup test
	@tools/check_cross

## sanitize: the tests under address and undefined-behaviour sanitizers
sanitize:
	@tools/setup test
	@tools/test asan

## mutate: 50 and more faults put into the engine one by one; each must be found (about 10 minutes)
mutate:
	@tools/setup test
	@tools/mutate --jobs $(JOBS)

## clean: remove every build folder
clean:
	@rm -rf build build-*
