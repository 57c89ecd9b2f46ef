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
# linear memory, hence the small stack and as few pages as do. Without a libc, memset has to be memory.fill. -Qn leaves the compiler's version out of the file.
build_c() {
  local name=$1 bytes=$((${2:-1} * 65536))
  "$clang" --target=wasm32-unknown-unknown -std=c11 -O2 -Wall -Wextra -Werror -mbulk-memory -ffreestanding -nostdlib -Qn \
    -ffp-contract=off -c -o "$objects/$name.o" "$name/$name.c"
  "$wasm_ld" --no-entry --stack-first -z stack-size=4096 --initial-memory="$bytes" --max-memory="$bytes" \
    -o "$output/$name.wasm" "$objects/$name.o"
}

build_wat() {
  node ../node_modules/wabt/bin/wat2wasm --debug-names -o "$output/$1.wasm" "$1/$1.wat"
}

build_assemblyscript() {
  (cd "$1" && node ../../node_modules/assemblyscript/bin/asc.js "$1.ts" -O3 --runtime stub --use abort= --debug -o "$output/$1.wasm")
}

# Bytes depend on the compiler and its standard library: the committed module is of Debian 13's rustc and libstd-rust-dev-wasm32,
# and any other Rust leaves it as it is. RUSTC and CARGO name tools that are not on PATH.
build_rust() {
  local name=$1 target=wasm32-unknown-unknown rustc=${RUSTC:-rustc} version
  version=$("$rustc" --version 2>/dev/null || true)
  if [ "$version" != "rustc 1.85.1 (4eb161250 2025-03-15) (built from a source tarball)" ] || [ ! -d "$("$rustc" --print sysroot)/lib/rustlib/$target" ]; then
    echo "build.sh: $name.wasm is not rebuilt: needs Debian 13's rustc with $target, not ${version:-none}" >&2
    [ "$output/$name.wasm" -ef "wasm/$name.wasm" ] || cp "wasm/$name.wasm" "$output/$name.wasm"
    return
  fi
  CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$wasm_ld \
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-C link-arg=-zstack-size=16384 -C link-arg=--initial-memory=65536 -C link-arg=--max-memory=65536 --remap-path-prefix=$HOME=" \
    "${CARGO:-cargo}" build --quiet --release --locked --target "$target" --target-dir "$objects" --manifest-path "$name/Cargo.toml"
  cp "$objects/$target/release/${name}_example.wasm" "$output/$name.wasm"
}

build_wat collatz
build_wat fib
build_c sha256
build_c nqueens
build_c montecarlo
build_c float32
build_c json
build_c jsontree
build_c loop
build_c xxhash 2
build_c quicksort 2
build_c lz4 4
build_assemblyscript mandelbrot
build_rust pbkdf2

# wasm-ld marks its output executable.
chmod 644 "$output"/*.wasm
