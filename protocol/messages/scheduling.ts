/** When instances may use a device, and what came of it: docs/scheduling.md. */
import { request } from "./message.ts";

/** `adaptive` (default): by the thermal state; `sustained`: a burst and a cool-down in turn; `unthrottled`: no cool-downs. */
export type BurstPolicy = "adaptive" | "sustained" | "unthrottled";
/** When a pool's instances may use the device, in milliseconds: docs/scheduling.md has rules, ranges and defaults. */
export interface ScheduleSettings {
  readonly policy?: BurstPolicy;
  /** Longest run of slices without a cool-down where one is due. */
  readonly burst?: number;
  /** After a burst of full length where the state is serious, and of `sustained`. */
  readonly coolDown?: number;
  /** What a launch should take; absent: adapted. */
  readonly slice?: number;
}
export type ThermalState = "nominal" | "fair" | "serious" | "critical";

/** What a device says about its heat. Absent: the device does not tell. */
export interface ThermalReport {
  readonly state: ThermalState;
  /** Where the state comes from: docs/scheduling.md. */
  readonly source: string;
  readonly lowPowerMode: boolean;
  /** Celsius. */
  readonly temperature?: number;
  /** Watts. */
  readonly power?: number;
  readonly powerLimit?: number;
  /** Why the clocks are lower than they could be. */
  readonly throttling?: readonly string[];
  /** Device time per unit of fuel against its own baseline. */
  readonly slowdown?: number;
}

/** `at` is seconds on the host's clock, of the beginning; `seconds` how long it was. */
export type ScheduleEvent =
  | {
      readonly kind: "slice";
      readonly device: string;
      readonly at: number;
      /** On the device. */
      readonly seconds: number;
      readonly pool: number;
      /** Lanes of the launch. */
      readonly lanes: number;
      /** Of the invocation's lanes those that had not ended. */
      readonly live: number;
    }
  | {
      readonly kind: "burst";
      readonly device: string;
      readonly at: number;
      readonly seconds: number;
      readonly slices: number;
      /** Seconds on the device. */
      readonly busy: number;
    }
  | { readonly kind: "coolDown"; readonly device: string; readonly at: number; readonly seconds: number }
  | { readonly kind: "thermal"; readonly device: string; readonly at: number; readonly thermal: ThermalReport };

/** Asks for `$/schedule`, or for no more of it; begins with the heat of every device, which comes again every other second. */
export const watchSchedule = request<
  { readonly watching: boolean },
  {
    /** Seconds on the host's clock, that of the events. */
    readonly now: number;
  }
>()("schedule/watch");

/** Host to client, to one that watches: what happened since the last, in order. Sent before the answer of the request that caused it. */
export const schedule = request<{ readonly events: readonly ScheduleEvent[] }, never>()("$/schedule");
