/** One function of a generated program as WebAssembly text. */
import { FunctionScope } from "./functionScope.ts";
import { StatementPrinter } from "./printStatement.ts";
import { type Program, signatures, type Type } from "./program.ts";

function zero(type: Type): string {
  return type === "v128" ? "v128.const i64x2 0 0" : `${type}.const 0`;
}

export function printFunction(program: Program, index: number): string {
  const scope = new FunctionScope(program, index);
  const printer = new StatementPrinter(scope);
  const { signature, body, results } = scope.function;
  const { parameters, results: resultTypes } = signatures[signature];
  const code = [
    "global.get $fuel i32.const 1 i32.sub global.set $fuel",
    "global.get $fuel i32.const 0 i32.lt_s",
    `if ${resultTypes.map(zero).join(" ")} return end`,
    ...printer.statements(body),
    ...printer.expressions(results),
  ];
  const named = parameters.map((type, parameter) => `(param $p${parameter} ${type})`);
  const head = `(func $f${index} (type $${signature}) ${named.join(" ")} (result ${resultTypes.join(" ")})`;
  return [head, scope.declarations(), ...code].join("\n  ").concat(")");
}
