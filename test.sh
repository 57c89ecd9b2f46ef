#!/usr/bin/env bash
# Sets everything up and runs every check and test; stops at the first stage that fails and names it.
# ./test.sh --only STAGE runs one stage (may be repeated): format, lint, types, examples, node, swift, cuda, gate.
set -euo pipefail
cd "$(dirname "$0")"

all_stages="format lint types examples node swift cuda gate"
stages=
while [ $# -gt 0 ]; do
  case "$1" in
    --only)
      case " $all_stages " in
        *" ${2:-} "*) stages="$stages $2" ;;
        *) echo "test.sh: --only takes one of: $all_stages" >&2; exit 2 ;;
      esac
      shift 2
      ;;
    *) echo "usage: ./test.sh [--only STAGE]…, stages: $all_stages" >&2; exit 2 ;;
  esac
done

. scripts/setup.sh
setup

tools=node_modules/.bin
swift_sources="host-swift/Package.swift host-swift/Sources host-swift/Tests"

stage_format() {
  "$tools/biome" check --linter-enabled=false
  if [ "$swift_ready" = yes ]; then swift format lint --strict --parallel --recursive $swift_sources; fi
}

stage_lint() {
  "$tools/biome" lint --error-on-warnings
  "$tools/oxlint" --type-aware compiler-ts protocol test bench
}

# As it is published, too: declarations can need types that nobody can name.
stage_types() {
  "$tools/tsc" --noEmit
  "$tools/tsc" -p tsconfig.build.json --noEmit
}

# The committed modules are what their sources give; only the compiler that built them gives the same bytes.
stage_examples() {
  if [ "$(uname)" != Linux ] || [ "$swift_ready" = no ]; then
    echo "skipped: needs the clang of Swift 6.0 for Linux"
    return
  fi
  local rebuilt
  rebuilt=$(mktemp -d)
  trap "rm -rf '$rebuilt'" EXIT
  examples/build.sh "$rebuilt"
  diff -r examples/wasm "$rebuilt"
}

stage_node() {
  find test -name '*.test.ts' -print0 | xargs -0 node --import tsx --test --test-reporter=spec
}

stage_swift() {
  if [ "$swift_ready" = no ]; then
    echo "skipped: there is no Swift on this machine"
    return
  fi
  ensure_nvrtc
  # It opens its builtins by name, and pip's folder is on no loader's path.
  if [ -n "$nvrtc" ]; then export WASMBURST_NVRTC="$nvrtc" LD_LIBRARY_PATH="$(dirname "$nvrtc"):${LD_LIBRARY_PATH:-}"; fi
  swift test --package-path host-swift --disable-xctest
}

# Registers of the kernels on NVIDIA GPUs; skips itself where NVRTC cannot be had. A Swift older than 6 is on PATH, but cannot build the tool.
stage_cuda() {
  if [ "$swift_ready" = no ]; then
    echo "skipped: there is no Swift on this machine"
    return
  fi
  ensure_nvrtc
  npm run --silent check:cuda
}

# As it is published: the loader of the tests costs the compiler a tenth of its time.
stage_gate() {
  node_modules/.bin/tsc -p bench/tsconfig.json || return
  mkdir -p .cache/bench/compiler-ts/src/msl && cp -R compiler-ts/src/msl/runtime .cache/bench/compiler-ts/src/msl/ || return
  node .cache/bench/bench/compile.js --gate
}

mkdir -p .cache/test
for stage in ${stages:-$all_stages}; do
  log=.cache/test/$stage.log
  start=$SECONDS
  # Not within an `if`: there bash ignores -e, and a stage would end with its last command's status alone.
  set +e
  (
    set -e
    "stage_$stage"
  ) >"$log" 2>&1
  status=$?
  set -e
  if [ $status -ne 0 ]; then
    tail -n 120 "$log"
    # Tests run at once: one that failed may be far from the end.
    grep -E '^ *(✘|✖|not ok)' "$log" | grep -v skipped | tail -n 40 || true
    printf '\ntest.sh: stage %s failed (all of its output: %s)\n' "$stage" "$log"
    exit 1
  fi
  printf '%-8s ok, %s s\n' "$stage" "$((SECONDS - start))"
  grep -h '^skipped: ' "$log" || true
  case $stage in
    node) grep -E '^(ℹ|#) (tests|pass|fail|skipped) ' "$log" | tail -n 4 ;;
    swift) grep -E 'Test run with' "$log" || true ;;
    cuda | gate) tail -n 1 "$log" | grep -v '^skipped: ' || true ;;
  esac
done
echo "All stages passed."
