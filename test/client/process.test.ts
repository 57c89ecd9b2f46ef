import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { HostError } from "../../compiler-ts/src/errors.ts";
import { HostClient } from "../../compiler-ts/src/host/client.ts";
import { locateHost } from "../../compiler-ts/src/host/locate.ts";

const script = join(import.meta.dirname, "../support/fakeHostProcess.ts");
const launch = (behaviour: string) => HostClient.launch(process.execPath, ["--import", "tsx", script, behaviour]);

const directory = mkdtempSync(join(tmpdir(), "wasmburst-"));
after(() => rmSync(directory, { recursive: true }));

describe("life of a host process", { timeout: 60_000 }, () => {
  test("start, request, orderly end", async () => {
    const host = await launch("normal");
    assert.deepEqual(await host.listDevices(), { devices: [] });
    await host.close();
    await assert.rejects(host.listDevices(), { code: "closed" });
  });

  test("a host of another major version is refused and ended", async () => {
    await assert.rejects(launch("otherMajor"), { code: "versionMismatch" });
  });

  test("a crash rejects all pending work with the exit code and the last stderr lines", async () => {
    const host = await launch("crash");
    const pending = [host.listDevices(), host.listDevices()];
    for (const request of pending) {
      await assert.rejects(request, (error: HostError) => {
        assert.equal(error.code, "hostExited");
        assert.match(error.message, /exit code 42/);
        assert.match(error.message, /fatal: out of registers/);
        return true;
      });
    }
    await host.close();
  });

  test("a killed host rejects all pending work with the signal", async () => {
    const host = await launch("hang");
    const pid: unknown = await host.unloadModule(0);
    const pending = host.listDevices();
    process.kill(Number(pid), "SIGKILL");
    await assert.rejects(pending, /SIGKILL/);
    await host.close();
  });

  test("a host that ignores shutdown is killed within a bounded time", async () => {
    const host = await launch("ignoresShutdown");
    await host.close();
  });

  test("a program that is not a host is ended with an error", async () => {
    await assert.rejects(launch("garbage"), { code: "protocolViolation" });
  });

  test("a program that ends at once is reported with its exit code", async () => {
    await assert.rejects(HostClient.launch("/bin/false"), /exit code 1/);
  });

  test("a file that cannot be executed is reported", async () => {
    await assert.rejects(HostClient.launch(join(directory, "absent")), { code: "hostExited" });
  });

  test("an idle host does not keep Node alive, a pending request does", async () => {
    const source = (body: string) => `
      import { HostClient } from ${JSON.stringify(join(import.meta.dirname, "../../compiler-ts/src/host/client.ts"))};
      const host = await HostClient.launch(process.execPath, ["--import", "tsx", ${JSON.stringify(script)}, "normal"]);
      ${body}`;
    const run = async (body: string) => {
      const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", source(body)]);
      let output = "";
      child.stdout.on("data", (chunk) => {
        output += chunk;
      });
      const [code] = await once(child, "close");
      return { code, output };
    };
    assert.deepEqual(await run(""), { code: 0, output: "" });
    assert.deepEqual(await run("host.listDevices().then(() => console.log('answered'));"), {
      code: 0,
      output: "answered\n",
    });
  });
});

describe("locating the host", () => {
  const binary = join(directory, "host");
  writeFileSync(binary, "#!/bin/sh\n");
  chmodSync(binary, 0o755);

  test("WASMBURST_HOST names it", () => {
    assert.equal(locateHost({ environment: { WASMBURST_HOST: binary } }), binary);
  });

  test("a given path precedes WASMBURST_HOST", () => {
    assert.equal(locateHost({ path: binary, environment: { WASMBURST_HOST: "/absent" } }), binary);
  });

  test("a variable that names no executable is an error, not a reason to look further", () => {
    assert.throws(() => locateHost({ environment: { WASMBURST_HOST: "/absent" } }), /WASMBURST_HOST.*\/absent/);
  });

  test("no host at all is an error that says where it was looked for", () => {
    assert.throws(
      () => locateHost({ environment: {}, packageRoot: directory }),
      (error: HostError) => error.code === "hostNotFound" && /host-swift/.test(error.message),
    );
  });
});
