/** What `device` names: one device of the host, or several that share the work. */
import type { DeviceDescription } from "../../../protocol/messages.ts";
import { HostError } from "../errors.ts";

/**
 * `ID`, `KIND:all` for every usable device of a kind, or several of these with commas between; `KIND:0` is the first of its kind, whose id
 * is the kind alone. Throws HostError `unknownDevice` or `deviceUnusable`.
 */
export function chooseDevices(wanted: string, devices: readonly DeviceDescription[]): readonly DeviceDescription[] {
  return wanted.split(",").flatMap((item) => {
    const kind = /^(.+):all$/.exec(item.trim())?.[1];
    return kind === undefined ? [deviceNamed(item.trim(), devices)] : usableOfKind(kind, devices);
  });
}

/** What `auto` stands for. */
export function firstUsable(devices: readonly DeviceDescription[]): DeviceDescription {
  const found = devices.find((device) => device.usable);
  if (found !== undefined) return found;
  throw new HostError("deviceUnusable", `the host has no usable device (${reasonsOf(devices) || "none at all"})`);
}

/** A name for each that none of the others has: the same device may be given twice. */
export function labelsOf(devices: readonly DeviceDescription[]): readonly string[] {
  return devices.map(({ id }, index) => {
    const earlier = devices.slice(0, index).filter((device) => device.id === id).length;
    return earlier === 0 ? id : `${id} (${earlier + 1})`;
  });
}

function deviceNamed(wanted: string, devices: readonly DeviceDescription[]): DeviceDescription {
  const id = wanted.replace(/:0$/, "");
  const found = devices.find((device) => device.id === id);
  if (found === undefined) {
    if (id === "v8") throw new HostError("unknownDevice", "v8 shares no work with devices of the host: name it alone");
    throw unknownDevice(wanted, devices);
  }
  if (!found.usable)
    throw new HostError("deviceUnusable", `device ${id} cannot be used: ${found.reason ?? "no reason given"}`);
  return found;
}

function usableOfKind(kind: string, devices: readonly DeviceDescription[]): readonly DeviceDescription[] {
  // `metal`, `metal-2`; `cuda`, `cuda:1`.
  const ofKind = devices.filter(({ id }) => id === kind || id.startsWith(`${kind}:`) || id.startsWith(`${kind}-`));
  if (ofKind.length === 0) throw unknownDevice(`${kind}:all`, devices);
  const usable = ofKind.filter((device) => device.usable);
  if (usable.length > 0) return usable;
  throw new HostError("deviceUnusable", `no ${kind} device can be used: ${reasonsOf(ofKind)}`);
}

function unknownDevice(wanted: string, devices: readonly DeviceDescription[]): HostError {
  const known = [...devices.map((device) => device.id), "v8"].join(", ");
  return new HostError("unknownDevice", `no device "${wanted}"; there are ${known}`);
}

function reasonsOf(devices: readonly DeviceDescription[]): string {
  return devices.map(({ id, reason }) => `${id}: ${reason ?? "not usable"}`).join("; ");
}
