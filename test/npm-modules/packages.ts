/**
 * Modules of npm packages, or the reason why they are not there: some are large, so a checkout may do without. WASMBURST_NPM_MODULES names another `node_modules`
 * folder to look in.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

export type Found = { readonly bytes: Uint8Array } | { readonly missing: string };

export const packages = {
  lz4: () => file("lz4-wasm-nodejs", "./lz4_wasm_nodejs_bg.wasm"),
  zstd: () => file("@bokuweb/zstd-wasm", "./zstd.wasm"),
  brotli: () => file("brotli-wasm", "./pkg.node/brotli_wasm_bg.wasm"),
  sqlite: () => file("@sqlite.org/sqlite-wasm", "./sqlite-wasm/jswasm/sqlite3.wasm"),
  llhttp: () =>
    locate("undici", (entry) => new Uint8Array(createRequire(entry)("./lib/llhttp/llhttp-wasm.js") as Uint8Array)),
  lexer: lexerModule,
};

/** `path` is relative to the package's entry. */
function file(name: string, path: string): Found {
  return locate(name, (entry) => readFileSync(new URL(path, entry)));
}

function locate(name: string, load: (entry: string) => Uint8Array): Found {
  let entry: string;
  try {
    entry = import.meta.resolve(name);
  } catch {
    const folder = process.env.WASMBURST_NPM_MODULES;
    if (folder === undefined || !existsSync(`${folder}/${name}`)) return { missing: missing(name) };
    entry = pathToFileURL(`${folder}/${name}/entry.js`).href;
  }
  return { bytes: load(entry) };
}

function missing(name: string): string {
  return `the npm package ${name} is not installed`;
}

/** es-module-lexer carries its module inside its JavaScript: the bytes are those that it hands to WebAssembly.compile. */
async function lexerModule(): Promise<Found> {
  const name: string = "es-module-lexer";
  let lexer: { readonly init: () => Promise<void> };
  try {
    lexer = await import(name);
  } catch {
    return { missing: missing(name) };
  }
  const { compile } = WebAssembly;
  let bytes: Uint8Array | undefined;
  WebAssembly.compile = (source) => {
    bytes = new Uint8Array(source).slice();
    return compile(source);
  };
  try {
    await lexer.init();
  } finally {
    WebAssembly.compile = compile;
  }
  if (bytes === undefined) throw new Error("es-module-lexer compiled no module");
  return { bytes };
}
