/** `wasmburst compile`: what the compiler makes of a module, as files. */
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { compileModule, emitIr } from "../compile.ts";
import { type CompiledModule, type Profile, profiles } from "../metadata.ts";
import { attachNegatives, memoryCell, modulePath, readLibraries, readModule } from "./arguments.ts";
import { type ExitCode, exitCodes, usageError } from "./exitCodes.ts";
import { parseOptions } from "./options.ts";
import { makeFolder, openOutput, outputError, refuseOverwriting } from "./output.ts";

export const compileHelp = `usage: wasmburst compile MODULE.wasm [--emit msl|ir|metadata|image]... [-o PATH]

Compiles without running.

  --emit KIND       msl (default): Metal Shading Language; ir: the structured IR; metadata: JSON;
                    image: the module's segments, as the host wants them. May be repeated.
  --output, -o PATH one kind: the file to write (default: stdout); several: the directory for MODULE.metal, .ir,
                    .json, .image
  --profile NAME    apple (default), native or cpu: what the device can do
  --link NAME=FILE  resolve imports from NAME with the exports of another module; may be repeated, a library may
                    import from those before it
  --exports A,B     make kernels for these exported functions only
  --memory-cell N   bytes of linear memory that lie together: 4, 8, 16, 32, 64 or 128; default: what suits the code`;

const extensions = { msl: "metal", ir: "ir", metadata: "json", image: "image" } as const;
type EmitKind = keyof typeof extensions;

export async function compile(argv: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseOptions("compile", {
    args: attachNegatives(argv),
    allowPositionals: true,
    options: {
      emit: { type: "string", multiple: true },
      output: { type: "string", short: "o" },
      profile: { type: "string" },
      exports: { type: "string", multiple: true },
      link: { type: "string", multiple: true },
      "memory-cell": { type: "string" },
    },
  });
  const path = modulePath(positionals);
  const kinds = [...new Set((values.emit ?? ["msl"]).flatMap((list) => list.split(",")).map(emitKind))];
  const options = {
    link: await readLibraries(values.link),
    profile: profileNamed(values.profile ?? "apple"),
    memoryCell: memoryCell(values["memory-cell"]),
    ...(values.exports === undefined ? {} : { exports: values.exports.flatMap((list) => list.split(",")) }),
  };
  if (kinds.length > 1 && (values.output === undefined || values.output === "-")) {
    throw usageError("several --emit need --output with a directory");
  }
  // A folder has no bytes to lose.
  if (kinds.length === 1) await refuseOverwriting(values.output, [path]);
  const bytes = await readModule(path);
  let compiled: CompiledModule | undefined;
  const contentOf = (kind: EmitKind): string | Uint8Array => {
    if (kind === "ir") return emitIr(bytes, options);
    compiled ??= compileModule(bytes, options);
    if (kind === "image") return compiled.image;
    return kind === "msl" ? compiled.text : `${JSON.stringify(compiled.metadata, null, 2)}\n`;
  };
  const [first, ...others] = kinds;
  if (first !== undefined && others.length === 0) {
    const content = contentOf(first);
    const output = await openOutput(values.output);
    await output.write(content);
    await output.end();
    return exitCodes.ok;
  }
  await writeAll(
    values.output as string,
    kinds.map((kind) => ({ name: `${basename(path, ".wasm")}.${extensions[kind]}`, content: contentOf(kind) })),
  );
  return exitCodes.ok;
}

interface EmittedFile {
  readonly name: string;
  readonly content: string | Uint8Array;
}

async function writeAll(directory: string, files: readonly EmittedFile[]) {
  try {
    await makeFolder(directory);
    for (const { name, content } of files) await writeFile(join(directory, name), content);
  } catch (error) {
    throw outputError(directory, error);
  }
}

function emitKind(text: string): EmitKind {
  if (Object.hasOwn(extensions, text)) return text as EmitKind;
  throw usageError(`--emit ${text}: expected ${Object.keys(extensions).join(", ")}`);
}

function profileNamed(name: string): Profile {
  if (Object.hasOwn(profiles, name)) return profiles[name as keyof typeof profiles];
  throw usageError(`--profile ${name}: expected ${Object.keys(profiles).join(", ")}`);
}
