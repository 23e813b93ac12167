#!/bin/sh
# The crate's tests, or the one named, on an emulated aarch64: NEON's kernels against plain loops in float64 on a CPU with
# float16, bfloat16 and dot products, those of float16 on one whose products of float16 are float16, too, and what is refused on one
# without.
# Needs Debian's gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user; rustup brings the target itself.
set -eu
cd "$(dirname "$0")/crate"
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER='qemu-aarch64 -L /usr/aarch64-linux-gnu'
# An emulated CPU is slow: NEON alone, and nothing that the other tests check already.
export RESIDUAL_KERNELS_ISA=neon CARGO_PROFILE_TEST_OVERFLOW_CHECKS=false
run() { # QEMU's name of the CPU, the tests, and after -- parts of names
  cpu="$1"
  shift
  tests=''
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    tests="$tests --test $1"
    shift
  done
  QEMU_CPU="$cpu" cargo test --locked --target aarch64-unknown-linux-gnu $tests "$@"
}
if [ $# -gt 0 ]; then
  run max "$@"
else
  # Not `schedule`: threads that wait by spinning get nowhere for minutes where a CPU is emulated.
  run max convolution operations packed precision resnet training
fi
run neoverse-n1 precision resnet -- float16 what_an_arm_cpu resnet20
run cortex-a72 precision -- what_
