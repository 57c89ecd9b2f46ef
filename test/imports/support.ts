/** What the tests of imports share: a pool of every device that there is here, and modules that only call their import. */
import { after, before, describe } from "node:test";
import { type Imports, type InstantiateOptions, type Pool, WasmBurst } from "../../compiler-ts/src/index.ts";
import { testedDevices } from "../support/devices.ts";
import { wat } from "../support/wat.ts";

export const instances = 7;
export const range = Array.from({ length: instances }, (_, index) => index);

/** `call` passes its parameters on to the import and returns what that returns. */
export function forwarding(parameters: string, results: string): string {
  const list = parameters.split(" ").filter((type) => type !== "");
  return `(module (import "env" "f" (func $f (param ${parameters}) (result ${results})))
    (memory (export "memory") 1)
    (func (export "call") (param ${parameters}) (result ${results})
      ${list.map((_, index) => `(local.get ${index})`).join(" ")} (call $f)))`;
}

export const failed = (message: string, name = "env.f") => ({ trap: "host function failed", function: name, message });

export interface OnDevice {
  readonly device: string;
  /** Of `instances`, unless the options have another number. */
  pool(text: string, imports?: Imports, options?: Partial<InstantiateOptions>): Promise<Pool>;
}

export function describeOnEveryDevice(what: string, define: (on: OnDevice) => void): void {
  for (const device of testedDevices) {
    describe(`${what} on ${device}`, () => {
      let burst: WasmBurst;
      before(async () => {
        burst = await WasmBurst.launch({ device, ...(device === "v8" ? { threads: 3 } : {}) });
      });
      after(() => burst.close());
      define({
        device,
        async pool(text, imports, options = {}) {
          const module = await burst.compile(wat(text));
          return module.instantiate({ instances, ...(imports === undefined ? {} : { imports }), ...options });
        },
      });
    });
  }
}
