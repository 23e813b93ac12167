#!/bin/sh
# The crate's tests on an emulated aarch64: every kernel on NEON against plain loops in float64.
# Needs Debian's gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user; rustup brings the target itself.
set -eu
cd "$(dirname "$0")/crate"
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER='qemu-aarch64 -L /usr/aarch64-linux-gnu'
cargo test --release --locked --target aarch64-unknown-linux-gnu "$@"
