#!/bin/sh
# Installs tritonclient and kserve's client where the tests look for them: a Python environment in node_modules/.cache.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$here/../../node_modules/.cache/protocol-clients
[ -f "$folder/done" ] && cmp -s "$folder/done" "$here/requirements.txt" && exit
rm -rf "$folder"
mkdir -p "$(dirname "$folder")"
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
cp "$here/requirements.txt" "$folder/done"
