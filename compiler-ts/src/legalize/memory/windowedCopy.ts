/** A copy of code that takes its loads from windows, and stores to windows and memory. Its loops are to be unrolled. */
import { apply, assign, constant, i32, read } from "../../ir/builder.ts";
import type { Expression, Label, Local, MemoryWindow, Statement } from "../../ir/module.ts";
import { mapLists } from "../../ir/walk.ts";
import type { Access } from "./countedTrace.ts";
import type { WindowCandidate } from "./windowCandidates.ts";

export interface Open {
  readonly candidate: WindowCandidate;
  readonly window: MemoryWindow;
}

type Load = Extract<Statement, { kind: "load" }>;
type Store = Extract<Statement, { kind: "store" }>;

export class WindowedCopy {
  readonly #windows = new Map<Access, MemoryWindow>();
  readonly #deferred: boolean;
  readonly #labels = new Map<Label, Label>();
  #next = 0;

  /** `deferred`: stores go to windows alone. */
  constructor(open: readonly Open[], deferred: boolean) {
    this.#deferred = deferred;
    for (const { candidate, window } of open) for (const access of candidate.served) this.#windows.set(access, window);
  }

  readonly list = (list: readonly Statement[]): Statement[] => {
    const copy: Statement[] = [];
    for (const statement of list) {
      const window = statement.kind === "load" || statement.kind === "store" ? this.#windows.get(statement) : undefined;
      if (window === undefined) this.#plain(statement, copy);
      else if (statement.kind === "load") this.#load(statement, window, copy);
      else this.#store(statement as Store, window, copy);
    }
    return copy;
  };

  #plain(statement: Statement, copy: Statement[]): void {
    switch (statement.kind) {
      case "loop": {
        const { counted } = statement;
        // Whatever lies before: the shader compiler sees the count.
        if (counted !== undefined) copy.push(assign(counted.counter, i32(counted.start)));
        copy.push({
          ...statement,
          label: this.#label(statement.label),
          body: this.list(statement.body),
          counted: counted === undefined ? undefined : { ...counted, unrolled: true },
        });
        return;
      }
      case "block":
        copy.push({ ...statement, label: this.#label(statement.label), body: this.list(statement.body) });
        return;
      case "break":
      case "continue":
        copy.push({ ...statement, label: this.#labels.get(statement.label) ?? statement.label });
        return;
      case "if":
      case "switch":
        copy.push(mapLists(statement, this.list));
        return;
      default:
        copy.push({ ...statement });
    }
  }

  #label(label: Label): Label {
    const copy = { name: `${label.name}_windowed` };
    this.#labels.set(label, copy);
    return copy;
  }

  #load(load: Load, window: MemoryWindow, copy: Statement[]): void {
    const word = (bytes: number): Expression => {
      const target = this.#temporary(window, "i32");
      copy.push({ kind: "windowLoad", target, window, place: placeIn(window, load, bytes) });
      return read(target);
    };
    const { target } = load;
    switch (load.operation) {
      case "f32.load":
        copy.push(assign(target, apply("f32", "f32.reinterpret_i32", [word(0)])));
        return;
      case "i64.load32_u":
      case "i64.load32_s":
        copy.push(
          assign(
            target,
            apply("i64", load.operation === "i64.load32_u" ? "i64.extend_i32_u" : "i64.extend_i32_s", [word(0)]),
          ),
        );
        return;
      case "i64.load":
      case "f64.load": {
        const [low, high] = [word(0), word(4)];
        const bits = apply("i64", "i64.or", [
          apply("i64", "i64.shl", [apply("i64", "i64.extend_i32_u", [high]), constant("i64", 32n)]),
          apply("i64", "i64.extend_i32_u", [low]),
        ]);
        copy.push(assign(target, load.operation === "i64.load" ? bits : apply("f64", "f64.reinterpret_i64", [bits])));
        return;
      }
      default:
        copy.push({ kind: "windowLoad", target, window, place: placeIn(window, load, 0) });
    }
  }

  #store(store: Store, window: MemoryWindow, copy: Statement[]): void {
    const word = (bytes: number, value: Expression): void => {
      const place = placeIn(window, store, bytes);
      copy.push({ kind: "windowStore", window, place, value, alignment: 4, deferred: this.#deferred });
    };
    const { value } = store;
    switch (store.operation) {
      case "f32.store":
        word(0, apply("i32", "i32.reinterpret_f32", [value]));
        return;
      case "i64.store32":
        word(0, apply("i32", "i32.wrap_i64", [value]));
        return;
      case "i64.store":
      case "f64.store": {
        const bits = this.#temporary(window, "i64");
        copy.push(assign(bits, store.operation === "i64.store" ? value : apply("i64", "i64.reinterpret_f64", [value])));
        word(0, apply("i32", "i32.wrap_i64", [read(bits)]));
        const high = apply("i64", "i64.shr_u", [read(bits), constant("i64", 32n)]);
        word(4, apply("i32", "i32.wrap_i64", [high]));
        return;
      }
      default:
        word(0, value);
    }
  }

  #temporary({ name }: MemoryWindow, type: "i32" | "i64"): Local {
    return { kind: "temporary", type, name: `${name}_${this.#next++}` };
  }
}

function placeIn({ base }: MemoryWindow, { address, offset }: Access, bytes: number): Expression {
  if (base.kind === "constant") return sum(address, offset + bytes - (base.bits as number));
  return apply("i32", "i32.sub", [sum(address, offset + bytes), base]);
}

/** With one constant, where the expression ends in another. */
export function sum(expression: Expression, addend: number): Expression {
  if (addend === 0) return expression;
  if (expression.kind === "constant") return i32((expression.bits as number) + addend);
  if (expression.kind === "apply" && expression.operation === "i32.add") {
    const [first, second] = expression.operands as [Expression, Expression];
    if (second.kind === "constant") return sum(first, (second.bits as number) + addend);
  }
  return apply("i32", "i32.add", [expression, i32(addend)]);
}
