/** Which locals a suspended function needs again: those that are read behind a point before they are assigned. Backward over the structured statements. */
import type { Label, Local, Statement } from "../ir/module.ts";
import { visitAssigned, visitReads } from "../ir/operands.ts";

/** A bit for each local, 30 in an element: V8 keeps arrays of such numbers unboxed, and copies them several times faster than typed arrays of this size. */
type LocalSet = number[];
const bitsPerElement = 30;

/** What liveness asks of statements: the rounds below walk these. Neighbours without a point of their own are one step. */
type Step =
  | {
      readonly kind: "plain";
      readonly reads: readonly number[];
      readonly kills: readonly number[];
      readonly point: Point | undefined;
    }
  | { readonly kind: "block"; readonly target: Target; readonly body: readonly Step[] }
  | { readonly kind: "loop"; readonly target: Target; readonly body: readonly Step[] }
  /** Of an `if` or a `switch`; as a point, a resumed `switch` goes to the same case again. */
  | {
      readonly kind: "branch";
      readonly reads: readonly number[];
      readonly arms: readonly (readonly Step[])[];
      readonly point: Point | undefined;
      readonly kills: readonly number[];
    }
  | { readonly kind: "jump"; readonly target: Target }
  | { readonly kind: "end"; readonly reads: readonly number[] };

interface Run {
  readonly kind: "plain";
  readonly reads: number[];
  readonly kills: number[];
  readonly point: undefined;
}

interface Target {
  live: LocalSet;
}

interface Point {
  live: LocalSet;
}

export class Liveness {
  readonly #locals: Local[] = [];
  readonly #numbers = new Map<Local, number>();
  readonly #points = new Map<Statement, Point>();
  readonly #targets = new Map<Label, Target>();
  readonly #isPoint: (statement: Statement) => boolean;
  /** By local: the last run that assigned it. */
  readonly #killedIn: number[] = [];
  #run = 0;
  #empty: LocalSet = [];
  #grew = false;
  #entry: LocalSet;

  /** `ignored` are locals that need no saving. */
  constructor(
    code: readonly Statement[],
    parameters: readonly Local[],
    ignored: ReadonlySet<Local>,
    isPoint: (statement: Statement) => boolean,
  ) {
    this.#isPoint = isPoint;
    for (const local of ignored) this.#numbers.set(local, needsNoSaving);
    for (const local of parameters) this.#numberOf(local);
    const steps = this.#steps(code);
    this.#empty = new Array<number>(Math.ceil(this.#locals.length / bitsPerElement)).fill(0);
    for (const target of this.#targets.values()) target.live = this.#empty.slice();
    // All loops grow together, a round over the whole function each: loop by loop, nested ones would take exponentially many.
    do {
      this.#grew = false;
      this.#entry = this.#walk(steps, this.#empty.slice());
    } while (this.#grew);
  }

  /** Locals that are live when the point is resumed: behind a call, without what the call itself assigns. */
  at(point: Statement): readonly Local[] {
    return this.#in(this.#points.get(point)?.live);
  }

  /** Locals that are live at the beginning. */
  get atEntry(): readonly Local[] {
    return this.#in(this.#entry);
  }

  /** Locals that are live where jumps to the label go. */
  behind(label: Label): readonly Local[] {
    return this.#in(this.#targets.get(label)?.live);
  }

  #in(live: LocalSet = this.#empty): readonly Local[] {
    const locals: Local[] = [];
    live.forEach((bits, element) => {
      for (let rest = bits; rest !== 0; rest &= rest - 1)
        locals.push(this.#locals[element * bitsPerElement + 31 - Math.clz32(rest & -rest)] as Local);
    });
    return locals;
  }

  /** Negative: the local needs no saving. */
  #numberOf(local: Local): number {
    let number = this.#numbers.get(local);
    if (number === undefined) {
      number = this.#locals.length;
      this.#numbers.set(local, number);
      this.#locals.push(local);
      this.#killedIn.push(0);
    }
    return number;
  }

  #steps(list: readonly Statement[]): Step[] {
    const steps: Step[] = [];
    let run: Run | undefined;
    for (const statement of list) {
      if (isPlain(statement) && !this.#isPoint(statement)) {
        if (run === undefined) {
          run = { kind: "plain", reads: [], kills: [], point: undefined };
          this.#run++;
          steps.push(run);
        }
        this.#extend(run, statement);
      } else {
        run = undefined;
        steps.push(this.#step(statement));
      }
    }
    return steps;
  }

  /** What an earlier statement of the run assigns is not read from before it. */
  #extend(run: Run, statement: Statement): void {
    const { reads, kills } = run;
    visitReads(statement, (local) => {
      const number = this.#numberOf(local);
      if (number >= 0 && this.#killedIn[number] !== this.#run) reads.push(number);
    });
    visitAssigned(statement, (local) => {
      const number = this.#numberOf(local);
      if (number < 0) return;
      this.#killedIn[number] = this.#run;
      kills.push(number);
    });
  }

  #step(statement: Statement): Step {
    switch (statement.kind) {
      case "block":
      case "loop": {
        const target: Target = { live: [] };
        this.#targets.set(statement.label, target);
        return { kind: statement.kind, target, body: this.#steps(statement.body) };
      }
      case "if": {
        const arms = [this.#steps(statement.whenTrue), this.#steps(statement.whenFalse)];
        return { kind: "branch", reads: this.#reads(statement), arms, point: undefined, kills: none };
      }
      case "switch": {
        const arms = [...statement.cases.map((item) => this.#steps(item.body)), this.#steps(statement.default)];
        const kills = statement.cases.flatMap((item) => item.body.flatMap((call) => this.#kills(call)));
        return { kind: "branch", reads: this.#reads(statement), arms, point: this.#point(statement), kills };
      }
      case "break":
      case "continue":
        return { kind: "jump", target: this.#targets.get(statement.label) as Target };
      case "return":
      case "trap":
      case "unwind":
        return { kind: "end", reads: this.#reads(statement) };
      default:
        return {
          kind: "plain",
          reads: this.#reads(statement),
          kills: this.#kills(statement),
          point: this.#point(statement),
        };
    }
  }

  #point(statement: Statement): Point | undefined {
    if (!this.#isPoint(statement)) return undefined;
    const point: Point = { live: [] };
    this.#points.set(statement, point);
    return point;
  }

  #reads(statement: Statement): readonly number[] {
    let reads: number[] | undefined;
    visitReads(statement, (local) => {
      const number = this.#numberOf(local);
      if (number < 0) return;
      reads ??= [];
      reads.push(number);
    });
    return reads ?? none;
  }

  #kills(statement: Statement): readonly number[] {
    let kills: number[] | undefined;
    visitAssigned(statement, (local) => {
      const number = this.#numberOf(local);
      if (number < 0) return;
      kills ??= [];
      kills.push(number);
    });
    return kills ?? none;
  }

  /** Turns what is live behind the list into what is live before it, in place where it can. */
  #walk(steps: readonly Step[], behind: LocalSet): LocalSet {
    let live = behind;
    for (let i = steps.length - 1; i >= 0; i--) {
      const step = steps[i] as Step;
      switch (step.kind) {
        case "plain":
          for (const number of step.kills) remove(live, number);
          if (step.point !== undefined) step.point.live = live.slice();
          for (const number of step.reads) add(live, number);
          break;
        case "branch":
          live = this.#branch(step, live);
          break;
        case "block":
          step.target.live = live.slice();
          live = this.#walk(step.body, live);
          break;
        case "loop":
          live = this.#walk(step.body, live);
          // What earlier rounds found at the header serves the jumps to it; a round that finds more calls for another.
          if (include(step.target.live, live)) this.#grew = true;
          live = step.target.live.slice();
          break;
        case "jump":
          live = step.target.live.slice();
          break;
        case "end":
          live = this.#empty.slice();
          for (const number of step.reads) add(live, number);
          break;
      }
    }
    return live;
  }

  #branch(step: Extract<Step, { kind: "branch" }>, behind: LocalSet): LocalSet {
    let live: LocalSet | undefined;
    for (const arm of step.arms) {
      const before = this.#walk(arm, behind.slice());
      if (live === undefined) live = before;
      else include(live, before);
    }
    const all = live ?? behind;
    for (const number of step.reads) add(all, number);
    if (step.point !== undefined) {
      for (const number of step.kills) remove(behind, number);
      for (const number of step.reads) add(behind, number);
      step.point.live = behind;
    }
    return all;
  }
}

/** Neither flow nor lists. */
function isPlain(statement: Statement): boolean {
  switch (statement.kind) {
    case "block":
    case "loop":
    case "if":
    case "switch":
    case "break":
    case "continue":
    case "return":
    case "trap":
    case "unwind":
      return false;
    default:
      return true;
  }
}

const none: readonly never[] = [];
const needsNoSaving = -1;

function add(set: LocalSet, number: number): void {
  const element = Math.trunc(number / bitsPerElement);
  set[element] = (set[element] as number) | (1 << (number % bitsPerElement));
}

function remove(set: LocalSet, number: number): void {
  const element = Math.trunc(number / bitsPerElement);
  set[element] = (set[element] as number) & ~(1 << (number % bitsPerElement));
}

/** Whether `target` grew. */
function include(target: LocalSet, source: LocalSet): boolean {
  let grew = false;
  for (let i = 0; i < target.length; i++) {
    const before = target[i] as number;
    const after = before | (source[i] as number);
    if (after === before) continue;
    target[i] = after;
    grew = true;
  }
  return grew;
}
