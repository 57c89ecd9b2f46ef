#!/usr/bin/env bash
# Builds bench/handwritten to target/handwritten-baseline. Needs neither CUDA nor its headers: driver and NVRTC are opened at run time,
# so the binary is dynamic, and runs where glibc is at least this machine's. CC names another compiler.
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p target
"${CC:-cc}" -std=gnu11 -O2 -Wall -Wextra -Werror -o target/handwritten-baseline main.c gpu.c nvrtc.c sources.c ../native/rounds.c -ldl
