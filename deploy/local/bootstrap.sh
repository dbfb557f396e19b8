#!/usr/bin/env bash
# Makes .venv from requirements.lock (every file checked by its hash) and links the packages named as arguments.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

fail() { printf 'bootstrap: %s\n' "$1" >&2; exit 1; }

python=${PYTHON:-python3}
command -v "$python" >/dev/null || fail "no $python found. Install it: apt-get install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version) is too old, 3.11 or newer is needed. Name another one: make PYTHON=/path/to/python3.11 …"
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "Python's venv module is missing. Install it: apt-get install python3-venv"

if ! [ -x .venv/bin/python ] || ! .venv/bin/python -c '' 2>/dev/null; then
    echo "1/3 making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi
echo "2/3 installing $(grep -cE '^[a-z].*==' requirements.lock) pinned packages (about 20 s the first time)"
installer=$(mktemp)
trap 'rm -f "$installer"' EXIT
awk '/^uv==/ {found = 1} found {print} found && !/\\$/ {exit}' requirements.lock >"$installer"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$installer" ||
    fail "the package installer could not be fetched. Is there a network to the Python package registry?"
.venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r requirements.lock ||
    fail "a package could not be installed; the message above names it"
echo "3/3 linking Incognita's own packages"
editable=()
for package in "$@"; do editable+=(-e "$package"); done
.venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation "${editable[@]}"
