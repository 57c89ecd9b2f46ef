import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { base64ToBytes, bytesFields, bytesToBase64 } from "../../protocol/bytes.ts";
import { notifications, requests } from "../../protocol/messages.ts";
import { decodeMessagePack, encodeMessagePack } from "../../protocol/msgpack.ts";

interface Fixture {
  readonly name: string;
  /** In both forms of the message a field of bytes is written `{"$bytes": base64}`. */
  readonly message: unknown;
  readonly json: string;
  readonly msgpackHex: string;
}

const directory = join(import.meta.dirname, "../../protocol/fixtures");
const fixtures: readonly Fixture[] = readdirSync(directory)
  .filter((file) => file.endsWith(".json"))
  .map((file) => JSON.parse(readFileSync(join(directory, file), "utf8")));

/** A response does not name its method; its fixture's name begins with it. */
function methodOf({ name, message }: Fixture): string | undefined {
  const named = (message as { method?: string }).method;
  return named ?? requests.find(({ method }) => name.startsWith(`${method.replace("/", "-")}-response`))?.method;
}

test("there are fixtures for every request of the catalogue", () => {
  const named = new Set(fixtures.map(({ message }) => (message as { method?: string }).method));
  for (const { method } of requests) assert.ok(named.has(method), method);
});

for (const fixture of fixtures) {
  const withBytes = mapBytes(fixture.message, (base64) => new Uint8Array(Buffer.from(base64, "base64")));

  test(`${fixture.name}: MessagePack bytes decode to the message`, () => {
    assert.deepEqual(decodeMessagePack(Buffer.from(fixture.msgpackHex, "hex")), withBytes);
  });

  test(`${fixture.name}: the message encodes to exactly these MessagePack bytes`, () => {
    assert.equal(Buffer.from(encodeMessagePack(withBytes)).toString("hex"), fixture.msgpackHex);
  });

  test(`${fixture.name}: the JSON body is the message with base64 strings`, () => {
    assert.deepEqual(
      JSON.parse(fixture.json),
      mapBytes(fixture.message, (base64) => base64),
    );
  });

  const method = methodOf(fixture);
  const [field, part] =
    "params" in (withBytes as object) ? (["params", "parameters"] as const) : (["result", "result"] as const);
  if (method !== undefined) {
    test(`${fixture.name}: the table of Bytes fields finds every one of the message's`, () => {
      const bytes = (withBytes as Record<string, unknown>)[field];
      const base64 = JSON.parse(fixture.json)[field];
      assert.deepEqual(bytesToBase64(method, part, bytes), base64);
      assert.deepEqual(base64ToBytes(method, part, base64), bytes);
    });
  }
}

test("the table of Bytes fields names only methods of the catalogue", () => {
  const methods = new Set<string>([...requests, ...notifications].map(({ method }) => method));
  for (const method of Object.keys(bytesFields)) assert.ok(methods.has(method), method);
});

function mapBytes(value: unknown, convert: (base64: string) => unknown): unknown {
  if (Array.isArray(value)) return value.map((element) => mapBytes(element, convert));
  if (typeof value !== "object" || value === null) return value;
  if ("$bytes" in value) return convert(String(value.$bytes));
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, mapBytes(field, convert)]));
}
