/** What a user of each package does with its module, as calls of its exports: one input for each instance, and everything that can be observed. */
import type { Effects, Machines } from "./machines.ts";

export interface Program {
  readonly memory: string;
  /** Where it needs more than a pool's default. */
  readonly memoryPages?: number;
  readonly effects: (log: Log) => Effects;
  readonly run: (machines: Machines) => Promise<unknown>;
}

/** What the imports were called with, by instance. */
export class Log {
  readonly entries = new Map<number, string[]>();

  add(instance: number, entry: string): void {
    const entries = this.entries.get(instance);
    if (entries === undefined) this.entries.set(instance, [entry]);
    else entries.push(entry);
  }
}

const encoder = new TextEncoder();
const none = (): readonly number[] => [];

function each<Item>(machines: Machines, make: (instance: number) => Item): Item[] {
  return Array.from({ length: machines.count }, (_, instance) => make(instance));
}

/** Text that compresses, of another length and content for each instance. */
export function textOfInstance(instance: number): Uint8Array {
  const words = ["burst", "tile", "lane", "fuel", "trap", "frame", "slice", "pool"];
  let text = "";
  for (let i = 0; i < 60 + instance * 37; i++) text += `${words[(i * (instance + 3) + (i >> 3)) % words.length]} ${i} `;
  return encoder.encode(text);
}

async function lengthsAndBytes(machines: Machines, pointers: readonly number[]): Promise<readonly Uint8Array[]> {
  const records = await machines.read(
    pointers,
    pointers.map(() => 8),
  );
  const views = records.map((bytes) => new DataView(bytes.buffer, bytes.byteOffset));
  return machines.read(
    views.map((view) => view.getUint32(0, true)),
    views.map((view) => view.getUint32(4, true)),
  );
}

/** As wasm-bindgen calls it: the results' address and length at a place on the module's stack. `options`: what compression takes behind the input. */
async function roundTrip(machines: Machines, options: readonly number[]): Promise<unknown> {
  const apply = async (
    name: string,
    inputs: readonly Uint8Array[],
    more: readonly number[] = [],
  ): Promise<readonly Uint8Array[]> => {
    const results = await machines.call("__wbindgen_add_to_stack_pointer", () => [-16]);
    const addresses = await machines.call("__wbindgen_malloc", (i) => [(inputs[i] as Uint8Array).length]);
    await machines.write(addresses, inputs);
    await machines.call(name, (i) => [
      results[i] as number,
      addresses[i] as number,
      (inputs[i] as Uint8Array).length,
      ...more,
    ]);
    const outputs = await lengthsAndBytes(machines, results);
    await machines.call("__wbindgen_add_to_stack_pointer", () => [16]);
    return outputs;
  };
  const compressed = await apply("compress", each(machines, textOfInstance), options);
  return { compressed, restored: await apply("decompress", compressed) };
}

/** Its exports have one letter: g constructors, h isError, i compressBound, m compress, r decompress, s malloc. */
async function zstd(machines: Machines): Promise<unknown> {
  await machines.call("g", none);
  const inputs = each(machines, textOfInstance);
  const lengths = inputs.map(({ length }) => length);
  const source = await machines.call("s", (i) => [lengths[i] as number]);
  await machines.write(source, inputs);
  const bound = await machines.call("i", (i) => [lengths[i] as number]);
  const target = await machines.call("s", (i) => [bound[i] as number]);
  const sizes = await machines.call("m", (i) => [
    ...[target, bound, source, lengths].map((values) => values[i] as number),
    3,
  ]);
  const compressed = await machines.read(target, sizes);
  const restored = await machines.call("s", (i) => [lengths[i] as number]);
  const back = await machines.call("r", (i) => [restored, lengths, target, sizes].map((values) => values[i] as number));
  return { sizes, compressed, back, restored: await machines.read(restored, lengths) };
}

const sources = [
  `import a, { b as c } from "./x.js"; export const d = 1; export default a; import("y" + c);`,
  `import * as all from 'm' with { type: "json" };\nexport * from "n"; export { q as r } from 'p'; /re/.test(\`\${import.meta.url}\`)`,
  `const x = 1 / 2; function f() { return import(/* c */ "z") } export { x, f as "string name" };`,
  `import { unfinished from "`,
];

async function lexer(machines: Machines): Promise<unknown> {
  await machines.call("_initialize", none);
  const texts = each(machines, (i) => `${sources[i % sources.length]} // ${i}`);
  const addresses = await machines.call("sa", (i) => [(texts[i] as string).length]);
  await machines.write(
    addresses,
    texts.map((text) => new Uint8Array(Buffer.from(text, "utf16le"))),
  );
  const found: unknown[] = [await machines.call("parse", none), await machines.call("e", none)];
  for (let i = 0; i < 8; i++) {
    for (const name of ["ri", "is", "ie", "ss", "se", "it", "ai", "id", "ip"])
      found.push(await machines.call(name, none));
  }
  for (let i = 0; i < 8; i++) {
    const records = await machines.call("re", none);
    found.push(
      records,
      await machines.read(
        records,
        records.map(() => 28),
      ),
    );
  }
  found.push(await machines.call("f", none), await machines.call("ms", none));
  return found;
}

const messages = [
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Name: value\r\n\r\nhello",
  "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n0\r\n\r\nHTTP/1.0 204 Next\r\n\r\n",
  "HTTP/1.1 abc\r\n\r\n",
  "HTTP/1.1 301 Moved\r\nLocation: /x\r\nConnection: close\r\n\r\nrest of it",
];
const responseType = 2;

async function llhttp(machines: Machines): Promise<unknown> {
  await machines.call("_initialize", none);
  const parsers = await machines.call("llhttp_alloc", () => [responseType]);
  const bytes = each(machines, (i) => encoder.encode(messages[i % messages.length]));
  const buffers = await machines.call("malloc", (i) => [(bytes[i] as Uint8Array).length]);
  await machines.write(buffers, bytes);
  const errors = await machines.call("llhttp_execute", (i) => [
    parsers[i] as number,
    buffers[i] as number,
    (bytes[i] as Uint8Array).length,
  ]);
  const found: unknown[] = [errors];
  for (const name of [
    "llhttp_finish",
    "llhttp_get_errno",
    "llhttp_get_error_pos",
    "llhttp_get_error_reason",
    "llhttp_get_status_code",
  ])
    found.push(await machines.call(name, (i) => [parsers[i] as number]));
  const reasons = found[4] as readonly number[];
  found.push(
    await machines.read(
      reasons,
      reasons.map((address) => (address === 0 ? 0 : 24)),
    ),
  );
  return found;
}

const llhttpEvents = [
  "on_message_begin",
  "on_url",
  "on_status",
  "on_header_field",
  "on_header_value",
  "on_headers_complete",
  "on_body",
  "on_message_complete",
];

/** Logs a call and answers it with `answer`. */
function logged(
  log: Log,
  name: string,
  answer: number | undefined,
): (instance: number, ...values: readonly number[]) => number | undefined {
  return (instance, ...values) => {
    log.add(instance, `${name}(${values.join(", ")})`);
    return answer;
  };
}

export const programs = {
  lz4: {
    memory: "memory",
    effects: (log: Log) => ({ __wbindgen_placeholder__: { __wbindgen_string_new: logged(log, "string_new", 36) } }),
    run: (machines: Machines) => roundTrip(machines, []),
  },
  brotli: {
    memory: "memory",
    memoryPages: 600,
    effects: (log: Log) => ({
      __wbindgen_placeholder__: {
        __wbindgen_is_undefined: logged(log, "is_undefined", 1),
        __wbindgen_is_object: logged(log, "is_object", 0),
        __wbindgen_string_new: logged(log, "string_new", 36),
        __wbindgen_error_new: logged(log, "error_new", 36),
        __wbindgen_json_serialize: logged(log, "json_serialize", undefined),
        __wbg_new_693216e109162396: logged(log, "new", 36),
        __wbg_stack_0ddaca5d1abfb52f: logged(log, "stack", undefined),
        __wbg_error_09919627ac0992f5: logged(log, "error", undefined),
        __wbindgen_object_drop_ref: logged(log, "object_drop_ref", undefined),
        __wbindgen_throw: logged(log, "throw", undefined),
      },
    }),
    // The options are `undefined`, which the package's glue keeps as object 128.
    run: (machines: Machines) => roundTrip(machines, [128]),
  },
  zstd: {
    memory: "f",
    effects: (log: Log) => ({
      a: {
        a: logged(log, "proc_exit", undefined),
        b: logged(log, "keepalive_clear", undefined),
        c: logged(log, "abort", undefined),
        d: logged(log, "setitimer", 0),
        e: logged(log, "resize_heap", 0),
      },
    }),
    run: zstd,
  },
  lexer: { memory: "memory", effects: () => ({}), run: lexer },
  llhttp: {
    memory: "memory",
    effects: (log: Log) => ({
      env: Object.fromEntries(llhttpEvents.map((name) => [`wasm_${name}`, logged(log, name, 0)])),
    }),
    run: llhttp,
  },
} satisfies Record<string, Program>;
