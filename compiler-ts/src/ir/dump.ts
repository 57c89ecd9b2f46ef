/** Stable text form of the IR: `--emit ir`, and before/after texts of passes in tests. */
import type {
  Alignment,
  CountedLoop,
  Expression,
  Frame,
  FramePart,
  IrFunction,
  IrGlobal,
  IrModule,
  Local,
  Statement,
  WindowWords,
} from "./module.ts";
import { localsOf } from "./operands.ts";

export function dumpModule(module: IrModule): string {
  const lines: string[] = [];
  lines.push(
    `module state ${module.stateWords} words, tables ${module.tableWords} words, image ${module.image.length} bytes`,
  );
  if (module.memory !== undefined)
    lines.push(`memory ${module.memory.minimumPages}..${module.memory.maximumPages ?? ""} pages`);
  module.linkedMemories.forEach((memory, i) => {
    lines.push(
      `memory ${i + 1}: ${memory.minimumPages} of ${memory.capacityPages} pages at word ${memory.word}, size at state word ${memory.sizeWord}`,
    );
  });
  module.globals.forEach((global, i) => {
    lines.push(
      `global ${i}: ${global.mutable ? "mutable " : ""}${global.type} at state word ${global.stateWord} = ${dumpInitial(global)}`,
    );
  });
  module.tables.forEach((table, i) => {
    lines.push(
      `table ${i}: ${table.minimum} of ${table.capacity} at word ${table.word}${table.imported ? ", imported" : ""}${table.contents === undefined ? "" : ", constant"}`,
    );
  });
  for (const func of [...module.functions.values()].sort((a, b) => a.index - b.index))
    lines.push("", dumpFunction(func));
  return `${lines.join("\n")}\n`;
}

function dumpInitial({ imported, initial }: IrGlobal): string {
  if (initial !== undefined) return dumpExpression(initial);
  return imported ? "imported" : "instantiated";
}

export function dumpFunction(func: IrFunction): string {
  const lines: string[] = [];
  const results = func.type.results.length === 0 ? "" : ` -> ${func.type.results.join(", ")}`;
  lines.push(`function ${func.name}(${func.parameters.map(declared).join(", ")})${results} {`);
  for (const local of func.variables) lines.push(`  ${declared(local)}`);
  dumpList(func.body, "  ", lines);
  lines.push("}");
  return lines.join("\n");
}

function declared(local: Local): string {
  return `${local.name}: ${local.type}`;
}

function results(locals: readonly Local[]): string {
  return locals.length === 0 ? "" : ` (${locals.map(declared).join(", ")})`;
}

function dumpList(list: readonly Statement[], indent: string, lines: string[]): void {
  const nested = (heading: string, body: readonly Statement[]): void => {
    lines.push(`${indent}${heading} {`);
    dumpList(body, `${indent}  `, lines);
    lines.push(`${indent}}`);
  };
  for (const statement of list) {
    switch (statement.kind) {
      case "block":
      case "loop":
        nested(
          `${statement.kind} ${statement.label.name}${statement.kind === "loop" ? count(statement.counted) : ""}${results(statement.results)}`,
          statement.body,
        );
        break;
      case "once":
        nested("once", statement.body);
        break;
      case "repeatedly":
        nested(
          `repeatedly${statement.together === undefined ? "" : ` together ${statement.together.name}`}${count(statement.counted)}`,
          statement.body,
        );
        break;
      case "if":
        nested(`if ${dumpExpression(statement.condition)}${results(statement.results)}`, statement.whenTrue);
        if (statement.whenFalse.length > 0) nested("else", statement.whenFalse);
        break;
      case "switch":
        for (const item of statement.cases)
          nested(`switch ${dumpExpression(statement.index)} case ${item.values.join(", ")}`, item.body);
        nested("default", statement.default);
        break;
      case "chain":
        for (const segment of statement.segments)
          nested(`chain ${statement.skip.name} until ${segment.label.name}${results(statement.results)}`, segment.body);
        break;
      default:
        lines.push(indent + dumpSimple(statement));
    }
  }
}

type Simple = Exclude<Statement, { kind: "block" | "loop" | "once" | "repeatedly" | "if" | "switch" | "chain" }>;

function dumpSimple(statement: Simple): string {
  const list = (expressions: readonly Expression[]): string => expressions.map(dumpExpression).join(", ");
  switch (statement.kind) {
    case "assign":
      return `${statement.target.name} = ${dumpExpression(statement.value)}`;
    case "declare":
      return `let ${statement.target.name} = ${dumpExpression(statement.value)}`;
    case "load":
      return `${statement.target.name} = ${access(statement)} ${dumpExpression(statement.address)} + ${statement.offset}${alignment(statement)}`;
    case "store":
      return `${access(statement)} ${dumpExpression(statement.address)} + ${statement.offset}${alignment(statement)}, ${dumpExpression(statement.value)}`;
    case "globalGet":
      return `${statement.target.name} = global ${statement.global}`;
    case "globalSet":
      return `global ${statement.global} = ${dumpExpression(statement.value)}`;
    case "call":
      return `${targets(statement.targets)}call ${statement.callee}(${list(statement.arguments)})`;
    case "callImport":
      return `${targets(statement.targets)}call import ${statement.import}(${list(statement.arguments)})`;
    case "callIndirect":
      return `${targets(statement.targets)}call_indirect table ${statement.table} [${dumpExpression(statement.index)}](${list(statement.arguments)})`;
    case "trapping":
      return `${statement.target.name} = ${statement.operation}(${list(statement.operands)})`;
    case "bulk":
      return `${statement.target === undefined ? "" : `${statement.target.name} = `}${[statement.operation, ...statement.immediates].join(" ")}(${list(statement.operands)})`;
    case "break":
    case "continue":
      return `${statement.kind} ${statement.label.name}`;
    case "return":
      return `return ${list(statement.values)}`.trimEnd();
    case "trap":
      return `trap "${statement.trap}"`;
    case "trapIf":
      return `trap "${statement.trap}" if ${dumpExpression(statement.condition)}`;
    case "trapWith":
      return `trap with ${dumpExpression(statement.code)}`;
    case "propagateTrap":
      return `${statement.attribute ? "propagate trap as own" : "propagate trap"}${frame(statement.frame)}`;
    case "setField":
      return `instance.${statement.field} = ${dumpExpression(statement.value)}`;
    case "window":
      return `${statement.window.name} = ${statement.window.words} words at ${dumpExpression(statement.window.base)}${alignment(statement)}, taken ${ranges(statement.taken)}`;
    case "windowLoad":
      return `${statement.target.name} = ${statement.window.name} + ${dumpExpression(statement.place)}`;
    case "windowStore":
      return `${statement.window.name} + ${dumpExpression(statement.place)}${statement.deferred ? ", deferred" : alignment(statement)}, ${dumpExpression(statement.value)}`;
    case "windowPut":
      return `${statement.window.name}${alignment(statement)}, put ${ranges(statement.words)}`;
    case "leave":
    case "repeat":
      return statement.kind;
    case "unwind":
      return `unwind${frame(statement.frame)}`;
    case "restore":
      return `restore${names(statement.parts)}`;
    case "push":
      return `push${names(statement.parts)}${statement.point === undefined ? "" : `, point ${statement.point}`}`;
    case "pop":
      return `pop${names(statement.parts)}`;
    case "checkpoint":
      return `checkpoint ${statement.fuel.name} - ${statement.cost}${frame(statement.frame)}`;
  }
}

function count(counted: CountedLoop | undefined): string {
  return counted === undefined
    ? ""
    : `, ${counted.iterations} times at most${counted.unrolled === true ? ", unrolled" : ""}`;
}

/** Of ascending numbers. */
function ranges(words: readonly WindowWords[]): string {
  const numbers = words.flatMap(({ first, count }) => (count === 2 ? [first, first + 1] : [first]));
  const starts = numbers.filter((number, i) => numbers[i - 1] !== number - 1);
  const ends = numbers.filter((number, i) => numbers[i + 1] !== number + 1);
  return starts.map((start, i) => (start === ends[i] ? `${start}` : `${start}..${ends[i]}`)).join(" ") || "none";
}

function access({ operation, memory }: Extract<Statement, { kind: "load" | "store" }>): string {
  return memory === 0 ? operation : `${operation} memory ${memory}`;
}

function alignment({ alignment }: { readonly alignment: Alignment }): string {
  return alignment === 1 ? "" : ` align ${alignment}`;
}

function frame(saved: Frame | undefined): string {
  return saved === undefined ? "" : `, frame ${saved.point}:${names(saved.parts)}`;
}

function names(parts: readonly FramePart[]): string {
  return localsOf(parts)
    .map((local) => ` ${local.name}`)
    .join("");
}

function targets(locals: readonly Local[]): string {
  return locals.length === 0 ? "" : `${locals.map((local) => local.name).join(", ")} = `;
}

export function dumpExpression(expression: Expression): string {
  switch (expression.kind) {
    case "constant":
      return `${expression.type}:${expression.type === "v128" ? `0x${expression.bits.toString(16)}` : expression.bits}`;
    case "local":
      return expression.local.name;
    case "field":
      return `instance.${expression.field}`;
    case "apply":
      return `${expression.operation}(${expression.operands.map(dumpExpression).join(", ")})`;
  }
}
