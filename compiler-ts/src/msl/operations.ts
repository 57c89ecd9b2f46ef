/** How each pure operation of the IR reads in MSL. What is not listed is a call of the runtime function of its name. */
export type Form =
  /** `a op b` on the unsigned type of the operands. */
  | { readonly kind: "infix"; readonly operator: string }
  /** A comparison: `bool` in MSL, 0 or 1 as a wasm value. */
  | { readonly kind: "compare"; readonly operator: string; readonly signed: "int" | "long" | undefined }
  /** The operand itself: values are bits. */
  | { readonly kind: "same" }
  | { readonly kind: "select" }
  | { readonly kind: "zeroTest" }
  | { readonly kind: "call"; readonly name: string; readonly result: "value" | "bool" };

const same: Form = { kind: "same" };

function infix(operator: string): Form {
  return { kind: "infix", operator };
}

function compare(operator: string, signed?: "int" | "long"): Form {
  return { kind: "compare", operator, signed };
}

function integerForms(type: "i32" | "i64", signed: "int" | "long"): [string, Form][] {
  return [
    [`${type}.add`, infix("+")],
    [`${type}.sub`, infix("-")],
    [`${type}.mul`, infix("*")],
    [`${type}.and`, infix("&")],
    [`${type}.or`, infix("|")],
    [`${type}.xor`, infix("^")],
    [`${type}.eqz`, { kind: "zeroTest" }],
    [`${type}.eq`, compare("==")],
    [`${type}.ne`, compare("!=")],
    [`${type}.lt_u`, compare("<")],
    [`${type}.gt_u`, compare(">")],
    [`${type}.le_u`, compare("<=")],
    [`${type}.ge_u`, compare(">=")],
    [`${type}.lt_s`, compare("<", signed)],
    [`${type}.gt_s`, compare(">", signed)],
    [`${type}.le_s`, compare("<=", signed)],
    [`${type}.ge_s`, compare(">=", signed)],
    bool(`${type}.div_s.overflows`),
  ];
}

function bool(operation: string): [string, Form] {
  return [operation, { kind: "call", name: runtimeFunction(operation), result: "bool" }];
}

const functionNames = new Map<string, string>();

export function runtimeFunction(operation: string): string {
  let name = functionNames.get(operation);
  if (name === undefined) {
    name = `wb_${operation.replaceAll(".", "_")}`;
    functionNames.set(operation, name);
  }
  return name;
}

const forms: ReadonlyMap<string, Form> = new Map<string, Form>([
  ...integerForms("i32", "int"),
  ...integerForms("i64", "long"),
  ["i32.reinterpret_f32", same],
  ["i64.reinterpret_f64", same],
  ["f32.reinterpret_i32", same],
  ["f64.reinterpret_i64", same],
  ["select", { kind: "select" }],
  bool("memory.out_of_bounds"),
  bool("stack.exhausted"),
  bool("f32.is_unsure"),
  ["v128.and", infix("&")],
  ["v128.or", infix("|")],
  ["v128.xor", infix("^")],
  ["i32x4.add", infix("+")],
  ["i32x4.sub", infix("-")],
  ["i32x4.mul", infix("*")],
  bool("v128.any_true"),
  bool("i8x16.all_true"),
  bool("i16x8.all_true"),
  bool("i32x4.all_true"),
  bool("i64x2.all_true"),
]);

const calls = new Map<string, Form>();

export function formOf(operation: string): Form {
  const form = forms.get(operation) ?? calls.get(operation);
  if (form !== undefined) return form;
  const call: Form = { kind: "call", name: runtimeFunction(operation), result: "value" };
  calls.set(operation, call);
  return call;
}
