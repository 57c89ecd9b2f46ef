/** `wasmburst devices`: what this machine can run on. */
import { availableParallelism } from "node:os";
import type { DeviceDescription, ThermalReport } from "../../../protocol/messages.ts";
import { listDevices, watchHeat } from "../api/burst.ts";
import { v8DeviceName } from "../v8/backend.ts";
import { type ExitCode, exitCodes, usageError } from "./exitCodes.ts";
import { parseOptions } from "./options.ts";
import { openOutput } from "./output.ts";

export const devicesHelp = `usage: wasmburst devices [--json] [--watch]

Lists the devices of this machine, their limits and profile, and why one cannot be used.

  --json    as JSON; with --watch one object a line
  --watch   show the heat of each until interrupted: state, temperature, power, what throttles it`;

export async function devices(argv: readonly string[], signal: AbortSignal): Promise<ExitCode> {
  const { values, positionals } = parseOptions("devices", {
    args: [...argv],
    allowPositionals: true,
    options: { json: { type: "boolean" }, watch: { type: "boolean" } },
  });
  if (positionals[0] !== undefined) throw usageError(`unexpected argument "${positionals[0]}"`);
  if (values.watch === true) return watch(values.json === true, signal);
  const found = await listDevices();
  const v8 = { id: "v8", name: v8DeviceName, usable: true, threads: availableParallelism() };
  const output = await openOutput();
  if (values.json === true) {
    await output.write(`${JSON.stringify({ ...found, devices: [...found.devices, v8] }, null, 2)}\n`);
  } else {
    for (const device of found.devices) await output.write(render(device));
    if (found.hostProblem !== undefined) await output.write(`host: not available: ${found.hostProblem}\n`);
    await output.write(`v8: ${v8.name}, ${v8.threads} threads (no GPU; baseline and fallback)\n`);
  }
  await output.end();
  return exitCodes.ok;
}

async function watch(json: boolean, signal: AbortSignal): Promise<ExitCode> {
  const output = await openOutput();
  let written = Promise.resolve();
  const failure = new AbortController();
  await watchHeat(
    (device, heat) => {
      const line = json ? JSON.stringify({ device, ...heat }) : `${device}: ${renderHeat(heat)}`;
      written = written.then(() => output.write(`${line}\n`));
      written.catch((error) => failure.abort(error));
    },
    { signal: AbortSignal.any([signal, failure.signal]) },
  );
  await written;
  await output.end();
  return exitCodes.interrupted;
}

function renderHeat({
  state,
  source,
  lowPowerMode,
  temperature,
  power,
  powerLimit,
  throttling,
  slowdown,
}: ThermalReport) {
  return [
    `${state} (${source})`,
    ...(temperature === undefined ? [] : [`${temperature} °C`]),
    ...(power === undefined
      ? []
      : [`${power.toFixed(0)} W${powerLimit === undefined ? "" : ` of ${powerLimit.toFixed(0)}`}`]),
    ...(throttling === undefined ? [] : [`throttled: ${throttling.join(", ")}`]),
    ...(slowdown === undefined ? [] : [`time per unit of fuel ${slowdown.toFixed(2)} of the best`]),
    ...(lowPowerMode ? ["low-power mode"] : []),
  ].join(", ");
}

function render({ id, name, usable, reason, profile, limits }: DeviceDescription): string {
  if (!usable) return `${id}: ${name}, not usable: ${reason ?? "no reason given"}\n`;
  const traits = [
    profile.f64 ? "native f64" : "software f64",
    profile.f32Subnormals ? "IEEE f32" : "f32 subnormals flushed",
    `tiles of ${profile.tileWidth}`,
  ];
  return [
    `${id}: ${name}`,
    `  profile ${profile.name}: ${traits.join(", ")}`,
    `  threads per threadgroup ${limits.maxThreadsPerThreadgroup}, SIMD width ${limits.threadExecutionWidth}`,
    `  threadgroup memory ${size(limits.maxThreadgroupMemoryLength)}, largest buffer ${size(limits.maxBufferLength)}`,
    `  working set ${size(limits.recommendedMaxWorkingSetSize)}, allocated ${size(limits.currentAllocatedSize)}`,
    "",
  ].join("\n");
}

const units = ["bytes", "KiB", "MiB", "GiB", "TiB"] as const;

function size(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  const value = bytes / 1024 ** power;
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[power]}`;
}
