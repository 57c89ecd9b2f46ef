import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseDevices, labelsOf } from "../../compiler-ts/src/api/deviceChoice.ts";
import type { DeviceDescription } from "../../protocol/messages.ts";
import { describedDevice } from "../support/describedDevice.ts";

function described(id: string, reason?: string): DeviceDescription {
  return describedDevice(id, reason === undefined ? {} : { usable: false, reason });
}

const machine = ["cuda", "cuda:1", "metal", "metal-2", "cpu"].map((id) => described(id));
machine.splice(2, 0, described("cuda:2", "its memory is broken"));

for (const [wanted, expected] of [
  ["cuda", ["cuda"]],
  ["cuda:0", ["cuda"]],
  ["cuda:1", ["cuda:1"]],
  ["cuda:all", ["cuda", "cuda:1"]],
  ["metal:all", ["metal", "metal-2"]],
  ["cpu:all", ["cpu"]],
  ["cuda:1, cpu", ["cuda:1", "cpu"]],
  ["cuda:all,cpu", ["cuda", "cuda:1", "cpu"]],
  ["cpu,cpu", ["cpu", "cpu"]],
] as const) {
  test(`"${wanted}" is ${expected.join(" and ")}`, () => {
    const chosen = chooseDevices(wanted, machine).map(({ id }) => id);
    assert.deepEqual(chosen, expected);
  });
}

for (const [wanted, message] of [
  ["gpu", /^no device "gpu"; there are cuda, cuda:1, cuda:2, metal, metal-2, cpu, v8$/],
  ["cuda:3", /^no device "cuda:3"/],
  ["gpu:all", /^no device "gpu:all"/],
  ["cuda,", /^no device ""/],
  ["cuda:2", /^device cuda:2 cannot be used: its memory is broken$/],
  ["cuda,v8", /^v8 shares no work/],
] as const) {
  test(`"${wanted}" is refused`, () => assert.throws(() => chooseDevices(wanted, machine), { message }));
}

test("where none of a kind can be used, each says why", () => {
  const broken = [described("cuda", "driver too old"), described("cuda:1", "its memory is broken"), described("cpu")];
  assert.throws(() => chooseDevices("cuda:all", broken), {
    code: "deviceUnusable",
    message: "no cuda device can be used: cuda: driver too old; cuda:1: its memory is broken",
  });
});

test("a device that is given twice has two names", () => {
  assert.deepEqual(labelsOf(chooseDevices("cpu,cuda,cpu", machine)), ["cpu", "cuda", "cpu (2)"]);
});
