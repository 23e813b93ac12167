#!/bin/sh
# The crate's tests under the address sanitizer: every load and store of every kernel on this machine.
# The sanitizer is an unstable flag of the pinned compiler, which RUSTC_BOOTSTRAP lets it take.
set -eu
cd "$(dirname "$0")/crate"
host=$(rustc -vV | sed -n 's/^host: //p')
# Less to compile: nobody builds on it, and line numbers are enough.
export CARGO_INCREMENTAL=0 CARGO_PROFILE_TEST_DEBUG=line-tables-only
RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address" \
  cargo test --locked --features emulated --target "$host" --target-dir ../target/sanitize --test "*" "$@"
