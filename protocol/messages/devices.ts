/** What the host can run on. */
import type { Profile } from "../../compiler-ts/src/metadata.ts";
import { request } from "./message.ts";

export interface DeviceDescription {
  /** What `--device` takes: `metal`, `cpu`, … */
  readonly id: string;
  readonly name: string;
  readonly usable: boolean;
  /** Why it is not usable. */
  readonly reason?: string;
  readonly profile: Profile;
  readonly limits: {
    readonly maxThreadsPerThreadgroup: number;
    readonly threadExecutionWidth: number;
    readonly maxThreadgroupMemoryLength: number;
    /** Bytes. */
    readonly maxBufferLength: number;
    readonly recommendedMaxWorkingSetSize: number;
    readonly currentAllocatedSize: number;
  };
}
export interface ListDevicesResult {
  readonly devices: readonly DeviceDescription[];
}
export const listDevices = request<Record<string, never>, ListDevicesResult>()("devices/list");
