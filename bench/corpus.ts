/** The modules that the compile bench measures: generated ones of set sizes, then real ones of several origins. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hashWasmModule, xxhashModule } from "../test/npm-modules/modules.ts";
import { unpack } from "../test/support/unpack.ts";
import { generateModule } from "./generateModule.ts";

export interface BenchModule {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const generatedKilobytes = [3, 10, 30, 100, 300, 1000];

const root = fileURLToPath(new URL("..", import.meta.url));

function examples(): BenchModule[] {
  const folder = join(root, "examples", "wasm");
  return readdirSync(folder)
    .filter((file) => file.endsWith(".wasm"))
    .map((file) => ({ name: `examples/${file}`, bytes: readFileSync(join(folder, file)) }));
}

async function npmModules(): Promise<BenchModule[]> {
  return [
    { name: "xxhash-wasm", bytes: xxhashModule() },
    { name: "hash-wasm/md5", bytes: await hashWasmModule("md5") },
    { name: "hash-wasm/sha256", bytes: await hashWasmModule("sha256") },
  ];
}

/** A cross-section by size of libsodium's own tests, where the archive is at hand. */
function libsodium(): BenchModule[] {
  const folders = [join(root, "..", "shared", "data"), process.env.WASMBURST_TEST_DATA];
  const archive = folders
    .filter((folder) => folder !== undefined)
    .map((folder) => join(folder, "sightglass-libsodium.tar.xz"))
    .find((path) => existsSync(path));
  if (archive === undefined) return [];
  const folder = mkdtempSync(join(tmpdir(), "wasmburst-bench-"));
  try {
    unpack(archive, folder);
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    return ["auth", "hash", "generichash", "sign"].flatMap((program) => {
      const file = files.find((path) => path.endsWith(`libsodium-${program}.wasm`));
      return file === undefined ? [] : [{ name: `libsodium/${program}`, bytes: readFileSync(join(folder, file)) }];
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function corpus(): Promise<readonly BenchModule[]> {
  const generated = generatedKilobytes.map((size) => ({
    name: `generated ${size} KB`,
    bytes: generateModule(size * 1000),
  }));
  return [...generated, ...examples(), ...(await npmModules()), ...libsodium()];
}
