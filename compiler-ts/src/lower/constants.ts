/** Constant expressions, section 3.3.10: values that are known now, and those that only instantiation can read. */
import { constant, i32, vector, zero } from "../ir/builder.ts";
import type { Expression } from "../ir/module.ts";
import { type ConstantExpression, type Global, importedCount, type Module } from "../wasm/module.ts";

/** `undefined`: it reads an imported global, whose value the host writes for each instance. */
export function constantValue(module: Module, expression: ConstantExpression): Expression | undefined {
  switch (expression.kind) {
    case "i32":
      return i32(expression.value);
    case "i64":
      return constant("i64", expression.value);
    case "f32":
      return constant("f32", expression.bits);
    case "f64":
      return constant("f64", expression.bits);
    case "v128":
      return vector(expression.bytes);
    case "refNull":
      return zero(expression.type);
    case "refFunc":
      return constant("funcref", expression.functionIndex + 1);
    case "globalGet": {
      const global = definedGlobal(module, expression.globalIndex);
      return global === undefined || global.type.mutable ? undefined : constantValue(module, global.initial);
    }
  }
}

/** As a number: 0 is null, a function's is its index plus 1 (docs/kernel-abi.md). `undefined` as above. */
export function constantReference(module: Module, expression: ConstantExpression): number | undefined {
  const value = constantValue(module, expression);
  return value?.kind === "constant" ? Number(value.bits) : undefined;
}

function definedGlobal(module: Module, index: number): Global | undefined {
  return module.globals[index - importedCount(module, "global")];
}
