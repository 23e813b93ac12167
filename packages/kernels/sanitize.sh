#!/bin/sh
# The crate's tests, or the one named, under the address sanitizer: every load and store of every kernel on this machine.
# The sanitizer is an unstable flag of the pinned compiler, which RUSTC_BOOTSTRAP lets it take.
set -eu
cd "$(dirname "$0")/crate"
host=$(rustc -vV | sed -n 's/^host: //p')
# Less to compile: the least optimisation that inlines.
RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address" CARGO_PROFILE_TEST_OPT_LEVEL=1 \
  cargo test --locked --features emulated --target "$host" --target-dir ../target/sanitize --test "${1:-*}"
