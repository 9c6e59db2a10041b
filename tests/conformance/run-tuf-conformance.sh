#!/bin/sh
# Runs the public TUF conformance suite against `instar tuf-client`. Needs git, Python 3.10 or newer with venv, the network, and, for what is about
# expiry, the program `faketime`. Arguments are handed to pytest: -k <words>, -x.
#
#   TUF_CONFORMANCE_SOURCE   where git fetches the suite from (default: its home on GitHub)
set -eu

# The suite is no package of PyPI, so it is pinned by its commit, and what it needs by its own versions.
commit=eec841c186f81f2d9d8d30460c7e7deefa615f9e
source=${TUF_CONFORMANCE_SOURCE:-https://github.com/theupdateframework/tuf-conformance.git}
here=$(cd "$(dirname "$0")" && pwd)

# Without it the suite's tests on expiry would fail for a reason that is not the client's.
command -v faketime >/dev/null || { echo "the program faketime is missing (Debian: apt-get install faketime)" >&2; exit 2; }

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
trap 'exit 1' INT TERM
git init --quiet "$place/suite"
git -C "$place/suite" fetch --quiet --depth 1 "$source" "$commit"
git -C "$place/suite" checkout --quiet FETCH_HEAD
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check -e "$place/suite"
"$place/venv/bin/pytest" -q -p no:cacheprovider "$place/suite/tuf_conformance" --entrypoint "$here/entrypoint.sh" "$@"
