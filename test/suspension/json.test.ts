/** A parser by recursive descent in C, suspended at every turn: the output and the offsets of errors are V8's, and deep texts trap by name. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exampleBytes, instantiateExample } from "../examples/example.ts";
import { testedDevices, withPool } from "../support/devices.ts";

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

const texts: readonly string[] = [
  '{"a": [1, -2.5e+3, true, null], "b": {"c": "\\u00e9\\n\\"", "": {}}, "d": [[], [[0]]]}',
  ' [ 0.125 , {"k" : [ ] } , "x y" ] ',
  '{"a": [1, 2, }',
  '"not closed',
  "01",
  nested(40),
  `{"list": [${Array.from({ length: 60 }, (_, i) => `{"id": ${i}, "tags": ["t${i}", ${i % 2 === 0}]}`).join(", ")}]}`,
  "",
];

const bytes = exampleBytes("json");

/** Length, number of values, nesting, and what was written, on V8. */
function parsedOnV8(text: string) {
  const instance = instantiateExample("json");
  const call = (name: string, ...values: number[]) => Number(instance.exportedFunction(name)(...values));
  const encoded = Buffer.from(text);
  instance.memory().set(encoded, call("text_address"));
  const length = call("minify", encoded.length);
  const address = call("minified_address");
  const written = Buffer.from(instance.memory().subarray(address, address + Math.max(length, 0))).toString();
  return { length, values: call("value_count"), nesting: call("nesting"), written };
}

for (const device of testedDevices.filter((id) => id !== "v8")) {
  describe(`JSON on ${device}`, () => {
    for (const sliceFuel of [1, 7, 101, 10_000]) {
      test(`${texts.length} texts, ${sliceFuel} units a launch`, async () => {
        await withPool({ device, bytes, instances: texts.length }, async (pool) => {
          const numbers = async (name: string, given: readonly number[][] = texts.map(() => [])) =>
            (await pool.invoke(name, given, { sliceFuel })).map((result) => {
              if ("trap" in result) assert.fail(result.trap);
              return Number(result.values[0]);
            });
          const [textAddress = 0] = await numbers("text_address");
          const [minifiedAddress = 0] = await numbers("minified_address");
          for (const [instance, text] of texts.entries()) {
            await pool.memory.write(instance, textAddress, Buffer.from(text));
          }
          const lengths = await numbers(
            "minify",
            texts.map((text) => [Buffer.byteLength(text)]),
          );
          const counts = await numbers("value_count");
          const depths = await numbers("nesting");
          for (const [instance, text] of texts.entries()) {
            const length = lengths[instance] ?? 0;
            const written = await pool.memory.read(instance, minifiedAddress, Math.max(length, 0));
            const actual = {
              length,
              values: counts[instance],
              nesting: depths[instance],
              written: `${Buffer.from(written)}`,
            };
            assert.deepEqual(actual, parsedOnV8(text), text);
          }
        });
      });
    }

    test("a text nested too deeply ends its own instance only", async () => {
      await withPool({ device, bytes, instances: 2 }, async (pool) => {
        const address = Number(
          (await pool.invoke("text_address", [])).map((r) => ("values" in r ? r.values[0] : 0))[0],
        );
        const deep = [nested(5000), nested(50)];
        for (const [instance, text] of deep.entries()) await pool.memory.write(instance, address, Buffer.from(text));
        const results = await pool.invoke(
          "minify",
          deep.map((text) => [text.length]),
          { sliceFuel: 1000 },
        );
        assert.deepEqual(
          results.map((result) => ("trap" in result ? result.trap : result.values)),
          ["call stack exhausted", [100]],
        );
      });
    });
  });
}
