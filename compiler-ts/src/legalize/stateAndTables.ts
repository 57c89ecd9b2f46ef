/**
 * Globals, tables, segments and memory-wide instructions get the places that the layout gave them: after this pass a `bulk` statement is a call of the
 * runtime function of its name, with `immediates` as leading constants, and it cannot trap by itself: the code that it returns is checked behind it.
 */
import { apply, i32, read } from "../ir/builder.ts";
import type { Expression, IrLinkedMemory, IrModule, IrSegment, IrTable, Local, Statement } from "../ir/module.ts";
import { rewrite } from "../ir/walk.ts";
import { wordsOf } from "../metadata.ts";

type Bulk = Extract<Statement, { kind: "bulk" }>;

export function stateAndTables(module: IrModule): void {
  for (const func of module.functions.values()) {
    if (!(func.lowered.has("globalGet") || func.lowered.has("globalSet") || func.lowered.has("bulk"))) continue;
    const placement = new Placement(module);
    func.body = rewrite(func.body, (statement) => placement.place(statement));
  }
}

class Placement {
  readonly #module: IrModule;
  #next = 0;

  constructor(module: IrModule) {
    this.#module = module;
  }

  place(statement: Statement): readonly Statement[] | undefined {
    switch (statement.kind) {
      case "globalGet": {
        const global = this.#module.globals[statement.global] as IrModule["globals"][number];
        return [call(`state.load${wordsOf(global.type) * 32}`, [global.stateWord], [], statement.target)];
      }
      case "globalSet": {
        const global = this.#module.globals[statement.global] as IrModule["globals"][number];
        return [call(`state.store${wordsOf(global.type) * 32}`, [global.stateWord], [statement.value])];
      }
      case "bulk":
        return this.#bulk(statement);
      default:
        return undefined;
    }
  }

  #bulk(statement: Bulk): readonly Statement[] | undefined {
    const { operation, immediates, operands, target } = statement;
    const [first = 0, second = 0] = immediates;
    switch (operation) {
      case "memory.reset": {
        if (first === 0) return [call(operation, [second], [])];
        const { sizeWord, minimumPages } = this.#linkedMemory(first);
        return [call("state.store32", [sizeWord], [i32(minimumPages << 16)])];
      }
      case "memory.size":
        return [this.#onMemory(operation, first, operands, target)];
      case "memory.grow": {
        if (first === 0) return [call(operation, [], operands, target)];
        const { sizeWord, capacityPages } = this.#linkedMemory(first);
        return [call("linked_memory.grow", [sizeWord, capacityPages], operands, target)];
      }
      case "memory.fill":
      case "memory.copy": {
        const code = this.#temporary();
        return [this.#onMemory(operation, first, operands, code), { kind: "trapWith", code: read(code) }];
      }
      case "memory.init": {
        const segment = this.#module.data[first] as IrSegment;
        return this.#withSegment(segment, (length) => {
          const code = this.#temporary();
          const init = this.#onMemory(operation, second, [i32(segment.imageOffset), length, ...operands], code);
          return [init, { kind: "trapWith", code: read(code) }];
        });
      }
      case "data.drop":
        return drop(this.#module.data[first] as IrSegment);
      case "elem.drop":
        return drop(this.#module.elements[first] as IrSegment);
      case "table.get":
      case "table.set":
        return this.#withSize(first, (table, size) => [
          {
            kind: "trapIf",
            condition: apply("i32", "i32.ge_u", [operands[0] as Expression, size]),
            trap: "out of bounds table access",
          },
          call(operation, [table.word], operands, target),
        ]);
      case "table.size":
        return this.#withSize(first, (_table, size) => [{ kind: "assign", target: target as Local, value: size }]);
      case "table.grow": {
        const table = this.#table(first);
        return [call(operation, [table.word, table.sizeWord as number, table.capacity], operands, target)];
      }
      case "table.fill":
        return this.#withSize(first, (table, size) => this.#checked(operation, [table.word], [size, ...operands]));
      case "table.copy":
        return this.#withSize(first, (destination, destinationSize) =>
          this.#withSize(second, (source, sourceSize) =>
            this.#checked(operation, [destination.word], [destinationSize, i32(source.word), sourceSize, ...operands]),
          ),
        );
      case "table.init": {
        const segment = this.#module.elements[first] as IrSegment;
        return this.#withSegment(segment, (length) =>
          this.#withSize(second, (table, size) =>
            this.#checked(operation, [table.word], [size, i32(segment.imageOffset), length, ...operands]),
          ),
        );
      }
      case "table.reset": {
        const table = this.#table(first);
        return [call("state.store32", [table.sizeWord as number], [i32(table.minimum)])];
      }
      case "call_indirect.reference":
      case "call_indirect.trap":
        return this.#withSize(first, (table, size) => [call(operation, [table.word], [size, ...operands], target)]);
      default:
        return undefined;
    }
  }

  /** The runtime's `linked_memory` functions are told where a memory lies. */
  #onMemory(operation: string, memory: number, operands: readonly Expression[], target: Local | undefined): Bulk {
    if (memory === 0) return call(operation, [], operands, target);
    const { word, sizeWord } = this.#linkedMemory(memory);
    return call(operation.replace("memory", "linked_memory"), [word, sizeWord], operands, target);
  }

  #linkedMemory(index: number): IrLinkedMemory {
    return this.#module.linkedMemories[index - 1] as IrLinkedMemory;
  }

  #table(index: number): IrTable {
    return this.#module.tables[index] as IrTable;
  }

  #temporary(): Local {
    return { kind: "temporary", type: "i32", name: `b${this.#next++}` };
  }

  #withSize(index: number, use: (table: IrTable, size: Expression) => readonly Statement[]): readonly Statement[] {
    const table = this.#table(index);
    if (table.sizeWord === undefined) return use(table, i32(table.minimum));
    const size = this.#temporary();
    return [call("state.load32", [table.sizeWord], [], size), ...use(table, read(size))];
  }

  #withSegment(segment: IrSegment, use: (length: Expression) => readonly Statement[]): readonly Statement[] {
    if (segment.droppedWord === undefined) return use(i32(segment.length));
    const length = this.#temporary();
    return [call("segment.length", [segment.droppedWord, segment.length], [], length), ...use(read(length))];
  }

  #checked(operation: string, immediates: readonly number[], operands: readonly Expression[]): readonly Statement[] {
    const code = this.#temporary();
    return [call(operation, immediates, operands, code), { kind: "trapWith", code: read(code) }];
  }
}

function call(operation: string, immediates: readonly number[], operands: readonly Expression[], target?: Local): Bulk {
  return { kind: "bulk", operation, immediates, operands, target };
}

function drop(segment: IrSegment): readonly Statement[] {
  return segment.droppedWord === undefined ? [] : [call("state.store32", [segment.droppedWord], [i32(1)])];
}
