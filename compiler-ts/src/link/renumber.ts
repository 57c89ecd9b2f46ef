/** The same code in other index spaces. */
import type { ConstantExpression, FunctionBody, Immediates, Instruction } from "../wasm/module.ts";

/** New index by old index, for one module. */
export interface Renumbering {
  readonly types: (index: number) => number;
  readonly functions: (index: number) => number;
  readonly tables: (index: number) => number;
  readonly memories: (index: number) => number;
  readonly globals: (index: number) => number;
  readonly elements: (index: number) => number;
  readonly data: (index: number) => number;
}

type Space = Exclude<keyof Renumbering, "types">;

/** What the index of an instruction names; labels and locals, which are not here, belong to the function. */
const indexSpaces: ReadonlyMap<string, Space> = new Map<string, Space>([
  ["call", "functions"],
  ["ref.func", "functions"],
  ["global.get", "globals"],
  ["global.set", "globals"],
  ["table.get", "tables"],
  ["table.set", "tables"],
  ["table.size", "tables"],
  ["table.grow", "tables"],
  ["table.fill", "tables"],
  ["elem.drop", "elements"],
  ["data.drop", "data"],
  ["memory.size", "memories"],
  ["memory.grow", "memories"],
  ["memory.fill", "memories"],
]);

const pairSpaces: ReadonlyMap<string, readonly [Space, Space]> = new Map<string, readonly [Space, Space]>([
  ["memory.init", ["data", "memories"]],
  ["memory.copy", ["memories", "memories"]],
  ["table.init", ["elements", "tables"]],
  ["table.copy", ["tables", "tables"]],
]);

export function renumberBody(body: FunctionBody, to: Renumbering): FunctionBody {
  return {
    ...body,
    typeIndex: to.types(body.typeIndex),
    instructions: body.instructions.map((instruction) => renumberInstruction(instruction, to)),
    memoryIndex: to.memories(body.memoryIndex),
  };
}

function renumberInstruction(instruction: Instruction, to: Renumbering): Instruction {
  const { opcode, offset } = instruction;
  const changed = (immediates: Immediates): Instruction => ({ opcode, offset, ...immediates });
  switch (instruction.immediate) {
    case "index": {
      const space = indexSpaces.get(opcode.name);
      return space === undefined ? instruction : changed({ immediate: "index", index: to[space](instruction.index) });
    }
    case "indexPair": {
      const spaces = pairSpaces.get(opcode.name);
      if (spaces === undefined) throw new Error(`${opcode.name} names two things`);
      const [first, second] = spaces;
      return changed({
        immediate: "indexPair",
        first: to[first](instruction.first),
        second: to[second](instruction.second),
      });
    }
    case "callIndirect":
      return changed({
        immediate: "callIndirect",
        typeIndex: to.types(instruction.typeIndex),
        tableIndex: to.tables(instruction.tableIndex),
      });
    default:
      return instruction;
  }
}

export function renumberConstant(expression: ConstantExpression, to: Renumbering): ConstantExpression {
  switch (expression.kind) {
    case "refFunc":
      return { kind: "refFunc", functionIndex: to.functions(expression.functionIndex) };
    case "globalGet":
      return { kind: "globalGet", globalIndex: to.globals(expression.globalIndex) };
    default:
      return expression;
  }
}
