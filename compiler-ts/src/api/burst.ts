/** The entry of the public API: a device, chosen once. */
import { once } from "node:events";
import { isDeepStrictEqual } from "node:util";
import type { DeviceDescription, HostFunctionDescription, ThermalReport } from "../../../protocol/messages.ts";
import { compileModule } from "../compile.ts";
import { HostError, messageOf } from "../errors.ts";
import { type CompileModule, HostBackend } from "../host/backend.ts";
import { HostClient, type Progress } from "../host/client.ts";
import { HostKeeper } from "../host/keeper.ts";
import { locateHost } from "../host/locate.ts";
import { type CompiledModule, type Profile, profiles } from "../metadata.ts";
import { SpreadBackend } from "../spread/backend.ts";
import { V8Backend } from "../v8/backend.ts";
import type { Backend, CompileOptions, DeviceInUse, Timeline } from "./backend.ts";
import { chooseDevices, firstUsable, labelsOf } from "./deviceChoice.ts";
import { BurstModule } from "./module.ts";
import type { TimelineEvent } from "./timeline.ts";
import { usage } from "./usage.ts";

export interface LaunchOptions {
  /**
   * `auto` (default): the host's first usable device, else `v8` with a notice. Otherwise an id that `wasmburst devices` lists, or several
   * devices that share instances and jobs: ids with commas between, and `cuda:all` for all usable ones of a kind.
   */
  readonly device?: string | undefined;
  /**
   * Emit for this profile instead of the device's own: a text for less capable hardware runs on more capable hardware
   * with the same results, which is how the other profiles are tested.
   */
  readonly profile?: string | undefined;
  /** The host binary; default: WASMBURST_HOST, the installed package, a local build. */
  readonly hostPath?: string | undefined;
  /** Worker threads of the v8 device; default: one a core. */
  readonly threads?: number | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** What the device does, a few times a second; nothing comes from v8. */
  readonly onTimeline?: ((events: readonly TimelineEvent[]) => void) | undefined;
  /** What instances say through `wasmburst.log`, whole lines; default: to stderr. */
  readonly onOutput?: ((text: string) => void) | undefined;
  /** Why `auto` fell back, or why a host process died that another has replaced; default: a line on stderr. */
  readonly onNotice?: ((message: string) => void) | undefined;
}

export class WasmBurst {
  readonly #backend: Backend;

  private constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Throws HostError where the device or its host cannot be used, and CompileError where there is no profile of that name. */
  static async launch(options: LaunchOptions = {}): Promise<WasmBurst> {
    const device = options.device ?? "auto";
    // A name that there is not is a mistake on every device, v8 among them.
    const profile = options.profile === undefined ? undefined : profileNamed(options.profile);
    if (device === "v8") return new WasmBurst(new V8Backend(options));
    if (device !== "auto")
      return new WasmBurst(await launchHosts(options, profile, (devices) => chooseDevices(device, devices)));
    try {
      return new WasmBurst(await launchHosts(options, profile, (devices) => [firstUsable(devices)]));
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      noticeOf(options)(`running on V8: ${error.message}`);
      return new WasmBurst(new V8Backend(options));
    }
  }

  get device(): DeviceInUse {
    return this.#backend.device;
  }

  /** The functions that serve a module's imports where `instantiate` is not given them. */
  get hostFunctions(): readonly HostFunctionDescription[] {
    return this.#backend.hostFunctions.map(({ implementation: _, ...description }) => description);
  }

  /** Throws CompileError where the module is invalid, uses something unsupported, or lacks an export that is asked for. */
  async compile(bytes: Uint8Array, options: CompileOptions = {}): Promise<BurstModule> {
    return new BurstModule(bytes, options.link, await this.#backend.compile(bytes, options));
  }

  /** Ends the device's threads or host process; everything in flight rejects. */
  async close(): Promise<void> {
    await this.#backend.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function launchHosts(
  options: LaunchOptions,
  profile: Profile | undefined,
  choose: (devices: readonly DeviceDescription[]) => readonly DeviceDescription[],
): Promise<Backend> {
  const path = locateHost({ path: options.hostPath });
  const { onProgress, onOutput } = options;
  const start = async () => {
    const client = await HostClient.launch(path);
    if (onOutput !== undefined) client.onOutput(onOutput);
    return client;
  };
  const clients = [await start()];
  try {
    const [first] = clients as [HostClient];
    const [{ devices }, hostFunctions] = await Promise.all([first.listDevices(), offeredBy(first)]);
    const chosen = choose(devices);
    if (profile !== undefined) for (const device of chosen) checkRuns(device, profile);
    const compile = chosen.length === 1 ? compileModule : onceForEqual(compileModule);
    const labels = labelsOf(chosen);
    const started = await Promise.allSettled(chosen.slice(1).map(start));
    // All that have started, before one that has not is told of: they have to be closed.
    for (const outcome of started) if (outcome.status === "fulfilled") clients.push(outcome.value);
    for (const outcome of started) if (outcome.status === "rejected") throw outcome.reason;
    const backends = await Promise.all(
      chosen.map(async (device, index) => {
        const label = labels[index] as string;
        const watched = { device: device.id, label, add: options.onTimeline };
        const client = clients[index] as HostClient;
        const timeline = await watchTimeline(client, watched);
        const host = new HostKeeper(client, {
          restart: async () => {
            const next = await start();
            // On the clock of the machine, as the events of the host before.
            await watchTimeline(next, watched);
            return next;
          },
          onRestart: (reason) => {
            const which = chosen.length === 1 ? "" : `${label}: `;
            noticeOf(options)(`${which}${reason}; another was started`);
          },
        });
        const own = { ...device, profile: profile ?? device.profile };
        const backend = new HostBackend(host, own, compile, { onProgress, timeline, hostFunctions });
        return { label, backend };
      }),
    );
    const [only] = backends;
    if (backends.length === 1 && only !== undefined) return only.backend;
    return new SpreadBackend(backends, {
      onProgress,
      onLoss: (reason) => noticeOf(options)(`${reason}; the other devices go on with its jobs`),
    });
  } catch (error) {
    await Promise.all(clients.map((client) => client.close()));
    throw error;
  }
}

/** Devices of one profile run one text. */
function onceForEqual(compile: CompileModule): CompileModule {
  let last: { readonly parameters: Parameters<CompileModule>; readonly compiled: CompiledModule } | undefined;
  return (...parameters) => {
    if (last === undefined || !isDeepStrictEqual(last.parameters, parameters))
      // A copy: the bytes are the caller's, who may write to them.
      last = { parameters: structuredClone(parameters), compiled: compile(...parameters) };
    return last.compiled;
  };
}

/** A host that does not know the request has none. */
async function offeredBy(client: HostClient): Promise<readonly HostFunctionDescription[]> {
  try {
    return (await client.listHostFunctions()).functions;
  } catch (error) {
    if (error instanceof HostError && error.code === "methodNotFound") return [];
    throw error;
  }
}

function noticeOf({ onNotice }: LaunchOptions): (message: string) => void {
  return onNotice ?? ((message) => void process.stderr.write(`wasmburst: ${message}\n`));
}

/** `label` takes the device's place in the events. */
async function watchTimeline(
  client: HostClient,
  {
    device,
    label,
    add,
  }: {
    readonly device: string;
    readonly label: string;
    readonly add: ((events: readonly TimelineEvent[]) => void) | undefined;
  },
): Promise<Timeline | undefined> {
  if (add === undefined) return undefined;
  client.onSchedule((events) =>
    add(events.filter((event) => event.device === device).map((event) => ({ ...event, device: label }))),
  );
  const { now } = await client.watchSchedule(true);
  const origin = performance.now() / 1000 - now;
  return { device: label, now: () => performance.now() / 1000 - origin, add };
}

function profileNamed(name: string): Profile {
  if (Object.hasOwn(profiles, name)) return profiles[name as keyof typeof profiles];
  throw usage(`no profile "${name}"; there are ${Object.keys(profiles).join(", ")}`);
}

function checkRuns(device: DeviceDescription, profile: Profile): void {
  const has = device.profile;
  const lacks = [
    profile.f64 && !has.f64 ? "f64 arithmetic" : "",
    profile.f32Subnormals && !has.f32Subnormals ? "f32 subnormals" : "",
    !profile.strictAlignment && has.strictAlignment ? "misaligned accesses" : "",
  ].filter((feature) => feature !== "");
  if (lacks.length > 0)
    throw new HostError(
      "deviceUnusable",
      `device ${device.id} cannot run profile ${profile.name}: it lacks ${lacks.join(", ")}`,
    );
}

/** All devices of this machine, the host's first. `hostProblem` says why there is no host. */
export async function listDevices(
  options: Pick<LaunchOptions, "hostPath"> = {},
): Promise<{ readonly devices: readonly DeviceDescription[]; readonly hostProblem?: string }> {
  let client: HostClient | undefined;
  try {
    client = await HostClient.launch(locateHost({ path: options.hostPath }));
    return { devices: (await client.listDevices()).devices };
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return { devices: [], hostProblem: messageOf(error) };
  } finally {
    await client?.close();
  }
}

/** The heat of the host's devices, at once and every other second, until `signal` aborts. Throws HostError where there is no host. */
export async function watchHeat(
  onHeat: (device: string, heat: ThermalReport) => void,
  options: Pick<LaunchOptions, "hostPath"> & { readonly signal: AbortSignal },
): Promise<void> {
  const client = await HostClient.launch(locateHost({ path: options.hostPath }));
  try {
    client.onSchedule((events) => {
      for (const event of events) if (event.kind === "thermal") onHeat(event.device, event.thermal);
    });
    await client.watchSchedule(true);
    const ending = AbortSignal.any([options.signal, client.closed]);
    if (!ending.aborted) {
      // A host that only sends keeps nothing alive.
      const alive = setInterval(() => {}, 2 ** 30);
      await once(ending, "abort").finally(() => clearInterval(alive));
    }
    if (!options.signal.aborted) throw ending.reason;
  } finally {
    await client.close();
  }
}
