import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { exitCodes } from "../../compiler-ts/src/cli/exitCodes.ts";
import { wat } from "../support/wat.ts";

const root = join(import.meta.dirname, "../..");
const directory = mkdtempSync(join(tmpdir(), "wasmburst-cli-"));
after(() => rmSync(directory, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

const modulePath = file(
  "module.wasm",
  wat(`(module (memory 1 2)
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func $quotient (export "div") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
    (func (export "negate") (param f64) (result f64) (f64.neg (local.get 0)))
    (func (export "pair") (result i64 f32) (i64.const -1) (f32.const 0.1))
    (func (export "nothing"))
    (func (export "spin") (loop $l (br $l))))`),
);

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  return spawn(process.execPath, ["--import", "tsx", join(root, "compiler-ts/src/cli.ts"), ...args], {
    cwd: root,
    // A host that is not there: these tests are about the command line, on V8.
    env: { ...process.env, WASMBURST_HOST: join(directory, "no-host"), ...environment },
  });
}

async function wasmburst(args: readonly string[], input = "", environment: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const child = start(args, environment);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  child.stdin.end(input);
  const [code] = await once(child, "close");
  return { code, stdout, stderr };
}

const onV8 = (...args: readonly string[]) => wasmburst(["run", modulePath, "--device", "v8", ...args]);

describe("run --invoke", { concurrency: 2 }, () => {
  test("prints each distinct result with its count, and the summary on stderr", async () => {
    const { code, stdout, stderr } = await onV8("--invoke", "add", "2", "3", "--instances", "5");
    assert.equal(code, 0);
    assert.equal(stdout, "5  (5 instances)\n");
    assert.match(stderr, /^5 instances on v8 \(.*\), [\d,]+ instances\/s, compile .* ms, build .* ms, run .* ms\n$/);
  });

  const calls: readonly (readonly [readonly string[], string])[] = [
    [["add", "-5", "-7"], "-12  (1 instance)\n"],
    [["negate", "-.5"], "0.5  (1 instance)\n"],
    [["negate", "-inf"], "inf  (1 instance)\n"],
    [["negate", "0"], "-0  (1 instance)\n"],
    [["negate", "-nan"], "nan  (1 instance)\n"],
    [["pair"], "-1 0.1  (1 instance)\n"],
    [["nothing"], "(no result)  (1 instance)\n"],
  ];
  for (const [invoke, expected] of calls) {
    test(`--invoke ${invoke.join(" ")} prints ${JSON.stringify(expected)}`, async () => {
      const { code, stdout } = await onV8("--invoke", ...invoke);
      assert.deepEqual({ code, stdout }, { code: 0, stdout: expected });
    });
  }

  test("a trap is a result, with exit code 1", async () => {
    const { code, stdout } = await onV8("--invoke", "div", "1", "0", "--instances", "2");
    assert.deepEqual(
      { code, stdout },
      { code: 1, stdout: "trap: integer divide by zero in quotient  (2 instances)\n" },
    );
  });

  test("results go to a file where one is named", async () => {
    const path = join(directory, "results.txt");
    const { code, stdout } = await onV8("--invoke", "pair", "-o", path);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "" });
    assert.equal(readFileSync(path, "utf8"), "-1 0.1  (1 instance)\n");
  });

  test("auto without a host runs on V8 and says so on stderr", async () => {
    const { code, stdout, stderr } = await wasmburst(["run", modulePath, "--invoke", "pair"]);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "-1 0.1  (1 instance)\n" });
    assert.match(stderr, /^wasmburst: running on V8: .*no-host/);
  });
});

describe("--link", { concurrency: 2 }, () => {
  const main = file(
    "main.wasm",
    wat(`(module (import "math" "square" (func $square (param i32) (result i32)))
      (func (export "f") (param i32) (result i32) (i32.add (call $square (local.get 0)) (i32.const 1))))`),
  );
  const one = file(
    "one.wasm",
    wat(`(module (func (export "multiply") (param i32 i32) (result i32) (i32.mul (local.get 0) (local.get 1))))`),
  );
  const math = file(
    "math.wasm",
    wat(`(module (import "one" "multiply" (func $multiply (param i32 i32) (result i32)))
      (func (export "square") (param i32) (result i32) (call $multiply (local.get 0) (local.get 0))))`),
  );
  const linked = ["--link", `one=${one}`, "--link", `math=${math}`];

  test("run calls from module to module", async () => {
    const { code, stdout, stderr } = await wasmburst(["run", main, "--device", "v8", ...linked, "--invoke", "f", "7"]);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "50  (1 instance)\n" }, stderr);
    const job = await wasmburst(
      ["run", main, "--device", "v8", ...linked, "--jobs", "-"],
      '{"invoke": "f", "args": [3]}',
    );
    assert.equal(job.stdout, '{"instance":0,"values":[10]}\n', job.stderr);
  });

  test("compile and inspect show the program", async () => {
    const compiled = await wasmburst(["compile", main, ...linked, "--emit", "metadata"]);
    assert.deepEqual(JSON.parse(compiled.stdout).functionNames, ["f", "one.multiply", "math.square"], compiled.stderr);
    const inspected = await wasmburst(["inspect", main, ...linked]);
    assert.match(inspected.stdout, /imports:\n {2}none/);
    assert.match((await wasmburst(["inspect", main])).stdout, /math\.square: \(i32\) -> \(i32\)/);
  });

  const refused: readonly (readonly [readonly string[], number, RegExp])[] = [
    [
      ["--link", `math=${math}`, "--link", `one=${main}`],
      65,
      /library "math" imports from "one", which has to come before it/,
    ],
    [["--link", `math=${one}`], 65, /unknown import: the module imports "math"\."square"/],
    [["--link", math], 2, /expected NAME=LIBRARY\.wasm/],
    [["--link", `a=${math}`, "--link", `a=${math}`], 2, /two libraries are named a/],
    [["--link", `a=${join(directory, "absent")}`], 66, /no such file/],
    [["--link", `a=${file("text.wasm", "no module")}`], 65, /library "a": /],
  ];
  for (const [flags, expectedCode, message] of refused) {
    test(`${flags.join(" ").replaceAll(`${directory}/`, "")}: ${expectedCode}`, async () => {
      const { code, stdout, stderr } = await wasmburst(["compile", main, ...flags]);
      assert.deepEqual({ code, stdout }, { code: expectedCode, stdout: "" }, stderr);
      assert.match(stderr, message);
    });
  }
});

describe("run --imports", { concurrency: 2 }, () => {
  const importing = file(
    "calls.wasm",
    wat(`(module (import "env" "twice" (func $twice (param i32) (result i32))) (import "env" "base" (global i32))
      (func (export "f") (param i32) (result i32) (i32.add (global.get 0) (call $twice (local.get 0)))))`),
  );
  const imports = file(
    "imports.mjs",
    `export default { env: { base: 100, async twice(context, value) {
      if (value < 0) throw new Error("negative");
      return value * 2;
    } } };`,
  );

  test("the functions and values of the file are what the module calls and reads", async () => {
    const command = ["run", importing, "--device", "v8", "--imports", imports, "--invoke", "f"];
    const { code, stdout, stderr } = await wasmburst([...command, "21", "--instances", "3"]);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "142  (3 instances)\n" }, stderr);
    const failed = await wasmburst([...command, "-1"]);
    assert.equal(failed.code, 1);
    assert.equal(failed.stdout, "trap: host function failed in env.twice: negative  (1 instance)\n");
  });

  test("a job whose import fails has its text as message", async () => {
    const path = file("imports.ndjson", '{"invoke":"f","args":[1]}\n{"invoke":"f","args":[-1]}\n');
    const { code, stdout } = await wasmburst([
      "run",
      importing,
      "--device",
      "v8",
      "--imports",
      imports,
      "--jobs",
      path,
    ]);
    assert.equal(code, 1);
    assert.equal(
      stdout,
      '{"instance":0,"values":[102]}\n{"instance":1,"trap":"host function failed","function":"env.twice","message":"negative"}\n',
    );
  });
});

describe("run with functions of the host", () => {
  const logging = file(
    "logs.wasm",
    wat(`(module (import "wasmburst" "log" (func $log (param i32 i32)))
      (import "wasmburst" "instance_index" (func $index (result i32))) (memory 1) (data (i32.const 0) "hello")
      (func (export "f") (result i32) (call $log (i32.const 0) (i32.const 5)) (call $index)))`),
  );

  test("nothing has to be given for them; what instances log is on stderr", async () => {
    const command = ["run", logging, "--device", "v8", "--invoke", "f", "--instances", "2"];
    const { code, stdout, stderr } = await wasmburst(command);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "0  (1 instance)\n1  (1 instance)\n" }, stderr);
    assert.match(stderr, /^instance 0: hello$/m);
    assert.match(stderr, /^instance 1: hello$/m);
  });

  test("one of another type is missing", async () => {
    const other = file("other.wasm", wat('(module (import "wasmburst" "log" (func)) (func (export "f")))'));
    const { code, stderr } = await wasmburst(["run", other, "--device", "v8", "--invoke", "f"]);
    assert.equal(code, 65);
    assert.match(stderr, /wasmburst\.log: \(\) -> \(\) \(the host's own is \(i32, i32\) -> \(\)\)/);
  });
});

describe("run --jobs", { concurrency: 2 }, () => {
  test("a bad line is named on stderr and in its place; the others are not lost; exit code 65", async () => {
    const lines = '{"invoke":"add","args":[1,2]}\nnonsense\n{"invoke":"div","args":[1,0]}\n';
    const path = file("jobs.ndjson", lines);
    const { code, stdout, stderr } = await onV8("--jobs", path, "--instances", "2");
    assert.equal(code, 65);
    const [first, second, third, ...rest] = stdout.split("\n");
    assert.equal(first, '{"instance":0,"values":[3]}');
    assert.match(second ?? "", /^\{"instance":1,"error":"line 2: /);
    assert.equal(third, '{"instance":2,"trap":"integer divide by zero","function":"quotient"}');
    assert.deepEqual(rest, [""]);
    assert.match(stderr, /^line 2: not JSON/);
  });

  test("a trap alone is exit code 1; jobs come from stdin with -", async () => {
    const { code, stdout } = await wasmburst(
      ["run", modulePath, "--device", "v8", "--jobs", "-"],
      '{"invoke":"div","args":[1,0]}',
    );
    assert.equal(code, 1);
    assert.equal(stdout, '{"instance":0,"trap":"integer divide by zero","function":"quotient"}\n');
  });

  test("an empty file has an empty answer", async () => {
    const { code, stdout } = await onV8("--jobs", file("empty.ndjson", "\n\n"));
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "" });
  });

  test("a reader that closes stdout early ends the run quietly", async () => {
    const job = '{"invoke":"add","args":[1,2]}\n';
    const path = file("many.ndjson", job.repeat(50_000));
    const child = start(["run", modulePath, "--device", "v8", "--jobs", path, "--instances", "500"]);
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    await once(child.stdout, "data");
    child.stdout.destroy();
    const [code] = await once(child, "close");
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  });
});

describe("refusals: one line on stderr, nothing on stdout, no stack trace", { concurrency: 2 }, () => {
  const bad = file("bad.wasm", Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 200));
  const cut = file("cut.wasm", readFileSync(modulePath).subarray(0, 60));
  const importing = file("importing.wasm", wat('(module (import "env" "f" (func)) (func (export "g")))'));
  const starts = file("starts.wasm", wat('(module (func $begin unreachable) (start $begin) (func (export "g")))'));
  const absent = join(directory, "absent.wasm");

  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [[], 2, /which command/],
    [["frobnicate"], 2, /unknown command "frobnicate"/],
    [["run"], 2, /which module/],
    [["run", modulePath], 2, /either --invoke or --jobs/],
    [["run", modulePath, "--invoke"], 2, /--invoke needs/],
    [["run", modulePath, "--invoke", "--instances", "3"], 2, /--invoke needs/],
    [["run", modulePath, "--invoke", "pair", "--jobs", "x"], 2, /either --invoke or --jobs/],
    [["run", modulePath, "--frob", "--invoke", "pair"], 2, /--frob/],
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
    [["run", bad, "--device", "v8", "--invoke", "f"], 65, /offset 0x/],
    [["run", cut, "--device", "v8", "--invoke", "f"], 65, /offset 0x/],
    [["run", importing, "--device", "v8", "--invoke", "g"], 65, /env\.f: \(\) -> \(\)/],
    [["run", importing, "--jobs", file("none.ndjson", ""), "--instances", "1"], 65, /imports are not provided: env\.f/],
    [["run", importing, "--imports", absent, "--invoke", "g"], 66, /no such file: .*absent/],
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
    [["run", modulePath, "--device", "metal", "--invoke", "pair"], 69, /no-host/],
    [["compile", modulePath, "--emit", "elf"], 2, /--emit elf: expected msl, ir, metadata/],
    [["compile", modulePath, "--memory-cell", "12"], 2, /--memory-cell 12: expected one of 4, 8, 16, 32, 64/],
    [["compile", modulePath, "--profile", "pc"], 2, /--profile pc: expected apple, native, cpu/],
    [["compile", modulePath, "--emit", "ir", "--emit", "msl"], 2, /need --output/],
    [["compile", modulePath, "--exports", "add,absent"], 2, /"absent"/],
    [["compile", bad], 65, /offset/],
    [["compile", modulePath, "--profile", "cpu", "-o", join(directory, "no", "file")], 74, /cannot write/],
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
    ["garbage", 70, /unreadable message from the host/],
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

describe("the other commands", { concurrency: 2 }, () => {
  test("compile writes MSL to stdout, the same bytes each time", async () => {
    const command = ["compile", modulePath, "--profile", "cpu"];
    const [first, second] = await Promise.all([wasmburst(command), wasmburst(command)]);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /kernel void/);
    assert.equal(first.stdout, second.stdout);
  });

  test("compile writes several kinds into a directory", async () => {
    const output = join(directory, "out");
    const kinds = ["--emit", "msl", "--emit", "ir,metadata"];
    const { code, stderr } = await wasmburst([
      "compile",
      modulePath,
      ...kinds,
      "-o",
      output,
      "--profile",
      "cpu",
      "--exports",
      "add",
    ]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(readdirSync(output).sort(), ["module.ir", "module.json", "module.metal"]);
    const metadata = JSON.parse(readFileSync(join(output, "module.json"), "utf8"));
    assert.deepEqual(
      metadata.kernels.map(({ exportName }: { exportName: string }) => exportName),
      ["add"],
    );
  });

  test("inspect shows exports with their types, as text and as JSON", async () => {
    assert.match((await wasmburst(["inspect", modulePath])).stdout, /add: \(i32, i32\) -> \(i32\)/);
    const { exports } = JSON.parse((await wasmburst(["inspect", modulePath, "--json"])).stdout);
    assert.deepEqual(exports[0], {
      name: "add",
      type: { kind: "function", parameters: ["i32", "i32"], results: ["i32"] },
    });
  });

  test("devices lists v8 and says why there is no host", async () => {
    const { code, stdout } = await wasmburst(["devices"]);
    assert.equal(code, 0);
    assert.match(stdout, /^host: not available: WASMBURST_HOST is not an executable file/m);
    assert.match(stdout, /^v8: V8 /m);
  });

  test("help and version go to stdout", async () => {
    assert.match((await wasmburst(["--version"])).stdout, /^\d+\.\d+\.\d+\n$/);
    for (const args of [["help"], ["--help"], ["help", "run"], ["run", "--help"], ["compile", "-h"]]) {
      const { code, stdout } = await wasmburst(args);
      assert.equal(code, 0);
      assert.match(stdout, /^usage: wasmburst/);
    }
  });

  test("the version is the package's", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    assert.equal((await wasmburst(["--version"])).stdout, `${version}\n`);
  });
});

test("an interrupt ends an endless run with 130, keeps what has ended and says what was not run", async () => {
  const child = start(["run", modulePath, "--device", "v8", "--jobs", "-", "--instances", "1"]);
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  child.stdin.end('{"invoke":"pair"}\n{"invoke":"spin"}\n');
  await once(child.stdout, "data");
  child.kill("SIGINT");
  const [code] = await once(child, "close");
  assert.equal(code, 130);
  assert.equal(
    stderr,
    "interrupted: 1 jobs done and 1 jobs that had been read were not run, nor was what had not been read\n",
  );
});
