import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { directory, file, modulePath, onV8, start, wasmburst } from "../support/commandLine.ts";
import { wat } from "../support/wat.ts";

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
  assert.equal(stderr, "interrupted: 1 job done; not run: 1 job that had been read, and what had not been read\n");
});

test("an interrupt does not wait for a pipe into which nobody writes", async () => {
  const child = start(["run", modulePath, "--device", "v8", "--jobs", "-"]);
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  // More than one batch: the first results say that it runs.
  child.stdin.write('{"invoke":"pair"}\n'.repeat(1025));
  await once(child.stdout, "data");
  child.kill("SIGINT");
  const [code] = await once(child, "close");
  assert.equal(code, 130);
  assert.match(stderr, /interrupted: 1024 jobs done; not run: 1 job that had been read, and what had not been read\n$/);
});

test("folders that are missing above the output are made", async () => {
  const folder = join(directory, "deep", "er");
  for (const _ of ["new", "there already"]) {
    const { code, stderr } = await wasmburst(["compile", modulePath, "--emit", "msl,ir", "-o", folder]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  }
  assert.deepEqual(readdirSync(folder).sort(), ["module.ir", "module.metal"]);
});
