#!/bin/sh
# What the conformance suite runs as the client under test: every argument is handed on as it is.
here=$(cd "$(dirname "$0")/../.." && pwd)
PATH="$here/.runtime/node_modules/.bin:$PATH"
exec node --disable-warning=ExperimentalWarning "$here/packages/instar/src/main.ts" tuf-client "$@"
