#!/usr/bin/env bash
# The main job on this machine: sets everything up, runs one module as 1,024 instances, then measures three examples
# against V8 on all cores. WASMBURST_DEVICE names the device (default: the best usable one).
set -euo pipefail
cd "$(dirname "$0")"
. scripts/setup.sh
setup

device=${WASMBURST_DEVICE:-auto}
if [ "$host_ready" = no ]; then device=v8; fi

echo '$ npx wasmburst run examples/wasm/collatz.wasm --invoke longest 1000 --instances 1024'
node dist/compiler-ts/src/cli.js run examples/wasm/collatz.wasm --invoke longest 1000 --instances 1024 --device "$device"
echo
node --import tsx bench/throughput.ts --device "$device" --programs collatz,sha256,mandelbrot
