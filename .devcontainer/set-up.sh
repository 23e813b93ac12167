#!/bin/sh
# What the image cannot hold, since it lies in the clone; then what there is. A machine that lacks a part works without it.
cd "$(dirname "$0")/.." || exit 1
export npm_config_yes=true
npx pnpm@12 install && npx pnpm@12 run build || exit 1
tooling/lavapipe/setup.sh
tooling/protocol-clients/setup.sh
npx pnpm@12 run native --optional
npx pnpm@12 run doctor
