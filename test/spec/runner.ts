/** Runs one file of the suite on an engine and says of each command whether it did what the suite asserts. */
import type { Action, Command, ModulePlan, SpecFile } from "./commands.ts";
import { type Call, type Outcome, Refusal, type SpecEngine, type SpecInstance, type SpecModule } from "./engine.ts";
import { encodeArguments, matches, showWords } from "./values.ts";

export interface Verdict {
  readonly line: number;
  readonly command: Command["type"];
  readonly status:
    | "passed"
    | "failed"
    /** Its module failed before; only that is on the exception list. */
    | "blocked"
    /** Modules in text form: the suite's text format is not the project's business. */
    | "skipped";
  /** Of a failure: stable text, by which the exception list groups. */
  readonly reason?: string;
  /** Of a failure: for a person. */
  readonly detail?: string;
}

type Finding = Omit<Verdict, "line" | "command">;
const passed: Finding = { status: "passed" };
const blocked: Finding = { status: "blocked" };

function failed(reason: string, detail = reason): Finding {
  return { status: "failed", reason, detail };
}

type InvokeCommand = Extract<Command, { action: Action }>;

/** `compile` gives the module that a command's plan names, compiled ahead or now; it rejects with a Refusal. */
export async function runFile(
  file: SpecFile,
  plans: ReadonlyMap<Command, ModulePlan>,
  compile: (plan: ModulePlan) => Promise<SpecModule>,
  engine: SpecEngine,
): Promise<Verdict[]> {
  const run = new FileRun(file, plans, compile, engine);
  try {
    return await run.all();
  } finally {
    await run.release();
  }
}

class FileRun {
  private readonly verdicts: Verdict[] = [];
  private readonly registered = new Map<string, SpecInstance>();
  /** `undefined` stands for a module that failed. */
  private readonly named = new Map<string, SpecInstance | undefined>();
  private current: SpecInstance | undefined;
  private moduleFailed = false;
  private readonly owned = new Set<{ release(): Promise<void> }>();
  private pending: { readonly target: SpecInstance; readonly commands: InvokeCommand[] } | undefined;
  private readonly file: SpecFile;
  private readonly plans: ReadonlyMap<Command, ModulePlan>;
  private readonly compile: (plan: ModulePlan) => Promise<SpecModule>;
  private readonly engine: SpecEngine;

  constructor(
    file: SpecFile,
    plans: ReadonlyMap<Command, ModulePlan>,
    compile: (plan: ModulePlan) => Promise<SpecModule>,
    engine: SpecEngine,
  ) {
    this.file = file;
    this.plans = plans;
    this.compile = compile;
    this.engine = engine;
  }

  async all(): Promise<Verdict[]> {
    const spectest = this.engine.spectest();
    if (spectest !== undefined) this.registered.set("spectest", spectest);
    for (const command of this.file.commands) {
      if ("action" in command && command.action.type === "invoke") await this.enqueue(command);
      else {
        await this.flush();
        this.report(command, await this.execute(command));
      }
    }
    await this.flush();
    return this.verdicts;
  }

  /** Instances before the modules that they are of. */
  async release(): Promise<void> {
    for (const item of [...this.owned].reverse()) await item.release();
  }

  /** The next module takes its place. Where nothing can name it any more its memory goes: files have dozens of modules, instances may be thousands. */
  private async retireCurrent(): Promise<void> {
    const { current } = this;
    this.current = undefined;
    if (current === undefined) return;
    if ([...this.named.values(), ...this.registered.values()].includes(current)) return;
    this.owned.delete(current);
    await current.release();
  }

  private report(command: Command, finding: Finding): void {
    this.verdicts.push({ line: command.line, command: command.type, ...finding });
  }

  /** Calls of one instance with nothing in between go to the engine as one batch. */
  private async enqueue(command: InvokeCommand): Promise<void> {
    const target = this.target(command.action);
    if (target !== this.pending?.target) await this.flush();
    if (target === undefined) this.report(command, blocked);
    else if (this.pending === undefined) this.pending = { target, commands: [command] };
    else this.pending.commands.push(command);
  }

  private async flush(): Promise<void> {
    if (this.pending === undefined) return;
    const { target, commands } = this.pending;
    this.pending = undefined;
    const outcomes = await target.invoke(commands.map((command) => callOf(command.action)));
    commands.forEach((command, index) => {
      const outcome: Outcome = outcomes[index] ?? { kind: "failure", reason: "no outcome" };
      this.report(command, this.blame(target, judge(command, outcome)));
    });
  }

  /** A registered instance has state that a failed module should have changed: its own failures mean nothing yet. */
  private blame(target: SpecInstance, finding: Finding): Finding {
    if (finding.status !== "failed" || !this.moduleFailed) return finding;
    if (![...this.registered.values()].includes(target)) return finding;
    return { ...finding, reason: "shares state with a module that failed" };
  }

  private target(action: Action): SpecInstance | undefined {
    return action.module === undefined ? this.current : this.named.get(action.module);
  }

  private async execute(command: Command): Promise<Finding> {
    switch (command.type) {
      case "module": {
        await this.retireCurrent();
        const result = await this.instantiate(command);
        const instance = result instanceof Refusal ? undefined : result;
        this.current = instance;
        this.moduleFailed ||= instance === undefined;
        if (command.name !== undefined) this.named.set(command.name, instance);
        return result instanceof Refusal ? failed(result.message, describe(result)) : passed;
      }
      case "register": {
        const instance = command.name === undefined ? this.current : this.named.get(command.name);
        if (instance === undefined) return blocked;
        this.registered.set(command.as, instance);
        return passed;
      }
      case "assert_malformed":
      case "assert_invalid":
        return command.module_type === "text" ? { status: "skipped" } : this.assertRefused(command.filename);
      case "assert_unlinkable": {
        const result = await this.instantiate(command);
        if (!(result instanceof Refusal)) return failed("linked");
        return result.kind === "link" ? passed : failed(result.message);
      }
      case "assert_uninstantiable": {
        const result = await this.instantiate(command);
        if (!(result instanceof Refusal)) return failed("instantiated");
        return result.kind === "trap" ? judgeTrap(command.text, result.traps) : failed(result.message);
      }
      case "action":
      case "assert_return":
      case "assert_trap":
      case "assert_exhaustion": {
        // Invocations went to the queue; what is left reads a global.
        const instance = this.target(command.action);
        if (instance === undefined) return blocked;
        return this.blame(instance, judge(command, await instance.readGlobal(command.action.field)));
      }
    }
  }

  private async instantiate(command: Command): Promise<SpecInstance | Refusal> {
    const plan = this.plans.get(command);
    if (plan === undefined) throw new Error(`line ${command.line} names no module`);
    try {
      const module = await this.compile(plan);
      this.owned.add(module);
      const instance = await module.instantiate(this.registered);
      this.owned.add(instance);
      return instance;
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
  }

  /**
   * The reason is not compared: validation is the JavaScript engine's, in its own words. `unsupported` counts as a
   * refusal, because it comes after validation: it names a later proposal, under which the engine takes the bytes.
   */
  private async assertRefused(filename: string): Promise<Finding> {
    try {
      this.owned.add(await this.engine.compile(this.file.read(filename), []));
      return failed("accepted");
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return error.kind === "invalid" || error.kind === "unsupported" ? passed : failed(error.message);
    }
  }
}

function describe({ kind, message, cause }: Refusal): string {
  const details = cause instanceof Error ? `: ${cause.message.slice(0, 1000)}` : "";
  return `${kind}: ${message}${details}`;
}

function callOf(action: Action): Call {
  if (action.type !== "invoke") throw new Error("only invocations are queued");
  return { name: action.field, arguments: encodeArguments(action.args) };
}

function judge(command: InvokeCommand, outcome: Outcome): Finding {
  if (outcome.kind === "failure") return failed(outcome.reason, outcome.detail);
  switch (command.type) {
    case "action":
      return outcome.kind === "values" ? passed : failed("trap", `trap: ${outcome.messages.join(" or ")}`);
    case "assert_return":
      if (outcome.kind === "trap") return failed("trap", `trap: ${outcome.messages.join(" or ")}`);
      if (matches(command.expected, outcome.words)) return passed;
      return failed("wrong result", `got ${showWords(outcome.words)}, expected ${JSON.stringify(command.expected)}`);
    case "assert_trap":
    case "assert_exhaustion":
      if (outcome.kind === "values") return failed("no trap", `got ${showWords(outcome.words)}, expected a trap`);
      return judgeTrap(command.text, outcome.messages);
  }
}

/** The suite may say more than the wording, for example `uninitialized element 2`. */
function judgeTrap(expected: string, messages: readonly string[]): Finding {
  if (messages.some((message) => expected.startsWith(message))) return passed;
  return failed("wrong trap", `trapped with "${messages.join('" or "')}", expected "${expected}"`);
}
