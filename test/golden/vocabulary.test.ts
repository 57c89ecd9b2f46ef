import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";

const runtime = new URL("../../compiler-ts/src/msl/runtime/", import.meta.url);
const golden = new URL("./", import.meta.url);
const page = readFileSync(new URL("../../docs/msl-vocabulary.md", import.meta.url), "utf8");

/**
 * Names that Apple's compiler does not take for a variable, parameter or function. From the type, qualifier and keyword lists of the
 * Metal Shading Language Specification, sections 1.5, 2 and 4, and the macros of its section 6.
 */
const reserved = new Set([
  ...[
    "half",
    "bfloat",
    "size_t",
    "ptrdiff_t",
    "char",
    "short",
    "signed",
    "unsigned",
    "long",
    "atomic_int",
    "atomic_uint",
  ],
  ...["bool", "char", "uchar", "short", "ushort", "int", "uint", "long", "ulong", "half", "float", "bfloat"].flatMap(
    (type) => [2, 3, 4].flatMap((width) => [`${type}${width}`, `packed_${type}${width}`]),
  ),
  ...[8, 16, 32, 64].flatMap((bits) => [`int${bits}_t`, `uint${bits}_t`]),
  ...[
    "kernel",
    "vertex",
    "fragment",
    "device",
    "constant",
    "thread",
    "threadgroup",
    "threadgroup_imageblock",
    "ray_data",
  ],
  ...[
    "object_data",
    "mesh",
    "object",
    "visible",
    "intersection",
    "stitchable",
    "tile",
    "patch",
    "sampler",
    "texture1d",
  ],
  ...[
    "texture2d",
    "texture3d",
    "texturecube",
    "texture_buffer",
    "depth2d",
    "imageblock",
    "interpolant",
    "event",
    "access",
  ],
  ...[
    "this",
    "class",
    "union",
    "enum",
    "operator",
    "private",
    "public",
    "protected",
    "friend",
    "new",
    "delete",
    "throw",
  ],
  ...[
    "try",
    "catch",
    "goto",
    "register",
    "asm",
    "auto",
    "const",
    "extern",
    "export",
    "concept",
    "requires",
    "main",
    "assert",
  ],
  ...[
    "and",
    "or",
    "not",
    "xor",
    "bitand",
    "bitor",
    "compl",
    "as_type",
    "metal",
    "NAN",
    "INFINITY",
    "MAXFLOAT",
    "HUGE_VALF",
  ],
]);

interface Source {
  readonly name: string;
  readonly text: string;
}

const sources: Source[] = [
  ...readdirSync(runtime).map((name) => ({ name, text: readFileSync(new URL(name, runtime), "utf8") })),
  ...readdirSync(golden)
    .filter((name) => name.endsWith(".expected.msl"))
    .map((name) => ({ name, text: readFileSync(new URL(name, golden), "utf8") })),
];

/** Words of the code: no comments, numbers, or arguments of `#pragma`. */
function words(text: string): string[] {
  const code = text
    .replace(/\/\/.*$/gm, "")
    .replace(/^ *#pragma (\w+).*$/gm, "$1")
    .replace(/\b0x[0-9a-fA-F]+u?l?\b|\b\d+(?:\.\d+)?(?:u?l?|f)\b/g, "");
  return code.match(/[A-Za-z_]\w*/g) ?? [];
}

/** A word behind a type, and what may stand between: pointers, references, dots of a parameter pack. */
const declaration =
  /\b(?:bool|void|uchar|ushort|u?int|u?long|float|double|uchar[24]|u?int[24]|ulong2|typename|struct|wb_\w+|result|rest|all)[*&]?(?:\.\.\.)? (\w+)(?= ?[=;,(){[>]| \[\[)/g;

function declared(text: string): Set<string> {
  return new Set([...text.replace(/\/\/.*$/gm, "").matchAll(declaration)].map((match) => match[1] as string));
}

const rows = [...page.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap((row) =>
  [...(row[1] as string).matchAll(/`(\w+)`/g)].map((word) => word[1] as string),
);
const cpp = [...(page.split("From C++14:")[1] ?? "").replace(/##[\s\S]*/, "").matchAll(/`(\w+)`/g)].map(
  (word) => word[1] as string,
);
const known = new Set([...rows, ...cpp, "include", "pragma"]);

describe("the vocabulary of emitted text", () => {
  for (const { name, text } of sources) {
    it(`${name} uses words of docs/msl-vocabulary.md and its own names`, () => {
      const own = declared(text);
      const members = new Set([...text.matchAll(/\.(\w+)/g)].map((match) => match[1] as string));
      const unknown = words(text).filter(
        (word) => !known.has(word) && !own.has(word) && !members.has(word) && !/^(?:wb_\w+|f\d+(?:_\w+)?)$/.test(word),
      );
      assert.deepEqual([...new Set(unknown)], []);
    });

    it(`${name} declares no name that MSL reserves`, () => {
      assert.deepEqual(
        [...declared(text)].filter((word) => reserved.has(word)),
        [],
      );
    });
  }

  it("has no row that nothing uses", () => {
    const used = new Set(sources.flatMap(({ text }) => words(text)));
    assert.deepEqual(
      rows.filter((word) => !used.has(word)),
      [],
    );
  });
});
