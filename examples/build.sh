#!/usr/bin/env bash
# Rebuilds examples/wasm from the sources, byte for byte the same with the same tools: clang 17 of Swift 6.0, and the
# AssemblyScript and wabt of package-lock.json. CLANG and WASM_LD name other tools; `build.sh FOLDER` writes there instead.
set -euo pipefail
output=${1:-$(dirname "$0")/wasm}
mkdir -p "$output"
output=$(cd "$output" && pwd)
cd "$(dirname "$0")"

# The C programs need a clang with the WebAssembly target and its linker: the open source Swift toolchain has both.
toolchain() {
  local tool=$1 swift
  swift=$(readlink -f "$(command -v swift || true)" || true)
  if [ -n "$swift" ] && [ -x "$(dirname "$swift")/$tool" ]; then
    printf '%s' "$(dirname "$swift")/$tool"
  else
    command -v "$tool" || { echo "build.sh: no $tool beside swift or on PATH" >&2; exit 1; }
  fi
}
clang=${CLANG:-$(toolchain clang)}
wasm_ld=${WASM_LD:-$(toolchain wasm-ld)}

objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT

# Compile and link apart: `clang` alone would run whatever wasm-opt is on PATH. A device gives every instance its own
# linear memory, hence the small stack and the single page. Without a libc, memset has to be memory.fill. -Qn leaves the compiler's version out of the file.
build_c() {
  local name=$1
  "$clang" --target=wasm32-unknown-unknown -std=c11 -O2 -Wall -Wextra -Werror -mbulk-memory -ffreestanding -nostdlib -Qn \
    -ffp-contract=off -c -o "$objects/$name.o" "$name/$name.c"
  "$wasm_ld" --no-entry --stack-first -z stack-size=4096 --initial-memory=65536 --max-memory=65536 \
    -o "$output/$name.wasm" "$objects/$name.o"
}

build_wat() {
  node ../node_modules/wabt/bin/wat2wasm --debug-names -o "$output/$1.wasm" "$1/$1.wat"
}

build_assemblyscript() {
  (cd "$1" && node ../../node_modules/assemblyscript/bin/asc.js "$1.ts" -O3 --runtime stub --use abort= --debug -o "$output/$1.wasm")
}

build_wat collatz
build_wat fib
build_c sha256
build_c nqueens
build_c montecarlo
build_c json
build_assemblyscript mandelbrot

# wasm-ld marks its output executable.
chmod 644 "$output"/*.wasm
