/** Expected text beside its input. `BLESS=1` writes it; the diff is reviewed. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";

export function assertGolden(file: URL, actual: string): void {
  if (process.env.BLESS === "1") {
    writeFileSync(file, actual);
    return;
  }
  assert.ok(existsSync(file), `${file.pathname} is missing: run the test once with BLESS=1 and review it`);
  assert.equal(
    actual,
    readFileSync(file, "utf8"),
    `${file.pathname} differs; after a review, BLESS=1 accepts the new text`,
  );
}
