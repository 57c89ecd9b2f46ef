/**
 * Labels disappear: `block`, `loop` and `chain` become `once` and `repeatedly`, jumps become `leave` and `repeat` of the innermost such construct.
 *
 * MSL has neither `goto` nor labelled `break`. A jump across several constructs stores a code in the local `branch`, leaves the innermost construct, and the
 * check behind each construct on the way goes on. Constructs are numbered by depth, 1 the outermost: code 2d leaves construct d, code 2d+1 starts the next
 * iteration of loop d. Lower codes leave more, so one comparison decides; the shader compilers thread such jumps back into direct ones.
 */
import { apply, assign, completes, i32, not, read } from "../ir/builder.ts";
import type { CountedLoop, IrFunction, Label, Local, Statement, SwitchCase } from "../ir/module.ts";
import { JumpTargets, mapLists } from "../ir/walk.ts";

const none = 0xffffffff;
const noResults: readonly Local[] = [];
/** Labels to leave by, each with the assignment of a chain's `skip` that must come first, if any. */
type Exits = ReadonlyMap<Label, Statement | undefined>;

const nothing: Exits = new Map();

interface Construct {
  readonly kind: "once" | "repeatedly" | "switch";
  /** Labels whose `break` may leave this construct: what follows behind it is the label's end. */
  readonly exits: Exits;
  readonly loop: Label | undefined;
  /** Codes of jumps that pass through this construct's end. */
  readonly crossing: Set<number>;
  /** How many `leave` and `repeat` are for it: without any it need not stand in the text. */
  uses: number;
}

export function exits(func: IrFunction): void {
  new ExitLowering(func).run();
}

class ExitLowering {
  readonly #func: IrFunction;
  readonly #branch: Local = { kind: "variable", type: "i32", name: "branch" };
  readonly #targets = new JumpTargets();
  readonly #constructs: Construct[] = [];
  /** Results that a frame restores are variables already. */
  readonly #variables: Set<Local>;
  #usesBranch = false;

  constructor(func: IrFunction) {
    this.#func = func;
    this.#variables = new Set(func.variables);
  }

  run(): void {
    this.#func.body = this.#list(this.#func.body, nothing);
    if (this.#usesBranch) this.#variables.add(this.#branch);
    this.#func.variables = [...this.#variables];
  }

  /** `behind`: labels to whose end control falls when the list completes. A jump there may leave any construct that ends with the list. */
  #list(list: readonly Statement[], behind: Exits): Statement[] {
    const result: Statement[] = [];
    for (let i = 0; i < list.length && completes(result[result.length - 1]); i++)
      this.#statement(list[i] as Statement, i === list.length - 1 ? behind : nothing, result);
    return result;
  }

  #statement(statement: Statement, behind: Exits, result: Statement[]): void {
    switch (statement.kind) {
      case "break":
      case "continue":
        this.#jump(statement, result);
        break;
      case "block":
        this.#declare(statement.results);
        this.#construct("once", new Map([...behind, [statement.label, undefined]]), undefined, statement.body, result);
        break;
      case "loop":
        this.#declare(statement.results);
        this.#construct("repeatedly", behind, statement.label, statement.body, result, statement.counted);
        break;
      case "chain":
        this.#chain(statement, behind, result);
        break;
      case "switch":
        this.#switch(statement, behind, result);
        break;
      case "if":
        this.#declare(statement.results);
        result.push({
          kind: "if",
          condition: statement.condition,
          results: noResults,
          whenTrue: this.#list(statement.whenTrue, behind),
          whenFalse: this.#list(statement.whenFalse, behind),
        });
        break;
      default:
        result.push(statement);
    }
  }

  /** Result locals become variables of the function: their block is no scope of its own any more. */
  #declare(results: readonly Local[]): void {
    for (const local of results) this.#variables.add(local);
  }

  #chain(statement: Extract<Statement, { kind: "chain" }>, behind: Exits, result: Statement[]): void {
    this.#declare([...statement.results, statement.skip]);
    const { segments, skip } = statement;
    result.push(assign(skip, i32(0)));
    const guarded: Statement[] = [];
    segments.forEach((segment, position) => {
      // A jump to a later segment's label sets `skip`; to its own it just leaves, the next guard holds anyway.
      const last = position === segments.length - 1;
      const labels = new Map(last ? behind : nothing);
      segments.forEach((target, at) => {
        if (at >= position) labels.set(target.label, at === position ? undefined : assign(skip, i32(at + 1)));
      });
      const wanted = this.#targets.of(segment.body);
      const body: Statement[] = [];
      if ([...labels.keys()].some((label) => wanted.has(label)))
        this.#construct("once", labels, undefined, segment.body, body);
      else body.push(...this.#list(segment.body, last ? behind : nothing));
      if (position === 0) result.push(...body);
      else guarded.push(unlessSkipped(skip, position, body));
    });
    if (guarded.length <= longestChain) result.push(...guarded);
    else {
      const group = Math.ceil(Math.sqrt(guarded.length));
      for (let first = 0; first < guarded.length; first += group) {
        const members = guarded.slice(first, first + group);
        result.push(unlessSkipped(skip, first + members.length, members));
      }
    }
  }

  #construct(
    kind: "once" | "repeatedly",
    labels: Exits,
    loop: Label | undefined,
    body: readonly Statement[],
    result: Statement[],
    counted?: CountedLoop,
  ): void {
    const construct: Construct = {
      kind,
      exits: labels,
      loop,
      crossing: new Set(),
      uses: kind === "repeatedly" ? 1 : 0,
    };
    this.#constructs.push(construct);
    let inner = this.#list(body, labels);
    if (kind === "repeatedly") inner = closeLoop(inner);
    else if (inner[inner.length - 1]?.kind === "leave") {
      inner.pop();
      construct.uses--;
    }
    this.#constructs.pop();
    if (construct.uses > 0 || construct.crossing.size > 0)
      this.#finish(construct, kind === "once" ? { kind, body: inner } : { kind, body: inner, counted }, result);
    else result.push(...inner);
  }

  #switch(statement: Extract<Statement, { kind: "switch" }>, behind: Exits, result: Statement[]): void {
    const construct: Construct = {
      kind: "switch",
      exits: behind,
      loop: undefined,
      crossing: new Set(),
      uses: 1,
    };
    this.#constructs.push(construct);
    const lowered = mapLists(statement, (nested) => this.#list(nested, nothing)) as typeof statement;
    this.#constructs.pop();
    this.#finish(construct, { ...lowered, cases: this.#firstCaseActs(lowered.cases) }, result);
  }

  /** A `switch` whose first case does nothing has crashed Apple's compiler (godotengine/godot PR 91436). No case falls through: the order is free. */
  #firstCaseActs(cases: readonly SwitchCase[]): readonly SwitchCase[] {
    const acts = (item: SwitchCase): boolean => item.body.some((statement) => statement.kind !== "leave");
    const [first, ...others] = [...cases.filter(acts), ...cases.filter((item) => !acts(item))];
    if (first === undefined || acts(first)) return first === undefined ? [] : [first, ...others];
    this.#usesBranch = true;
    return [{ ...first, body: [assign(this.#branch, i32(none)), ...first.body] }, ...others];
  }

  /** The construct, and behind it what jumps that passed through its end need. */
  #finish(construct: Construct, statement: Statement, result: Statement[]): void {
    if (construct.crossing.size === 0) {
      result.push(statement);
      return;
    }
    this.#usesBranch = true;
    result.push(assign(this.#branch, i32(none)), statement);
    const depth = this.#constructs.length;
    const outer = this.#constructs[depth - 1] as Construct;
    outer.uses++;
    const next = 2 * depth + 1;
    if (construct.crossing.has(next)) result.push(this.#ifBranch("i32.eq", next, { kind: "repeat" }));
    const leaving = [...construct.crossing].filter((code) => code !== next);
    if (leaving.length === 0) return;
    result.push(this.#ifBranch("i32.le_u", 2 * depth, { kind: "leave" }));
    for (const code of leaving) if (code !== 2 * depth) outer.crossing.add(code);
  }

  #ifBranch(comparison: string, code: number, then: Statement): Statement {
    return {
      kind: "if",
      condition: apply("i32", comparison, [read(this.#branch), i32(code)]),
      results: [],
      whenTrue: [then],
      whenFalse: [],
    };
  }

  #jump(statement: Extract<Statement, { kind: "break" | "continue" }>, result: Statement[]): void {
    const innermost = this.#constructs.length;
    for (let depth = innermost; depth >= 1; depth--) {
      const construct = this.#constructs[depth - 1] as Construct;
      const isTarget =
        statement.kind === "continue" ? construct.loop === statement.label : construct.exits.has(statement.label);
      if (!isTarget) continue;
      const prepare = construct.exits.get(statement.label);
      if (statement.kind === "break" && prepare !== undefined) result.push(prepare);
      if (depth === innermost) {
        construct.uses++;
        result.push({ kind: statement.kind === "continue" ? "repeat" : "leave" });
        return;
      }
      const code = 2 * depth + (statement.kind === "continue" ? 1 : 0);
      const left = this.#constructs[innermost - 1] as Construct;
      left.crossing.add(code);
      left.uses++;
      result.push(assign(this.#branch, i32(code)), { kind: "leave" });
      return;
    }
    throw new Error(`${this.#func.name}: jump to label ${statement.label.name}, which no construct owns`);
  }
}

/** In a longer chain guards stand in groups, with a guard for each: LLVM follows a jump from guard to guard, a pass over the function for each one passed. */
const longestChain = 64;

function unlessSkipped(skip: Local, position: number, body: Statement[]): Statement {
  return {
    kind: "if",
    condition: apply("i32", "i32.le_u", [read(skip), i32(position)]),
    results: [],
    whenTrue: body,
    whenFalse: [],
  };
}

/** The body of a loop that repeats by itself and leaves explicitly. */
function closeLoop(body: readonly Statement[]): Statement[] {
  const result = [...body];
  const last = result[result.length - 1];
  if (last?.kind === "repeat") {
    result.pop();
    return result;
  }
  if (!completes(last)) return result;
  if (
    last?.kind === "if" &&
    last.whenFalse.length === 0 &&
    last.whenTrue.length === 1 &&
    last.whenTrue[0]?.kind === "repeat"
  ) {
    result[result.length - 1] = { ...last, condition: not(last.condition), whenTrue: [{ kind: "leave" }] };
    return result;
  }
  result.push({ kind: "leave" });
  return result;
}
