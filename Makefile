# Every target first brings the machine to where it can do it; scripts/ says how.
.PHONY: setup run watch watch-test test bare test-clients test-clerk e2e model bench bench-warden warden-kills build fmt lint

setup:
	@scripts/setup rust site database browser watch

run:
	@scripts/setup rust site database
	@scripts/run

watch:
	@scripts/setup rust site database watch
	@scripts/watch

watch-test:
	@scripts/setup rust site database browser watch
	@scripts/watch-test

test:
	@scripts/setup
	@scripts/test

# The program without the simulated providers and the warden: other features, so crates of others are compiled anew.
bare:
	@scripts/setup rust
	@cargo clippy --locked --package server --no-default-features -- -D warnings

test-clients:
	@scripts/test-clients 600

test-clerk:
	@scripts/test-clerk
	@scripts/test-clerk long

e2e:
	@scripts/setup
	@scripts/e2e

model:
	@scripts/setup rust database
	@scripts/model

bench:
	@scripts/setup
	@scripts/build release
	@bench/run

bench-warden:
	@scripts/setup rust database
	@bench/run-warden

warden-kills:
	@scripts/setup rust database
	@WARDEN_KILLS=500 cargo test --test run killed -- --nocapture

build:
	@scripts/setup rust site
	@scripts/build release

fmt:
	@scripts/setup rust
	@cargo fmt --all

lint:
	@scripts/setup rust
	@scripts/lint
