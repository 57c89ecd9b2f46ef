/**
 * Regressions: WebAssembly text whose first lines are comments; one says which calls to make:
 * `;; calls: [{"name": "f0", "arguments": [["1", "2.5"], …one list an instance]}]`, values as in jobs files. Where another has
 * `;; copies: 512`, each instance is there so many times.
 */
import { readFileSync } from "node:fs";
import { parseValue, valueToJson } from "../../compiler-ts/src/valueText.ts";
import { assemble } from "../wasm/support.ts";
import { type Case, interfaceOf } from "./observe.ts";
import type { Finding } from "./search.ts";

const marker = ";; calls: ";
const copiesMarker = ";; copies: ";

interface WrittenCall {
  readonly name: string;
  readonly arguments: readonly (readonly unknown[])[];
}

export function regressionText({ profile, message, case: item, text }: Finding): string {
  const { functions } = interfaceOf(item.bytes);
  const calls = item.calls.map((call): WrittenCall => {
    const { parameters = [] } = functions.get(call.name) ?? {};
    const lists = call.arguments.map((values) =>
      parameters.map((type, index) => valueToJson(type, values[index] ?? null)),
    );
    return { name: call.name, arguments: lists };
  });
  const found = `;; Found with profile ${profile}: ${message.replaceAll("\n", " ")}`;
  const copies = item.copies === 1 ? "" : `${copiesMarker}${item.copies}\n`;
  return `${found}\n${copies}${marker}${JSON.stringify(calls)}\n${text}`;
}

export function readRegression(file: URL): Case {
  const text = readFileSync(file, "utf8");
  const after = (start: string) =>
    text
      .split("\n")
      .find((line) => line.startsWith(start))
      ?.slice(start.length);
  const written = after(marker);
  if (written === undefined) throw new Error(`${file.pathname} has no line "${marker.trim()} …"`);
  const bytes = assemble(text);
  const { functions } = interfaceOf(bytes);
  const calls = (JSON.parse(written) as readonly WrittenCall[]).map((call) => {
    const type = functions.get(call.name);
    if (type === undefined) throw new Error(`${file.pathname} has no exported function ${call.name}`);
    const lists = call.arguments.map((values) =>
      values.map((value, index) => parseValue(type.parameters[index] ?? "i32", value, call.name)),
    );
    return { name: call.name, arguments: lists };
  });
  const copies = Number(after(copiesMarker) ?? 1);
  if (!Number.isSafeInteger(copies) || copies < 1) throw new Error(`${file.pathname}: "${copiesMarker}" takes a count`);
  return { bytes, instances: calls[0]?.arguments.length ?? 1, copies, calls };
}
