/** Which extensions of the first version of WebAssembly a module uses. */
import type { FunctionType, Instruction, Module, ValueType } from "./module.ts";

export type Feature =
  | "mutable-globals"
  | "sign-extension"
  | "saturating-float-to-int"
  | "multi-value"
  | "bulk-memory"
  | "reference-types"
  | "simd";

/** In the order of the type above. */
export function featuresUsed(module: Module): Feature[] {
  const used = new Set<Feature>();
  const signature = (type: FunctionType): void => {
    if (type.results.length > 1) used.add("multi-value");
    for (const value of [...type.parameters, ...type.results]) valueType(value);
  };
  const valueType = (type: ValueType): void => {
    if (type === "v128") used.add("simd");
    else if (type === "externref" || type === "funcref") used.add("reference-types");
  };

  module.types.forEach(signature);
  module.globalTypes.forEach((type) => {
    valueType(type.value);
  });
  if (sharesMutableGlobal(module)) used.add("mutable-globals");
  if (module.tables.length > 1 || module.tables.some((table) => table.element === "externref")) {
    used.add("reference-types");
  }
  if (module.elements.some((segment) => segment.mode === "passive")) used.add("bulk-memory");
  if (module.elements.some((segment) => segment.mode === "declarative" || segment.type === "externref")) {
    used.add("reference-types");
  }
  if (module.data.some((segment) => segment.mode === "passive")) used.add("bulk-memory");
  for (const body of module.functions) {
    for (const local of new Set(body.locals)) valueType(local);
    for (const instruction of body.instructions) {
      const feature = featureOf(instruction);
      if (feature !== undefined) used.add(feature);
    }
  }
  return order.filter((feature) => used.has(feature));
}

const order: readonly Feature[] = [
  "mutable-globals",
  "sign-extension",
  "saturating-float-to-int",
  "multi-value",
  "bulk-memory",
  "reference-types",
  "simd",
];

function sharesMutableGlobal(module: Module): boolean {
  const imported = module.imports.some((item) => item.description.kind === "global" && item.description.type.mutable);
  const exported = module.exports.some(
    (item) => item.kind === "global" && module.globalTypes[item.index]?.mutable === true,
  );
  return imported || exported;
}

function featureOf(instruction: Instruction): Feature | undefined {
  const { name, code } = instruction.opcode;
  if (code >= 0xfd00) return "simd";
  if (code >= 0xc0 && code <= 0xc4) return "sign-extension";
  if (code >= 0xfc00 && code <= 0xfc07) return "saturating-float-to-int";
  switch (name) {
    case "memory.init":
    case "data.drop":
    case "memory.copy":
    case "memory.fill":
    case "table.init":
    case "elem.drop":
    case "table.copy":
      return "bulk-memory";
    case "table.get":
    case "table.set":
    case "table.grow":
    case "table.size":
    case "table.fill":
    case "ref.null":
    case "ref.is_null":
    case "ref.func":
    case "select t":
      return "reference-types";
  }
  if (instruction.immediate === "callIndirect" && instruction.tableIndex > 0) return "reference-types";
  if (instruction.immediate === "block") {
    const { parameters, results } = instruction.blockType;
    if (parameters.length > 0 || results.length > 1) return "multi-value";
  }
  return undefined;
}
