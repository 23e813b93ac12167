#!/bin/sh
# The tests in the crate's tests/, or the one named, under the address sanitizer: what every kernel on this machine computes, and
# every load and store of it. Those of single functions, for which all kernels would be compiled once more, run without.
# The sanitizer is an unstable flag of the pinned compiler, which RUSTC_BOOTSTRAP lets it take.
set -eu
cd "$(dirname "$0")/crate"
host=$(rustc -vV | sed -n 's/^host: //p')
# Less to compile: the least optimisation that inlines.
export RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address" CARGO_PROFILE_TEST_OPT_LEVEL=1
[ $# -gt 0 ] && set -- --test "$1" || set -- --test '*'
cargo test --locked --features emulated --target "$host" --target-dir ../target/sanitize "$@"
