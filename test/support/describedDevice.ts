/** A device as a host describes it. */
import { profiles } from "../../compiler-ts/src/metadata.ts";
import type { DeviceDescription } from "../../protocol/messages.ts";

export function describedDevice(id: string, rest: Partial<DeviceDescription> = {}): DeviceDescription {
  return {
    id,
    name: id,
    usable: true,
    profile: profiles.native,
    limits: {
      maxThreadsPerThreadgroup: 1,
      threadExecutionWidth: 1,
      maxThreadgroupMemoryLength: 0,
      maxBufferLength: 0,
      recommendedMaxWorkingSetSize: 0,
      currentAllocatedSize: 0,
    },
    ...rest,
  };
}
