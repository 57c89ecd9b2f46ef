#!/usr/bin/env bash
# The clang++ beside Swift, or on PATH, without optimization: a search for faults of our own passes gets through four times as many modules.
swift=$(readlink -f "$(command -v swift || true)" || true)
clang=$(dirname "$swift")/clang++
[ -x "$clang" ] || clang=clang++
exec "$clang" "$@" -O0
