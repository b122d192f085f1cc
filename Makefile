# Thin: meson builds, and each script in tools/ says at its head what it does.
PREFIX ?= /usr/local
DESTDIR ?=

.PHONY: all demo check check-quick check-macos check-self bench fuzz fuzz-short install format clean

# build/bawn, after installing what is missing to build it
all:
	@tools/setup build
	@tools/build musl

# a tour of what bawn does, in a minute
demo: all
	@tools/demo

# every test and every linter; the last line holds the totals
check:
	@tools/setup check
	@tools/check

# the part of it that takes less than a minute
check-quick:
	@tools/setup check
	@tools/check quick

# compiled and linked for macOS, both processors
check-macos:
	@tools/setup check
	@tools/check-macos

# `make check` of a fresh clone, inside the sandbox that was just built:
# build/bawn run -P self-test --config profiles/self-test.toml -- make check
check-self: all
	@tools/check-self

# against its peers: ratios in one run
bench: all
	@bench/run

# an hour, or FUZZ_SECONDS, on each parser of untrusted text
fuzz:
	@tools/setup check
	@tools/fuzz $${FUZZ_SECONDS:-3600}

fuzz-short:
	@tools/setup check
	@tools/fuzz 20

install: all
	@tools/install "$(PREFIX)" "$(DESTDIR)"

format:
	@tools/format

clean:
	rm -rf build
