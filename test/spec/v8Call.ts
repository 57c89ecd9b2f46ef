/**
 * Calls an exported function with exact bits. The JavaScript API knows no v128 and may change NaNs, so a small module
 * stands between: it reads the arguments from its memory, calls, and writes the results there. Only references are
 * passed through JavaScript.
 */
import { wordsOf } from "../../compiler-ts/src/metadata.ts";
import type { FunctionType, ValueType } from "../../compiler-ts/src/wasm/module.ts";
import { assemble } from "../wasm/support.ts";

const resultsAt = 32_768;

/** Passed through as they are: null, or for externref the number that stands for a host object. */
type Reference = unknown;

const adapters = new Map<string, WebAssembly.Module>();

export class ExactFunction {
  private readonly type: FunctionType;
  private readonly memory: WebAssembly.Memory;
  private readonly call: (...references: Reference[]) => Reference;

  constructor(target: WebAssembly.ImportValue, type: FunctionType) {
    this.type = type;
    const instance = new WebAssembly.Instance(adapterOf(type), { "": { target } });
    this.memory = instance.exports.memory as WebAssembly.Memory;
    // An exported function has whatever parameters its module gives it: the declared type is `Function`.
    this.call = instance.exports.call as unknown as (...references: Reference[]) => Reference;
  }

  /** Record in, record out. What the call throws comes through. */
  invoke(words: Uint32Array): Uint32Array {
    const argumentWords = new Uint32Array(this.memory.buffer, 0, words.length);
    argumentWords.set(words);
    const parameters = places(this.type.parameters).filter((place) => isReference(place.type));
    const returned = this.call(...parameters.map(({ word }) => (words[word] === 0 ? null : words[word])));
    const results = places(this.type.results);
    const total = results.reduce((sum, place) => sum + wordsOf(place.type), 0);
    const record = new Uint32Array(this.memory.buffer, resultsAt, total).slice();
    const references = results.filter((place) => isReference(place.type));
    const values = references.length > 1 ? (returned as Reference[]) : [returned];
    references.forEach(({ type, word }, index) => {
      const value = values[index];
      record[word] = value === null ? 0 : type === "externref" ? Number(value) : 1;
    });
    return record;
  }
}

interface Place {
  readonly type: ValueType;
  readonly index: number;
  /** In the record. */
  readonly word: number;
}

function places(types: readonly ValueType[]): Place[] {
  let next = 0;
  return types.map((type, index) => {
    const word = next;
    next += wordsOf(type);
    return { type, index, word };
  });
}

function isReference(type: ValueType): boolean {
  return type === "funcref" || type === "externref";
}

/** One module for each signature. */
function adapterOf(type: FunctionType): WebAssembly.Module {
  const key = `${type.parameters.join(" ")} -> ${type.results.join(" ")}`;
  const known = adapters.get(key);
  if (known !== undefined) return known;
  const module = new WebAssembly.Module(assemble(adapterText(type)));
  adapters.set(key, module);
  return module;
}

function adapterText({ parameters, results }: FunctionType): string {
  const referencesOf = (types: readonly ValueType[]) => types.filter(isReference);
  let reference = 0;
  const push = places(parameters).map(({ type, word }) =>
    isReference(type) ? `local.get ${reference++}` : `(${type}.load (i32.const ${word * 4}))`,
  );
  const resultPlaces = places(results);
  const local = (index: number) => `$result${index}`;
  return `(module
    (import "" "target" (func $target (param ${parameters.join(" ")}) (result ${results.join(" ")})))
    (memory (export "memory") 1)
    (func (export "call") (param ${referencesOf(parameters).join(" ")}) (result ${referencesOf(results).join(" ")})
      ${resultPlaces.map(({ type, index }) => `(local ${local(index)} ${type})`).join(" ")}
      ${push.join(" ")}
      call $target
      ${resultPlaces
        .map(({ index }) => `local.set ${local(index)}`)
        .reverse()
        .join(" ")}
      ${resultPlaces
        .filter(({ type }) => !isReference(type))
        .map(
          ({ type, index, word }) => `(${type}.store (i32.const ${resultsAt + word * 4}) (local.get ${local(index)}))`,
        )
        .join(" ")}
      ${resultPlaces
        .filter(({ type }) => isReference(type))
        .map(({ index }) => `local.get ${local(index)}`)
        .join(" ")}))`;
}
