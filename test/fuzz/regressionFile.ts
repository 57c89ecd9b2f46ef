/**
 * Regressions: WebAssembly text whose first lines are comments; one says which calls to make:
 * `;; calls: [{"name": "f0", "arguments": [["1", "2.5"], …one list an instance]}]`, values as in jobs files.
 */
import { readFileSync } from "node:fs";
import { parseValue, valueToJson } from "../../compiler-ts/src/valueText.ts";
import { assemble } from "../wasm/support.ts";
import { type Case, interfaceOf } from "./observe.ts";
import type { Finding } from "./search.ts";

const marker = ";; calls: ";

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
  return `${found}\n${marker}${JSON.stringify(calls)}\n${text}`;
}

export function readRegression(file: URL): Case {
  const text = readFileSync(file, "utf8");
  const line = text.split("\n").find((candidate) => candidate.startsWith(marker));
  if (line === undefined) throw new Error(`${file.pathname} has no line "${marker.trim()} …"`);
  const bytes = assemble(text);
  const { functions } = interfaceOf(bytes);
  const calls = (JSON.parse(line.slice(marker.length)) as readonly WrittenCall[]).map((call) => {
    const type = functions.get(call.name);
    if (type === undefined) throw new Error(`${file.pathname} has no exported function ${call.name}`);
    const lists = call.arguments.map((values) =>
      values.map((value, index) => parseValue(type.parameters[index] ?? "i32", value, call.name)),
    );
    return { name: call.name, arguments: lists };
  });
  return { bytes, instances: calls[0]?.arguments.length ?? 1, calls };
}
