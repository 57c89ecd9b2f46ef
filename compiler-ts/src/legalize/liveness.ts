/** Which locals a suspended function needs again: those that are read after a point before they are assigned. Backward over the structured statements. */
import type { IrFunction, Label, Local, Statement } from "../ir/module.ts";
import { assignedLocals, expressionsOf, visitLocals } from "../ir/walk.ts";

/** A bit for each local of the function. */
type LocalSet = Uint32Array;

export class Liveness {
  readonly #locals: Local[] = [];
  readonly #numbers = new Map<Local, number>();
  readonly #isPoint: (statement: Statement) => boolean;
  readonly #atPoint = new Map<Statement, LocalSet>();
  readonly #atLabel = new Map<Label, LocalSet>();
  #words = 0;
  #grew = false;

  /** `ignored` are locals that need no saving. */
  constructor(func: IrFunction, ignored: ReadonlySet<Local>, isPoint: (statement: Statement) => boolean) {
    this.#isPoint = isPoint;
    const add = (local: Local): void => {
      if (ignored.has(local) || this.#numbers.has(local)) return;
      this.#numbers.set(local, this.#locals.length);
      this.#locals.push(local);
    };
    for (const local of func.parameters) add(local);
    this.#collect(func.body, add);
    this.#words = (this.#locals.length + 31) >> 5;
    // All loops grow together, a round over the whole function each: loop by loop, nested ones would take exponentially many.
    do {
      this.#grew = false;
      this.#list(func.body, this.#empty());
    } while (this.#grew);
  }

  /** Locals that are live when the point is resumed: behind a call, without what the call itself assigns. */
  at(point: Statement): readonly Local[] {
    const set = this.#atPoint.get(point);
    return this.#locals.filter((_, number) => set !== undefined && has(set, number));
  }

  #collect(list: readonly Statement[], add: (local: Local) => void): void {
    for (const statement of list) {
      for (const local of assignedLocals(statement)) add(local);
      switch (statement.kind) {
        case "block":
        case "loop":
          this.#collect(statement.body, add);
          break;
        case "if":
          this.#collect(statement.whenTrue, add);
          this.#collect(statement.whenFalse, add);
          break;
        case "switch":
          for (const item of statement.cases) this.#collect(item.body, add);
          this.#collect(statement.default, add);
          break;
        default:
          break;
      }
    }
  }

  #empty(): LocalSet {
    return new Uint32Array(this.#words);
  }

  /** Live before the list, given what is live behind it; `live` may be changed. */
  #list(list: readonly Statement[], behind: LocalSet): LocalSet {
    let live = behind;
    for (let i = list.length - 1; i >= 0; i--) live = this.#statement(list[i] as Statement, live);
    return live;
  }

  #statement(statement: Statement, behind: LocalSet): LocalSet {
    switch (statement.kind) {
      case "block":
        this.#atLabel.set(statement.label, behind.slice());
        return this.#list(statement.body, behind);
      case "loop":
        return this.#loop(statement, behind);
      case "if": {
        const live = this.#list(statement.whenTrue, behind.slice());
        include(live, this.#list(statement.whenFalse, behind));
        return this.#reads(statement, live);
      }
      case "switch": {
        const live = this.#list(statement.default, behind.slice());
        for (const item of statement.cases) include(live, this.#list(item.body, behind.slice()));
        this.#reads(statement, live);
        // Resumed, it goes to the same case again.
        if (this.#isPoint(statement)) {
          const after = behind.slice();
          for (const item of statement.cases) for (const call of item.body) this.#kill(call, after);
          this.#atPoint.set(statement, this.#reads(statement, after));
        }
        return live;
      }
      case "break":
      case "continue":
        return (this.#atLabel.get(statement.label) as LocalSet).slice();
      case "return":
        return this.#reads(statement, this.#empty());
      case "trap":
        return this.#empty();
      default: {
        this.#kill(statement, behind);
        if (this.#isPoint(statement)) this.#atPoint.set(statement, behind.slice());
        return this.#reads(statement, behind);
      }
    }
  }

  /** What earlier rounds found at the header serves the jumps to it; a round that finds more calls for another. */
  #loop(statement: Extract<Statement, { kind: "loop" }>, behind: LocalSet): LocalSet {
    const header = this.#atLabel.get(statement.label) ?? this.#empty();
    this.#atLabel.set(statement.label, header);
    const live = this.#list(statement.body, behind.slice());
    include(live, header);
    if (live.some((word, i) => word !== header[i])) {
      this.#atLabel.set(statement.label, live.slice());
      this.#grew = true;
    }
    return live;
  }

  #kill(statement: Statement, live: LocalSet): void {
    for (const local of assignedLocals(statement)) {
      const number = this.#numbers.get(local);
      if (number !== undefined) live[number >> 5] = (live[number >> 5] as number) & ~(1 << (number & 31));
    }
  }

  #reads(statement: Statement, live: LocalSet): LocalSet {
    for (const expression of expressionsOf(statement)) {
      visitLocals(expression, (local) => {
        const number = this.#numbers.get(local);
        if (number !== undefined) live[number >> 5] = (live[number >> 5] as number) | (1 << (number & 31));
      });
    }
    return live;
  }
}

function has(set: LocalSet, number: number): boolean {
  return (((set[number >> 5] as number) >>> (number & 31)) & 1) === 1;
}

function include(target: LocalSet, source: LocalSet): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] as number) | (source[i] as number);
}
