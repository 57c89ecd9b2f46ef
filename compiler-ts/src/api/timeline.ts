/** What a device did and when: the host's events, and with them what imported functions took. */
import type { ScheduleEvent } from "../../../protocol/messages.ts";

/** A round of calls of imported functions; `at` and `seconds` as of the host's events. */
export interface HostCallsEvent {
  readonly kind: "hostCalls";
  readonly device: string;
  readonly at: number;
  readonly seconds: number;
  readonly calls: number;
}

export type TimelineEvent = ScheduleEvent | HostCallsEvent;
