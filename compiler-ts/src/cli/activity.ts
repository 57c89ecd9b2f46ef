/** What the device has been doing lately, for the progress line; and all of it, for the timeline. */
import type { ThermalReport } from "../../../protocol/messages.ts";
import type { TimelineEvent } from "../api/timeline.ts";

/** Seconds over which the duty is taken. */
const window = 10;

const states: readonly ThermalReport["state"][] = ["nominal", "fair", "serious", "critical"];

export class Activity {
  /** Empty unless they are kept. */
  readonly events: TimelineEvent[] = [];
  readonly #keeps: boolean;
  #slices: { readonly device: string; readonly at: number; readonly seconds: number }[] = [];
  readonly #heat = new Map<string, ThermalReport>();

  constructor(keepsEvents: boolean) {
    this.#keeps = keepsEvents;
  }

  add(events: readonly TimelineEvent[]): void {
    for (const event of events) {
      if (this.#keeps) this.events.push(event);
      if (event.kind === "thermal") this.#heat.set(event.device, event.thermal);
      if (event.kind === "slice") this.#slices.push(event);
    }
    const last = this.#slices.at(-1);
    if (last !== undefined) this.#slices = this.#slices.filter(({ at }) => at > last.at - window);
  }

  /** Of the hottest device. */
  get heat(): ThermalReport | undefined {
    const rank = ({ state }: ThermalReport) => states.indexOf(state);
    return [...this.#heat.values()].sort((a, b) => rank(b) - rank(a))[0];
  }

  /** Share of the last seconds in which the devices were busy; `undefined` before there is something to say. */
  get duty(): number | undefined {
    const [first] = this.#slices;
    const last = this.#slices.at(-1);
    if (first === undefined || last === undefined || first === last) return undefined;
    const busy = this.#slices.reduce((sum, { seconds }) => sum + seconds, 0);
    const devices = new Set(this.#slices.map(({ device }) => device)).size;
    return Math.min(busy / devices / (last.at + last.seconds - first.at), 1);
  }
}

/** How far a jobs file has come. */
export class WorkDone {
  /** Share of the file that was read; `undefined` where its size is not known. */
  readShare: (() => number) | undefined;
  readonly #start = performance.now();
  #batch:
    | { readonly finished: number; readonly size: number; readonly before: number; readonly after: number }
    | undefined;

  /** `finished` jobs are done, `size` more have been read and begin. */
  begin(finished: number, size: number): void {
    const after = this.readShare?.() ?? Number.NaN;
    this.#batch = { finished, size, before: this.#batch?.after ?? 0, after };
  }

  /** `undefined` before the first batch. */
  text(fractionOfBatch: number, activity: Activity): string | undefined {
    if (this.#batch === undefined) return undefined;
    const { finished, size, before, after } = this.#batch;
    const share = before + (after - before) * fractionOfBatch;
    const jobs = finished + Math.round(size * fractionOfBatch);
    const seconds = (performance.now() - this.#start) / 1000;
    return progressText({ jobs, seconds, fraction: Number.isNaN(share) ? undefined : share }, activity);
  }
}

/** One line for a person: what is known of jobs done, rate, time left, lane use, heat and duty. */
export function progressText(
  done: { readonly jobs: number; readonly seconds: number; readonly fraction?: number | undefined },
  activity: Activity,
  laneUse?: number,
): string {
  const rate = done.seconds > 0 ? done.jobs / done.seconds : 0;
  const { fraction } = done;
  const left = fraction !== undefined && fraction > 0 ? (done.seconds * (1 - fraction)) / fraction : undefined;
  const { duty, heat } = activity;
  return [
    `${done.jobs.toLocaleString("en")} jobs`,
    ...(rate > 0 ? [`${Math.round(rate).toLocaleString("en")}/s`] : []),
    ...(left === undefined ? [] : [`${timeText(left)} left`]),
    ...(laneUse === undefined ? [] : [`lane use ${percent(laneUse)}`]),
    ...(heat === undefined ? [] : [heat.state]),
    ...(duty === undefined ? [] : [`duty ${percent(duty)}`]),
  ].join(", ");
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

function timeText(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
