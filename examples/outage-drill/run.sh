#!/usr/bin/env bash
# Runs the drill with what `make build js` has built: bin/verifier.wasm and js/dist.
# Arguments go to the drill.
set -euo pipefail
cd "$(dirname "$0")"
for built in ../../bin/verifier.wasm ../../js/dist/index.js ../../js/verifier.wasm; do
	[ -e "$built" ] || { echo "outage-drill: ${built#../../} is not there: run make demo" >&2; exit 1; }
done
node page/build.mjs
# -trimpath, as make build has it: most packages are then compiled once for both.
go build -trimpath -ldflags='-s -w' -o ../../bin/outage-drill .
exec ../../bin/outage-drill -module ../../bin/verifier.wasm "$@"
