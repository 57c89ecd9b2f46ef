import assert from "node:assert/strict";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { exitCodes } from "../../compiler-ts/src/cli/exitCodes.ts";
import { directory, file, modulePath, root, wasmburst } from "../support/commandLine.ts";
import { wat } from "../support/wat.ts";

/** Arguments, exit code, what stderr says. */
type Refusal = readonly [readonly string[], number, RegExp];

describe("refusals: one line on stderr, nothing on stdout, no stack trace", { concurrency: 2 }, () => {
  const bad = file("bad.wasm", Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 200));
  const cut = file("cut.wasm", readFileSync(modulePath).subarray(0, 60));
  const component = file("component.wasm", Uint8Array.of(0, 97, 115, 109, 13, 0, 1, 0));
  const importing = file("importing.wasm", wat('(module (import "env" "f" (func)) (func (export "g")))'));
  const starts = file("starts.wasm", wat('(module (func $begin unreachable) (start $begin) (func (export "g")))'));
  const jobs = file("own.ndjson", '{"invoke": "pair"}\n');
  const absent = join(directory, "absent.wasm");

  // Of /proc: Node's own way to make a folder with those above it never ends there.
  const onLinux: readonly Refusal[] =
    process.platform === "linux"
      ? [
          [["compile", modulePath, "-o", "/dev/full"], 74, /cannot write \/dev\/full: ENOSPC/],
          [["compile", modulePath, "--emit", "msl,ir", "-o", "/proc/none/out"], 74, /cannot write \/proc\/none\/out/],
        ]
      : [];
  const cases: readonly Refusal[] = [
    [[], 2, /which command/],
    [["frobnicate"], 2, /unknown command "frobnicate"; there are run/],
    [["rnu"], 2, /unknown command "rnu" \(did you mean run\?\)/],
    [["run"], 2, /which module/],
    [["run", modulePath], 2, /either --invoke or --jobs/],
    [["run", modulePath, "--invoke"], 2, /--invoke needs/],
    [["run", modulePath, "--invoke", "--instances", "3"], 2, /--invoke needs/],
    [["run", modulePath, "--invoke", "pair", "--jobs", "x"], 2, /either --invoke or --jobs/],
    [["run", modulePath, "--frob=2", "--invoke", "pair"], 2, /unknown option --frob=2; "wasmburst help run"/],
    [["run", modulePath, "--invoke", "pair", "--instnaces", "3"], 2, /--instnaces \(did you mean --instances\?\)/],
    [["run", modulePath, "-invoke", "pair"], 2, /unknown option -invoke \(did you mean --invoke\?\)/],
    [["run", modulePath, "--invoke", "pair", "--invoke", "nothing"], 2, /--invoke is given twice/],
    [["compile", modulePath, "--instances", "3"], 2, /unknown option --instances; "wasmburst help compile"/],
    [["run", "--invoke", "pair", modulePath], 2, /which module\? what follows --invoke pair are its arguments/],
    [["run", modulePath, "extra", "--invoke", "pair"], 2, /unexpected argument "extra"/],
    [["run", modulePath, "--instances", "0", "--invoke", "pair"], 2, /--instances 0/],
    [["run", modulePath, "--instances", "many", "--invoke", "pair"], 2, /--instances many/],
    [["run", modulePath, "--device", "v8", "--instances", "999999999", "--invoke", "pair"], 2, /would fit/],
    [["run", modulePath, "--device", "v8", "--memory-pages", "0", "--invoke", "pair"], 2, /needs at least 1/],
    [["run", modulePath, "--device", "v8", "--fuel-limit", "9", "--invoke", "pair"], 2, /no fuel/],
    [["run", modulePath, "--device", "v8", "--policy", "sustained", "--invoke", "pair"], 2, /no schedule/],
    [["run", modulePath, "--policy", "fast", "--invoke", "pair"], 2, /--policy fast/],
    [["run", modulePath, "--burst-ms", "900", "--invoke", "pair"], 2, /--burst-ms 900/],
    [["devices", "--watch"], 69, /no-host/],
    [["run", modulePath, "--device", "v8", "--timeout", "9", "--invoke", "pair"], 2, /no time limit/],
    [
      ["run", modulePath, "--timeout", "0", "--invoke", "pair"],
      2,
      /--timeout 0: expected a positive number of seconds/,
    ],
    [["run", modulePath, "--timeout", "soon", "--invoke", "pair"], 2, /--timeout soon/],
    [["run", modulePath, "--fuel-limit", "1.5", "--invoke", "pair"], 2, /--fuel-limit 1\.5/],
    [["run", modulePath, "--device", "v8", "--invoke", "absent"], 2, /no exported function "absent"; .*add, div/],
    [["run", modulePath, "--device", "v8", "--invoke", "add", "1"], 2, /add takes 2 arguments \(i32, i32\), not 1/],
    [["run", modulePath, "--device", "v8", "--invoke", "add", "1", "1.5"], 2, /argument 2 of add: "1.5" is not an i32/],
    [
      ["run", modulePath, "--device", "v8", "--invoke", "add", "1", "0x100000000"],
      2,
      /"0x100000000" is not an i32: from -2\^31 to 2\^32 - 1/,
    ],
    [["run", modulePath, "--device", "v8", "--invoke", "\u001b[2J"], 2, /no exported function "\\x1b\[2J"/],
    [["run", bad, "--device", "v8", "--invoke", "f"], 65, /offset 0x/],
    [["run", file("text.wat", "\n(module)"), "--invoke", "f"], 65, /text\.wat looks like WebAssembly text: .*wat2wasm/],
    [["run", file("empty.wasm", ""), "--invoke", "f"], 65, /empty\.wasm is empty/],
    [["compile", file("page.wasm", "<!doctype html>")], 65, /page\.wasm is not a WebAssembly module/],
    [["inspect", component], 65, /component\.wasm is a WebAssembly component/],
    [["run", cut, "--device", "v8", "--invoke", "f"], 65, /offset 0x/],
    [["run", importing, "--device", "v8", "--invoke", "g"], 65, /env\.f: \(\) -> \(\)/],
    [["run", importing, "--jobs", file("none.ndjson", ""), "--instances", "1"], 65, /imports are not provided: env\.f/],
    [["run", importing, "--imports", absent, "--invoke", "g"], 66, /no such file: .*absent/],
    [["run", importing, "--imports", directory, "--invoke", "g"], 74, /cannot read .*EISDIR/],
    [
      ["run", modulePath, "--profile", "apples", "--invoke", "pair"],
      2,
      /no profile "apples"; there are apple, native, cpu/,
    ],
    [
      ["run", importing, "--imports", file("bad.mjs", "export default 5"), "--invoke", "g"],
      2,
      /default export is no object/,
    ],
    [["run", importing, "--imports", file("throws.mjs", 'throw new Error("no luck")'), "--invoke", "g"], 65, /no luck/],
    [
      [
        "run",
        importing,
        "--imports",
        file("number.mjs", "export default { env: { f: 5 } }"),
        "--device",
        "v8",
        "--invoke",
        "g",
      ],
      2,
      /import env\.f is a function \(\) -> \(\) and was given 5/,
    ],
    [["run", starts, "--device", "v8", "--invoke", "g"], 1, /instantiation trapped: unreachable in begin/],
    [["run", absent, "--invoke", "f"], 66, /no such file: .*absent/],
    [["run", modulePath, "--jobs", absent], 66, /no such file/],
    [["run", directory, "--invoke", "f"], 74, /cannot read/],
    [
      ["run", modulePath, "--device", "v8", "--invoke", "pair", "-o", join(directory, "no", "file")],
      74,
      /cannot write/,
    ],
    [
      ["run", modulePath, "--device", "v8", "--invoke", "pair", "--timeline", join(directory, "no", "file")],
      74,
      /cannot write/,
    ],
    [["run", modulePath, "--instances", "-1", "--invoke", "pair"], 2, /^wasmburst: --instances -1: .*at least 1\n$/],
    [["run", modulePath, "--invoke", "pair", "--instances", "--device", "v8"], 2, /^wasmburst: .*'--instances'.*\n$/],
    [["inspect", modulePath, "--functions", "-1"], 2, /--functions -1: expected/],
    [["run", modulePath, "--device", "v8", "--invoke", "negate"], 2, /negate takes 1 argument \(f64\), not 0/],
    [["compile", modulePath, "--emit", "ir,msl", "-o", modulePath], 74, /cannot write .*module\.wasm/],
    [["run", modulePath, "--device", "metal", "--invoke", "pair"], 69, /no-host/],
    [["compile", modulePath, "--emit", "elf"], 2, /--emit elf: expected msl, ir, metadata, image/],
    [["compile", modulePath, "--memory-cell", "12"], 2, /--memory-cell 12: expected one of 4, 8, 16, 32, 64/],
    [["compile", modulePath, "--profile", "pc"], 2, /--profile pc: expected apple, native, cpu/],
    [["compile", modulePath, "--emit", "ir", "--emit", "msl"], 2, /need --output/],
    [
      ["compile", modulePath, "--exports", "add,absent"],
      2,
      /no exported function "absent"; the module exports add, div/,
    ],
    [["compile", modulePath, "-o", modulePath], 2, /module\.wasm is what is read/],
    [["run", modulePath, "--jobs", jobs, "-o", `${directory}/./own.ndjson`], 2, /own\.ndjson is what is read/],
    [["run", modulePath, "--jobs", jobs, "--timeline", jobs], 2, /own\.ndjson is what is read/],
    [["compile", bad], 65, /offset/],
    [["compile", modulePath, "--profile", "cpu", "-o", join(directory, "no", "file")], 74, /cannot write/],
    ...onLinux,
    [["inspect", absent], 66, /no such file/],
    [["inspect", cut], 65, /offset/],
    [["devices", "cpu"], 2, /unexpected argument "cpu"/],
  ];
  for (const [args, expectedCode, message] of cases) {
    const shown = args.map((word) => word.replace(`${directory}/`, "")).join(" ");
    test(`wasmburst ${shown}: ${expectedCode}`, async () => {
      const { code, stdout, stderr } = await wasmburst(args);
      assert.equal(code, expectedCode, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, /^wasmburst: /);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /^\s+at /m);
    });
  }
});

describe("a host that fails", { concurrency: 2 }, () => {
  const script = JSON.stringify(join(root, "test/support/fakeHostProcess.ts"));
  const host = (behaviour: string): string => {
    const path = file(`host-${behaviour}`, `#!/bin/sh\nexec ${process.execPath} --import tsx ${script} ${behaviour}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ["crash", 70, /exit code 42; its last lines:\n {2}about to fail\n {2}fatal: out of registers/],
    ["garbage", 70, /host-garbage: unreadable message from the host/],
    ["otherMajor", 69, /protocol 7\.0, this client 1\.\d+/],
    ["normal", 69, /no device "cpu"/],
  ];
  for (const [behaviour, expectedCode, message] of cases) {
    test(`${behaviour}: ${expectedCode}, with the reason`, async () => {
      const environment = { WASMBURST_HOST: host(behaviour) };
      const { code, stdout, stderr } = await wasmburst(
        ["run", modulePath, "--device", "cpu", "--invoke", "pair"],
        "",
        environment,
      );
      assert.equal(code, expectedCode, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, message);
    });
  }

  test("auto goes on with V8 and says why", async () => {
    const environment = { WASMBURST_HOST: host("crash") };
    const { code, stdout, stderr } = await wasmburst(["run", modulePath, "--invoke", "pair"], "", environment);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "-1 0.1  (1 instance)\n" });
    assert.match(stderr, /running on V8: .*exit code 42/);
  });
});

test("the documentation lists exactly the exit codes that there are", () => {
  const table = readFileSync(join(root, "docs/command-line.md"), "utf8").matchAll(/^\| (\d+) \|/gm);
  assert.deepEqual(
    [...table].map(([, code]) => Number(code)),
    Object.values(exitCodes),
  );
});
