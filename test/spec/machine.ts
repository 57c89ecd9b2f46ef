/**
 * Instances of the suite that share state, as one program. The suite links a module with instances that have run already, so a machine grows: all
 * its modules and the new one are linked again, and what was done so far is done again in the new program. That gives the same state, since nothing in wasm
 * without host functions depends on anything else.
 */
import { linkModules } from "../../compiler-ts/src/link/linkModules.ts";
import { importedType, typeAt } from "../../compiler-ts/src/wasm/inspect.ts";
import { type Import, type ImportDescription, importedCount, type Module } from "../../compiler-ts/src/wasm/module.ts";
import { deferInstantiation, instantiate, reexporting, sizeOf } from "./deferredInstantiation.ts";
import { type Call, type Outcome, Refusal } from "./engine.ts";

/** Where an import comes from. */
export interface Provision {
  readonly member: Member;
  readonly name: string;
}

/** One instance of the suite. */
export class Member {
  private static next = 0;

  readonly order = Member.next++;
  readonly module: Module;
  /** Functions that will be invoked. */
  readonly wanted: readonly string[];
  /** By import. */
  readonly provisions: readonly Provision[];
  machine: Machine | undefined;

  constructor(module: Module, wanted: readonly string[], provisions: readonly Provision[] = []) {
    this.module = module;
    this.wanted = wanted;
    this.provisions = provisions;
  }

  get id(): string {
    return `#${this.order}`;
  }

  /** It and all that it imports from. */
  closure(): Set<Member> {
    return new Set([this, ...this.provisions.flatMap(({ member }) => [...member.closure()])]);
  }

  /** No one can tell two instances of it apart: each machine may have its own. */
  get stateless(): boolean {
    const { memories, tables, globalTypes, start } = this.module;
    const own = memories.length === 0 && tables.length === 0 && !globalTypes.some((type) => type.mutable);
    return own && start === undefined && this.provisions.every(({ member }) => member.stateless);
  }

  /** Of a memory or a table, as it is now: external types of instances have it for their minimum. */
  async currentSize(kind: "memory" | "table", name: string): Promise<number | undefined> {
    const found = this.module.exports.find((item) => item.name === name);
    if (found?.kind !== kind) return undefined;
    if (this.machine?.hasRun !== true) return typeMinimum(this.module, kind, found.index);
    return this.machine.size(this, kind === "memory" ? sizeOf.memory : sizeOf.table(found.index));
  }
}

function typeMinimum(module: Module, kind: "memory" | "table", index: number): number | undefined {
  const type = typeAt(module, kind, index);
  return "limits" in type ? type.limits.minimum : undefined;
}

/** A pool, whose instances are as one: where they differ, that is the outcome. */
export interface Running {
  invoke(calls: readonly Call[]): Promise<readonly Outcome[]>;
  readGlobal(name: string): Promise<Outcome>;
  release(): Promise<void>;
}

export type Build = (program: Module) => Promise<Running>;

interface Done {
  readonly member: Member;
  readonly call: Call;
}

const start: Call = { name: instantiate, arguments: new Uint32Array() };

export class Machine {
  private readonly members: readonly Member[];
  private readonly done: Done[];
  private readonly build: Build;
  private running: Running | undefined;
  /** `running` is the one member as it is, not a program of linked modules. */
  private plain = false;

  private constructor(members: readonly Member[], done: Done[], build: Build) {
    this.members = members;
    this.done = done;
    this.build = build;
  }

  /** A member without imports; `running` is its pool, else it gets one when something is done with it. */
  static of(member: Member, build: Build, running?: Running): Machine {
    const machine = new Machine([member], [{ member, call: start }], build);
    machine.running = running;
    machine.plain = running !== undefined;
    member.machine = machine;
    return machine;
  }

  /** Links `member` with the machines that it imports from, which become one, and instantiates it. @throws Refusal */
  static async grow(member: Member, build: Build): Promise<void> {
    const closure = member.closure();
    const before = new Set(
      [...closure].flatMap((other) => (other.stateless || other.machine === undefined ? [] : [other.machine])),
    );
    const members = new Set([...closure, ...[...before].flatMap((machine) => machine.members)]);
    const machine = new Machine(
      [...members].sort((a, b) => a.order - b.order),
      [...before].flatMap((other) => other.done),
      build,
    );
    await machine.replay();
    for (const other of before) await other.release();
    for (const each of machine.members) if (each === member || !each.stateless) each.machine = machine;
    const [outcome] = await machine.invoke(member, [start]);
    if (outcome?.kind === "trap") throw new Refusal("trap", "trap", outcome.messages);
    if (outcome?.kind === "failure") throw refusalOf(outcome);
  }

  /** Anything but instantiation that could change a size. */
  get hasRun(): boolean {
    return this.done.length > 1 || this.members.some(({ module }) => module.start !== undefined);
  }

  async invoke(member: Member, calls: readonly Call[]): Promise<readonly Outcome[]> {
    const running = this.running ?? (await this.replay());
    for (const call of calls) this.done.push({ member, call });
    return running.invoke(this.plain ? calls : calls.map((call) => renamed({ member, call })));
  }

  async size(member: Member, name: string): Promise<number | undefined> {
    if (this.plain) await this.release();
    const running = this.running ?? (await this.replay());
    const [outcome] = await running.invoke([renamed({ member, call: { name, arguments: new Uint32Array() } })]);
    if (outcome?.kind === "failure") throw refusalOf(outcome);
    return outcome?.kind === "values" ? outcome.words[0] : undefined;
  }

  async readGlobal(member: Member, name: string): Promise<Outcome> {
    const running = this.running ?? (await this.replay());
    return running.readGlobal(this.plain ? name : exportName(member, name));
  }

  async release(): Promise<void> {
    const running = this.running;
    this.running = undefined;
    this.plain = false;
    await running?.release();
  }

  private async replay(): Promise<Running> {
    const running = await this.build(program(this.members));
    this.running = running;
    // Traps among them happened before, too.
    const outcomes = await running.invoke(this.done.map(renamed));
    const failure = outcomes.find((outcome) => outcome.kind === "failure");
    if (failure === undefined) return running;
    await this.release();
    throw refusalOf(failure);
  }
}

function refusalOf({ reason, detail }: Extract<Outcome, { kind: "failure" }>): Refusal {
  return new Refusal("failure", reason, [], detail === undefined ? undefined : new Error(detail));
}

function renamed({ member, call }: Done): Call {
  return { ...call, name: exportName(member, call.name) };
}

function exportName(member: Member, name: string): string {
  return `${member.id} ${name}`;
}

function program(members: readonly Member[]): Module {
  const libraries = members.map((member) => ({ name: member.id, module: linkable(member) }));
  const exported = members.flatMap((member, i) => {
    const { module } = libraries[i] as (typeof libraries)[number];
    return module.exports.flatMap(({ name, kind, index }) => {
      if (!isNeeded(member, name, kind)) return [];
      const type = typeAt(module, kind, index);
      const description: ImportDescription =
        type.kind === "global" ? { kind: "global", type } : { kind: "function", typeIndex: 0 };
      const from: Import = { module: member.id, name, description, offset: 0 };
      return [{ from, as: exportName(member, name), ...(type.kind === "function" ? { type } : {}) }];
    });
  });
  return linkModules(reexporting(exported), libraries);
}

function isNeeded(member: Member, name: string, kind: string): boolean {
  if (kind === "global") return true;
  const sizes = member.module.exports.map((item) => {
    if (item.kind === "memory") return sizeOf.memory;
    return item.kind === "table" ? sizeOf.table(item.index) : undefined;
  });
  return name === instantiate || sizes.includes(name) || (kind === "function" && member.wanted.includes(name));
}

/** Its imports name members, and ask no more than what these had at first: what they have now was checked. */
function linkable({ module, provisions }: Member): Module {
  const imports = module.imports.map((item, i): Import => {
    const { member, name } = provisions[i] as Provision;
    return { ...item, module: member.id, name, description: withoutMinimum(item.description) };
  });
  const tables = [...imports.flatMap(({ description }) => (description.kind === "table" ? [description.type] : []))];
  const memories = [...imports.flatMap(({ description }) => (description.kind === "memory" ? [description.type] : []))];
  return deferInstantiation({
    ...module,
    imports,
    tables: [...tables, ...module.tables.slice(importedCount(module, "table"))],
    memories: [...memories, ...module.memories.slice(importedCount(module, "memory"))],
  });
}

function withoutMinimum(description: ImportDescription): ImportDescription {
  switch (description.kind) {
    case "memory":
      return { kind: "memory", type: { limits: { ...description.type.limits, minimum: 0 } } };
    case "table":
      return { kind: "table", type: { ...description.type, limits: { ...description.type.limits, minimum: 0 } } };
    default:
      return description;
  }
}

/** Of an import of `module` that asks for a minimum. */
export function minimumOf(module: Module, { description }: Import): number | undefined {
  const type = importedType(module, description);
  return "limits" in type ? type.limits.minimum : undefined;
}
