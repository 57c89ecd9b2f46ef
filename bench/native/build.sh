#!/usr/bin/env bash
# Builds bench/native to target/native-baseline. ARCH is what the code may use: native, or the like of x86-64-v4 for another machine.
# CC names another clang.
set -euo pipefail
cd "$(dirname "$0")"
clang=${CC:-clang}
mkdir -p target

# Results are compared bit for bit, so multiplications and additions stay apart.
flags=(-std=gnu11 -O3 "-march=${ARCH:-native}" -ffp-contract=off -fno-math-errno -Wall -Wextra -Wno-unknown-attributes -pthread)
objects=()
for source in ../../examples/*/*.c; do
  name=$(basename "$source" .c)
  # Exports of several programs have the same names.
  mapfile -t renamed < <(sed -n "s/^EXPORT(\([a-z0-9_]*\)).*/-D\1=${name}_\1/p" "$source")
  # Addresses are 32-bit in wasm only; no job asks for one.
  "$clang" "${flags[@]}" -Wno-pointer-to-int-cast "${renamed[@]}" -c -o "target/$name.o" "$source"
  objects+=("target/$name.o")
done
"$clang" "${flags[@]}" -static -o target/native-baseline main.c rounds.c ports.c "${objects[@]}" -lm
