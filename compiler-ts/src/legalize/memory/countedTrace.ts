/**
 * Follows code through its counted loops, iteration by iteration, as far as addresses go: each is a constant from what some local held where the trace began, or
 * is not known. What else the code computes is not followed.
 */
import type { Expression, Local, Statement } from "../../ir/module.ts";
import { visitAssigned } from "../../ir/operands.ts";
import { visitStatements } from "../../ir/walk.ts";

export type Access = Extract<Statement, { kind: "load" | "store" }>;

/** What addresses are counted from: a value that a local has had; by identity. */
export interface Root {
  /** The local, if it has the value where the trace begins. */
  readonly holder: Local | undefined;
}

/** Of addresses that are constants. */
export const absolute: Root = { holder: undefined };

export interface TracedAccess {
  readonly access: Access;
  /** `undefined`: a load from anywhere. */
  readonly root: Root | undefined;
  /** Of the address without the offset: signed from a local's value, else unsigned. */
  readonly address: number;
  /** It happens in every run of the code, and no jump comes before it. */
  readonly certain: boolean;
}

interface Value {
  readonly root: Root;
  /** Unsigned; sums wrap around. */
  readonly constant: number;
}

/** What a local seems to hold where a trace begins. */
export interface Origin {
  readonly base: Local;
  readonly constant: number;
}

/** An origin that a trace relied on. */
export interface Assumption extends Origin {
  readonly local: Local;
  readonly root: Root;
}

type Loop = Extract<Statement, { kind: "loop" }>;

/** Nodes of expressions that a trace may pass: beyond it nobody wants the code unrolled. */
export const mostNodes = 16_384;

/** The i32 locals that a statement assigns, those in its lists included. `memory` has those of statements that were asked for. */
export function assignedIn(statement: Statement, memory: Map<Statement, readonly Local[]>): readonly Local[] {
  const known = memory.get(statement);
  if (known !== undefined) return known;
  const locals = new Set<Local>();
  visitStatements([statement], (inner) =>
    visitAssigned(inner, (local) => {
      if (local.type === "i32") locals.add(local);
    }),
  );
  const all = [...locals];
  memory.set(statement, all);
  return all;
}

/** Nodes of an expression that may be an address: larger ones are what the program computes. */
const largestAddress = 9;

export class CountedTrace {
  /** Of own memory, in order. */
  readonly accesses: TracedAccess[] = [];
  /** A base's own before those of locals that have it. */
  readonly assumptions: Assumption[] = [];
  /** A jump or a trap may come before the end. */
  mayLeave = false;
  /** Nodes passed. */
  nodes = 0;
  readonly #values = new Map<Local, Value>();
  readonly #assignedIn: Map<Statement, readonly Local[]>;
  readonly #assigned = new Set<Local>();
  readonly #originOf: (local: Local) => Origin | undefined;
  readonly #mostIterations: number;
  #certain = true;
  #arms = 0;

  /** `assignedIn` is a memory of the caller's for all traces of a function; with `mostIterations` the trace is only a look at what loops begin with. */
  constructor(
    assignedIn: Map<Statement, readonly Local[]>,
    originOf: (local: Local) => Origin | undefined,
    mostIterations = Number.POSITIVE_INFINITY,
  ) {
    this.#assignedIn = assignedIn;
    this.#originOf = originOf;
    this.#mostIterations = mostIterations;
  }

  /** `false`: the statement holds something that a trace cannot pass, or an unknown store; then the trace is of no more use. */
  statement(statement: Statement): boolean {
    if (this.nodes > mostNodes) return false;
    switch (statement.kind) {
      case "assign":
        this.nodes += statement.value.size;
        this.#assign(statement.target, statement.target.type === "i32" ? this.#evaluate(statement.value) : undefined);
        return true;
      case "load":
        this.nodes += statement.address.size;
        this.#access(statement);
        this.#assign(statement.target, undefined);
        return true;
      case "store":
        this.nodes += statement.address.size + statement.value.size;
        return this.#access(statement);
      case "trapping":
      case "trapIf":
      case "trapWith":
      case "bulk":
        if (statement.kind === "bulk" && !statement.operation.startsWith("state.")) return false;
        this.nodes++;
        this.mayLeave ||= statement.kind !== "bulk";
        visitAssigned(statement, (local) => this.#assign(local, undefined));
        return true;
      case "if":
        this.nodes += statement.condition.size;
        return this.#arm(statement.whenTrue) && this.#arm(statement.whenFalse) && this.#forget(statement);
      case "switch":
        return (
          statement.cases.every(({ body }) => this.#arm(body)) &&
          this.#arm(statement.default) &&
          this.#forget(statement)
        );
      case "block":
        return this.#list(statement.body) && (this.#certain || this.#forget(statement));
      case "loop":
        return this.#loop(statement);
      case "break":
      case "continue":
      case "return":
      case "trap":
        this.#certain = false;
        this.mayLeave = true;
        return true;
      default:
        return false;
    }
  }

  #list(list: readonly Statement[]): boolean {
    for (const statement of list) if (!this.statement(statement)) return false;
    return true;
  }

  #arm(list: readonly Statement[]): boolean {
    if (list.length === 0) return true;
    this.#arms++;
    const passed = this.#list(list);
    this.#arms--;
    // The other arm begins with what was before.
    for (const statement of list) this.#forget(statement);
    return passed;
  }

  #loop(loop: Loop): boolean {
    const { counted, body } = loop;
    if (counted === undefined) return false;
    this.#assign(counted.counter, { root: absolute, constant: counted.start });
    // The last statement sends the loop into its next iteration.
    const last = body.length - 1;
    const iterations = Math.min(counted.iterations, this.#mostIterations);
    for (let iteration = 0; iteration < iterations; iteration++) {
      for (let i = 0; i < last; i++) if (!this.statement(body[i] as Statement)) return false;
      this.nodes++;
    }
    return this.#certain || this.#forget(loop);
  }

  #forget(statement: Statement): true {
    for (const local of assignedIn(statement, this.#assignedIn)) this.#assign(local, undefined);
    return true;
  }

  #assign(local: Local, value: Value | undefined): void {
    if (local.type !== "i32") return;
    this.#assigned.add(local);
    if (value === undefined) this.#values.delete(local);
    else this.#values.set(local, value);
  }

  #access(access: Access): boolean {
    if (access.memory !== 0) {
      this.mayLeave = true;
      return true;
    }
    const value = this.#evaluate(access.address);
    const certain = this.#certain && this.#arms === 0;
    if (value === undefined || (value.root !== absolute && value.root.holder === undefined)) {
      this.accesses.push({ access, root: undefined, address: 0, certain });
      return access.kind === "load";
    }
    const { root, constant } = value;
    this.accesses.push({ access, root, address: root === absolute ? constant : constant | 0, certain });
    return true;
  }

  #valueOf(local: Local): Value {
    const known = this.#values.get(local);
    if (known !== undefined) return known;
    const value = this.#assigned.has(local)
      ? { root: { holder: undefined }, constant: 0 }
      : (this.#fromOrigin(local) ?? { root: { holder: local }, constant: 0 });
    this.#values.set(local, value);
    return value;
  }

  #fromOrigin(local: Local): Value | undefined {
    const origin = this.#originOf(local);
    if (origin === undefined || this.#assigned.has(origin.base)) return undefined;
    const { root, constant } = this.#valueOf(origin.base);
    this.assumptions.push({ ...origin, local, root });
    return { root, constant: (constant + origin.constant) >>> 0 };
  }

  #evaluate(expression: Expression): Value | undefined {
    if (expression.type !== "i32" || expression.size > largestAddress) return undefined;
    switch (expression.kind) {
      case "constant":
        return { root: absolute, constant: expression.bits as number };
      case "local":
        return this.#valueOf(expression.local);
      case "field":
        return undefined;
      case "apply":
        break;
    }
    const operate = operations[expression.operation];
    if (operate === undefined) return undefined;
    const [first, second] = expression.operands as [Expression, Expression];
    const left = this.#evaluate(first);
    const right = left === undefined ? undefined : this.#evaluate(second);
    return left === undefined || right === undefined ? undefined : operate(left, right);
  }
}

const operations: Readonly<Record<string, (left: Value, right: Value) => Value | undefined>> = {
  "i32.add": (left, right) => {
    const constant = (left.constant + right.constant) >>> 0;
    if (right.root === absolute) return { root: left.root, constant };
    return left.root === absolute ? { root: right.root, constant } : undefined;
  },
  "i32.sub": (left, right) => {
    const constant = (left.constant - right.constant) >>> 0;
    if (right.root === absolute) return { root: left.root, constant };
    return left.root === right.root ? { root: absolute, constant } : undefined;
  },
  "i32.mul": onConstants(Math.imul),
  "i32.and": onConstants((left, right) => left & right),
  "i32.or": onConstants((left, right) => left | right),
  "i32.xor": onConstants((left, right) => left ^ right),
  "i32.shl": onConstants((left, right) => left << right),
  "i32.shr_u": onConstants((left, right) => left >>> right),
};

function onConstants(operate: (left: number, right: number) => number) {
  return (left: Value, right: Value): Value | undefined =>
    left.root === absolute && right.root === absolute
      ? { root: absolute, constant: operate(left.constant, right.constant) >>> 0 }
      : undefined;
}
