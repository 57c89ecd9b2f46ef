/**
 * WasmBurst itself: each module of the suite in a pool on the device named, of one instance or of many that must agree (equalInstances.ts). Modules that share state
 * are linked into one program (machine.ts).
 */

import { availableParallelism } from "node:os";
import type { Backend } from "../../compiler-ts/src/api/backend.ts";
import { BurstModule } from "../../compiler-ts/src/api/module.ts";
import { compileModule, compileProgram } from "../../compiler-ts/src/compile.ts";
import { HostBackend } from "../../compiler-ts/src/host/backend.ts";
import { HostClient } from "../../compiler-ts/src/host/client.ts";
import { HostKeeper } from "../../compiler-ts/src/host/keeper.ts";
import { locateHost } from "../../compiler-ts/src/host/locate.ts";
import { CompileError, HostError, InstantiationTrap, profiles } from "../../compiler-ts/src/index.ts";
import { V8Backend } from "../../compiler-ts/src/v8/backend.ts";
import { indistinctTraps } from "../../compiler-ts/src/v8/traps.ts";
import { parseModule } from "../../compiler-ts/src/wasm/decode.ts";
import type { Module } from "../../compiler-ts/src/wasm/module.ts";
import { type Call, type Outcome, Refusal, type SpecEngine, type SpecInstance, type SpecModule } from "./engine.ts";
import { type CallLimits, instantiateEqual, PoolSizes, runningOn } from "./equalInstances.ts";
import { Machine, Member, minimumOf, type Provision, type Running } from "./machine.ts";
import { memoryLimit } from "./memoryLimit.ts";
import { spectestModules } from "./spectest.ts";

/** Units of one invocation: what is miscompiled must not run for ever. */
const fuel = 1_000_000_000;

/** `WASMBURST_SPEC_SLICE=N`: each launch may use N units of fuel, so that instances are suspended and resumed all the time. */
const sliceFuel = process.env.WASMBURST_SPEC_SLICE === undefined ? undefined : Number(process.env.WASMBURST_SPEC_SLICE);

const limits: CallLimits = { fuel, ...(sliceFuel === undefined ? {} : { sliceFuel }) };

/** `instances`: of every pool. @throws HostError where the device cannot be used. */
export async function burstEngine(device: string, profile?: string, instances = 1): Promise<SpecEngine> {
  /** Programs have no bytes of their own. */
  const programs = new WeakMap<Uint8Array, Module>();
  let backend = openBackend(device, profile, programs);
  const { id } = (await backend).device;
  const sizes = new PoolSizes(instances);

  const compile = async (bytes: Uint8Array, exports?: readonly string[]): Promise<BurstModule> => {
    try {
      return new BurstModule(bytes, undefined, await (await backend).compile(bytes, { exports }));
    } catch (error) {
      // One module that kills the host must not fail all after it.
      if (error instanceof HostError && error.code === "hostExited") backend = openBackend(device, profile, programs);
      throw refusalOf(error);
    }
  };
  const instantiate = async (module: BurstModule, decoded: Module): Promise<Running> => {
    try {
      const pool = await instantiateEqual(module, instances, memoryLimit(decoded));
      sizes.add(pool.instances);
      return device === "v8" ? runningOn(pool, {}, v8Wordings) : runningOn(pool, limits);
    } catch (error) {
      throw refusalOf(error);
    }
  };
  const build = async (program: Module): Promise<Running> => {
    if (device === "v8") throw new Refusal("unsupported", "linked modules");
    const bytes = new Uint8Array();
    programs.set(bytes, program);
    const module = await compile(bytes);
    const running = await instantiate(module, program);
    return { ...running, release: () => running.release().then(() => module.release().catch(ignoreClosed)) };
  };
  return {
    name: `wasmburst ${id}`,
    compileAhead: availableParallelism(),
    async compile(bytes, exports) {
      const decoded = parse(bytes);
      if (decoded.imports.length > 0) return linked(decoded, exports, build);
      const module = await compile(bytes, exports);
      return {
        async instantiate() {
          const member = new Member(decoded, exports);
          Machine.of(member, build, await instantiate(module, decoded));
          return new BurstInstance([member]);
        },
        release: () => module.release().catch(ignoreClosed),
      };
    },
    spectest() {
      const members = spectestModules.map((module) => new Member(module, []));
      for (const member of members) Machine.of(member, build);
      return new BurstInstance(members);
    },
    ...(instances === 1 ? {} : { remarks: () => sizes.toString() }),
    close: async () => (await backend).close(),
  };
}

async function openBackend(
  device: string,
  profile: string | undefined,
  programs: WeakMap<Uint8Array, Module>,
): Promise<Backend> {
  if (device === "v8") return new V8Backend();
  const client = await HostClient.launch(locateHost());
  const found = (await client.listDevices()).devices.find((each) => each.id === device);
  if (found?.usable !== true) {
    await client.close();
    throw new HostError("deviceUnusable", `device ${device}: ${found?.reason ?? "the host does not have it"}`);
  }
  const emitted = profile === undefined ? found.profile : profiles[profile as keyof typeof profiles];
  return new HostBackend(new HostKeeper(client), { ...found, profile: emitted }, (bytes, options) => {
    const program = programs.get(bytes);
    return program === undefined ? compileModule(bytes, options) : compileProgram(program, options);
  });
}

function parse(bytes: Uint8Array): Module {
  try {
    return parseModule(bytes);
  } catch (error) {
    throw refusalOf(error);
  }
}

/** What it imports is known when it is instantiated. */
function linked(module: Module, exports: readonly string[], build: (program: Module) => Promise<Running>): SpecModule {
  return {
    async instantiate(registered) {
      const member = new Member(module, exports, await provisions(module, registered));
      try {
        await Machine.grow(member, build);
      } catch (error) {
        throw refusalOf(error);
      }
      return new BurstInstance([member]);
    },
    async release() {},
  };
}

async function provisions(
  module: Module,
  registered: ReadonlyMap<string, SpecInstance>,
): Promise<readonly Provision[]> {
  const found: Provision[] = [];
  for (const item of module.imports) {
    const instance = registered.get(item.module);
    const member = instance instanceof BurstInstance ? instance.exporting(item.name) : undefined;
    if (member === undefined) throw new Refusal("link", "unknown import");
    const { kind } = item.description;
    if (kind === "memory" || kind === "table") {
      const size = await member.currentSize(kind, item.name);
      if (size === undefined || size < (minimumOf(module, item) ?? 0))
        throw new Refusal("link", "incompatible import type");
    }
    found.push({ member, name: item.name });
  }
  return found;
}

/** The host module is several members, all others are one. */
class BurstInstance implements SpecInstance {
  private readonly members: readonly Member[];

  constructor(members: readonly Member[]) {
    this.members = members;
  }

  exporting(name: string): Member | undefined {
    return this.members.find(({ module }) => module.exports.some((item) => item.name === name));
  }

  async invoke(calls: readonly Call[]): Promise<readonly Outcome[]> {
    const { member, machine } = this.own();
    return machine.invoke(member, calls);
  }

  async readGlobal(name: string): Promise<Outcome> {
    const { member, machine } = this.own();
    return machine.readGlobal(member, name);
  }

  async release(): Promise<void> {
    for (const member of this.members) await member.machine?.release();
  }

  private own(): { readonly member: Member; readonly machine: Machine } {
    const [member, ...others] = this.members;
    if (member?.machine === undefined || others.length > 0) throw new Error("the host module is not run by itself");
    return { member, machine: member.machine };
  }
}

function v8Wordings(trap: string): readonly string[] {
  return indistinctTraps.find(([reported]) => reported === trap) ?? [trap];
}

/** With the reason that the exception list groups by: without names and numbers. */
function refusalOf(error: unknown): unknown {
  if (error instanceof InstantiationTrap) return new Refusal("trap", "trap", [error.trap], error);
  if (error instanceof HostError) return new Refusal("failure", `host: ${error.code}`, [], error);
  if (!(error instanceof CompileError)) return error;
  const { kind, message } = error.diagnostic;
  if (kind === "invalid-module") return new Refusal("invalid", message, [], error);
  if (kind === "unsupported") return new Refusal("unsupported", message, [], error);
  if (kind === "link") return new Refusal("link", message.slice(0, message.indexOf(":")), [], error);
  return new Refusal("failure", `${kind}: ${message}`, [], error);
}

function ignoreClosed(error: unknown): void {
  if (!(error instanceof HostError)) throw error;
}
