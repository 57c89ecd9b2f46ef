/** The session that README.md of the protocol shows, spoken to a host as it stands there, without our own client. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { compileModule } from "../../compiler-ts/src/compile.ts";
import { locateHost } from "../../compiler-ts/src/host/locate.ts";
import { profiles } from "../../compiler-ts/src/metadata.ts";
import { hostMissing } from "../support/host.ts";

const root = join(import.meta.dirname, "../..");
const lines = readFileSync(join(root, "protocol/README.md"), "utf8").match(/^ {4}[<>] .*$/gm) ?? [];
const { text, image, metadata } = compileModule(readFileSync(join(root, "examples/wasm/sha256.wasm")), {
  profile: profiles.cpu,
});
const placeholders: Readonly<Record<string, unknown>> = {
  TEXT: text,
  IMAGE: Buffer.from(image).toString("base64"),
  LAYOUT: metadata.layout,
};
const noDevice = process.platform === "linux" ? false : "the cpu device is Linux's";

test("the session in protocol/README.md", { skip: hostMissing || noDevice }, async () => {
  assert.ok(lines.length > 10);
  const host = spawn(locateHost(), { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(host, "exit");
  const bodies = readBodies(host);
  try {
    for (const line of lines) {
      const shown = line.slice("    > ".length);
      if (line.startsWith("    > ")) {
        const filled = shown.replace(/:([A-Z]+)\b/g, (_, name: string) => `:${JSON.stringify(placeholders[name])}`);
        const body = JSON.stringify({ jsonrpc: "2.0", ...JSON.parse(filled) });
        host.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
        continue;
      }
      const { value } = await bodies.next();
      const answer = String(value).replace('"jsonrpc":"2.0",', "");
      if (shown.endsWith("…")) assert.equal(answer.slice(0, shown.length - 1), shown.slice(0, -1));
      else assert.equal(answer, shown);
    }
    assert.deepEqual(await ended, [0, null]);
  } finally {
    host.kill("SIGKILL");
  }
});

async function* readBodies({ stdout }: ChildProcess): AsyncGenerator<string> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of stdout ?? []) {
    bytes = Buffer.concat([bytes, chunk]);
    for (;;) {
      const [header = "", length] = /^Content-Length: (\d+)\r\n\r\n/.exec(bytes.toString("latin1")) ?? [];
      const end = header.length + Number(length);
      if (length === undefined || bytes.length < end) break;
      yield bytes.toString("utf8", header.length, end);
      bytes = bytes.subarray(end);
    }
  }
}
