#!/bin/sh
# Installs tritonclient and kserve's client where the tests look for them: a Python environment in node_modules/.cache. What they bring
# is pinned too: constraints.txt is `pip freeze` of such an environment.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$here/../../node_modules/.cache/protocol-clients
wanted=$(cat "$here/requirements.txt" "$here/constraints.txt")
[ -f "$folder/done" ] && [ "$(cat "$folder/done")" = "$wanted" ] && exit
rm -rf "$folder"
mkdir -p "$(dirname "$folder")"
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt" \
  --constraint "$here/constraints.txt"
echo "$wanted" >"$folder/done"
