/** Environment variables with a value that is none: said in words, on stderr, with the exit code that is documented. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { locateHost } from "../../compiler-ts/src/host/locate.ts";
import { directory, modulePath, wasmburst } from "../support/commandLine.ts";
import { hostMissing } from "../support/host.ts";

describe("host variables", { skip: hostMissing, concurrency: 2 }, () => {
  const host = hostMissing === false ? locateHost() : "";
  const runOn = (device: string, environment: NodeJS.ProcessEnv) =>
    wasmburst(["run", modulePath, "--device", device, "--invoke", "pair"], "", {
      WASMBURST_HOST: host,
      ...environment,
    });
  const result = "-1 0.1  (1 instance)\n";

  const refused: readonly (readonly [string, string, RegExp])[] = [
    ["WASMBURST_CPU_THREADS", "abc", /WASMBURST_CPU_THREADS is 'abc': expected a whole number from 1 to 1024/],
    ["WASMBURST_CPU_THREADS", "0", /WASMBURST_CPU_THREADS is '0': expected a whole number from 1 to 1024/],
    ["WASMBURST_THREADGROUP", "100", /WASMBURST_THREADGROUP is '100': expected a whole number from 1 to 64/],
    ["WASMBURST_RESIDENT", "-5", /WASMBURST_RESIDENT is '-5': expected a whole number from 0 to 65536/],
    ["WASMBURST_NVRTC_UNITS", "yes", /WASMBURST_NVRTC_UNITS is 'yes': expected 1 or 0/],
    ["WASMBURST_CLANG", "/bin/true", /\/bin\/true built nothing and gave no error: it is no clang\+\+/],
    ["WASMBURST_CLANG", "/none", /WASMBURST_CLANG is '\/none', which is not an executable file/],
  ];
  for (const [name, value, message] of refused) {
    test(`${name}=${value}: the cpu device is refused`, async () => {
      // The empty kernel that tells whether there is a compiler would be found.
      const environment = { [name]: value, WASMBURST_CACHE: join(directory, "empty-cache") };
      const { code, stdout, stderr } = await runOn("cpu", environment);
      assert.deepEqual({ code, stdout }, { code: 69, stdout: "" }, stderr);
      assert.match(stderr, /^wasmburst: device cpu cannot be used: .*\n$/);
      assert.match(stderr, message);
    });
  }

  test("with --device auto V8 runs, and the reason is said", async () => {
    const { code, stdout, stderr } = await runOn("auto", { WASMBURST_CPU_THREADS: "two" });
    assert.deepEqual({ code, stdout }, { code: 0, stdout: result }, stderr);
    assert.match(stderr, /^wasmburst: running on V8: .*WASMBURST_CPU_THREADS is 'two'/);
  });

  test("a cache that cannot be written is a line, one for all devices, and the program runs", async () => {
    for (const device of ["cpu", "cpu,cpu"]) {
      const { code, stdout, stderr } = await runOn(device, { WASMBURST_CACHE: "/dev/null/cache" });
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^-1 0\.1 /);
      const lines = stderr.split("\n").filter((line) => line.startsWith("host warning: "));
      assert.equal(lines.length, 1, stderr);
      assert.match(lines.join(), /cannot be kept in \/dev\/null\/cache.* WASMBURST_CACHE names another folder/);
    }
  });
});

test("WASMBURST_DEBUG is on whatever it says but 0", async () => {
  const run = (value: string) =>
    wasmburst(["run", join(directory, "absent.wasm"), "--invoke", "f"], "", { WASMBURST_DEBUG: value });
  for (const value of ["1", "true"]) assert.match((await run(value)).stderr, /^\s+at /m);
  for (const value of ["0", ""]) assert.doesNotMatch((await run(value)).stderr, /^\s+at /m);
});
