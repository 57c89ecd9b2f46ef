/** The flags that say when the device may be used: docs/scheduling.md. */
import type { BurstPolicy, ScheduleSettings } from "../../../protocol/messages.ts";
import { usageError } from "./exitCodes.ts";

export const scheduleFlags = {
  policy: { type: "string" },
  "burst-ms": { type: "string" },
  "cooldown-ms": { type: "string" },
  "slice-ms": { type: "string" },
} as const;

export const scheduleHelp = `  --policy NAME          adaptive (default: rest by the thermal state), sustained (a burst and a cool-down in turn)
                         or unthrottled (no rest)
  --burst-ms N           longest run without a cool-down where one is due, 1 to 500 (default 500)
  --cooldown-ms N        rest after a full burst where the state is serious, and of sustained (default twice the burst)
  --slice-ms N           device time of one launch, 1 to 50 (default: adapted)`;

const policies: readonly BurstPolicy[] = ["adaptive", "sustained", "unthrottled"];

/** `undefined` where no flag is given: the host's defaults, and nothing that a device without a schedule would refuse. */
export function scheduleOf(
  values: Readonly<Partial<Record<keyof typeof scheduleFlags, string>>>,
): ScheduleSettings | undefined {
  const policy = policies.find((name) => name === values.policy);
  if (values.policy !== undefined && policy === undefined) {
    throw usageError(`--policy ${values.policy}: there are ${policies.join(", ")}`);
  }
  const burst = milliseconds(values["burst-ms"], "--burst-ms", 1, 500);
  const coolDown = milliseconds(values["cooldown-ms"], "--cooldown-ms", 0, 60_000);
  const slice = milliseconds(values["slice-ms"], "--slice-ms", 1, Math.min(50, burst ?? 500));
  const settings = {
    ...(policy === undefined ? {} : { policy }),
    ...(burst === undefined ? {} : { burst }),
    ...(coolDown === undefined ? {} : { coolDown }),
    ...(slice === undefined ? {} : { slice }),
  };
  return Object.keys(settings).length === 0 ? undefined : settings;
}

function milliseconds(text: string | undefined, flag: string, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw usageError(`${flag} ${text}: expected ${least} to ${most} milliseconds`);
  }
  return value;
}
