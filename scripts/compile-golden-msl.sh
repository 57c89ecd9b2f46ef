#!/usr/bin/env bash
# macOS with Xcode: every expected MSL text of the tests goes through Apple's own compiler. Names the ones it refuses.
set -uo pipefail
cd "$(dirname "$0")/.."

count=0
refused=0
while IFS= read -r text; do
  count=$((count + 1))
  if ! xcrun --sdk macosx metal -x metal -std=metal3.0 -c "$text" -o /dev/null; then
    echo "refused: $text" >&2
    refused=$((refused + 1))
  fi
done < <(find test -name '*.expected.msl')
echo "$count texts compiled, $refused refused"
[ "$count" -gt 0 ] && [ "$refused" -eq 0 ]
