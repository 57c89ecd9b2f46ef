import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { WasmBurst } from "../../compiler-ts/src/index.ts";
import { type JobLine, type JobResult, parseJobs } from "../../compiler-ts/src/jobs.ts";
import { runJobs } from "../../compiler-ts/src/runJobs.ts";
import { hostMissing } from "../support/host.ts";
import { wat } from "../support/wat.ts";

async function* linesOf(lines: readonly string[]) {
  yield* lines;
}

async function parsed(...lines: readonly string[]): Promise<JobLine[]> {
  return collect(parseJobs(linesOf(lines)));
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("lines", () => {
  test("a full job is read with its bytes decoded", async () => {
    const line =
      '{"invoke":"f","args":[1,"2"],"memory":[{"at":0,"base64":"/wA="},{"at":9,"utf8":"é"}],"read":[{"at":4,"length":2}]}';
    assert.deepEqual(await parsed(line), [
      {
        instance: 0,
        line: 1,
        job: {
          invoke: "f",
          args: [1, "2"],
          memory: [
            { at: 0, bytes: Uint8Array.of(255, 0) },
            { at: 9, bytes: Uint8Array.of(0xc3, 0xa9) },
          ],
          read: [{ at: 4, length: 2 }],
        },
      },
    ]);
  });

  test("blank lines count as lines and not as jobs; carriage returns and a byte order mark do not matter", async () => {
    const jobs = await parsed('\uFEFF{"invoke":"a"}\r', "  ", '{"invoke":"b"}');
    assert.deepEqual(
      jobs.map(({ instance, line, job }) => [instance, line, "invoke" in job ? job.invoke : job.error]),
      [
        [0, 1, "a"],
        [1, 3, "b"],
      ],
    );
  });

  const bad: readonly (readonly [string, RegExp])[] = [
    ["junk", /not JSON/],
    ["[]", /must be an object/],
    ["{}", /"invoke" must be/],
    ['{"invoke":"f","arg":[1]}', /unknown field "arg"/],
    ['{"invoke":"f","args":1}', /"args" must be an array/],
    ['{"invoke":"f","memory":[{"at":0}]}', /memory\[0\] needs either base64 or utf8/],
    ['{"invoke":"f","memory":[{"at":0,"base64":"a","utf8":"b"}]}', /either/],
    ['{"invoke":"f","memory":[{"at":0,"base64":"a!"}]}', /not base64/],
    ['{"invoke":"f","memory":[{"at":-1,"utf8":"b"}]}', /memory\[0\]\.at must be an integer/],
    ['{"invoke":"f","read":[{"at":0}]}', /read\[0\]\.length/],
  ];
  for (const [line, message] of bad) {
    test(`${line} is an error of that line alone`, async () => {
      const [first, second] = await parsed(line, '{"invoke":"f"}');
      assert.match(first !== undefined && "error" in first.job ? first.job.error : "", message);
      assert.ok(second !== undefined && "invoke" in second.job);
    });
  }
});

/** The host's cpu device gives an instance its next job itself; v8 runs rounds. */
for (const device of ["v8", "cpu"])
  describe(`runs on ${device}`, { skip: device !== "v8" && hostMissing }, () => {
    const bytes = wat(`(module (memory 1) (global $n (mut i32) (i32.const 0))
    (func (export "count") (param i32) (result i32)
      (global.set $n (i32.add (global.get $n) (i32.const 1)))
      (i32.store (i32.const 8) (local.get 0))
      (global.get $n))
    (func $quotient (export "div") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
    (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
    (func (export "half") (param f64) (result f64 i64) (f64.mul (local.get 0) (f64.const 0.5)) (i64.const 9)))`);

    let burst: WasmBurst;
    before(async () => {
      burst = await WasmBurst.launch({ device, threads: 2 });
    });
    after(() => burst.close());

    async function results(lines: readonly string[], instances: number, batch?: number) {
      const written: JobResult[] = [];
      const compiled: (readonly string[])[] = [];
      const summary = await runJobs(
        parseJobs(linesOf(lines)),
        { instances, batch },
        {
          exports: new Set(["count", "div", "load", "half"]),
          compile: (names) => {
            compiled.push(names);
            return burst.compile(bytes, { exports: names });
          },
          onResult: async (result) => {
            written.push(result);
          },
        },
      );
      return { written, compiled, summary };
    }

    const mixed = [
      '{"invoke":"count","args":[513],"read":[{"at":8,"length":4},{"at":0,"length":0}]}',
      "junk",
      '{"invoke":"div","args":[7,0]}',
      '{"invoke":"half","args":["inf"]}',
      "",
      '{"invoke":"absent"}',
      '{"invoke":"div","args":[7]}',
      '{"invoke":"load","args":[2],"memory":[{"at":1,"utf8":"abc"}]}',
      '{"invoke":"load","args":[0],"memory":[{"at":65536,"utf8":"a"}]}',
      '{"invoke":"count","args":[1],"read":[{"at":65535,"length":2}]}',
      '{"invoke":"count","args":["x"]}',
      // Within no memory and in no message, however small each of them is.
      `{"invoke":"count","args":[1],"read":[${Array(5000).fill('{"at":0,"length":65536}')}]}`,
      '{"invoke":"count","args":[1],"read":[{"at":0,"length":4294967295}]}',
    ];
    const expected: readonly JobResult[] = [
      { instance: 0, values: [1], read: ["AQIAAA==", ""] },
      { instance: 1, error: `line 2: not JSON: Unexpected token 'j', "junk" is not valid JSON` },
      { instance: 2, trap: "integer divide by zero", function: "quotient" },
      { instance: 3, values: ["inf", "9"] },
      { instance: 4, error: 'line 6: no exported function "absent"; the module exports count, div, load, half' },
      { instance: 5, error: "line 7: div takes 2 arguments (i32, i32), not 1" },
      { instance: 6, values: [98] },
      { instance: 7, error: `line 9: "memory" is not within the instance's memory: 1 bytes at 65536` },
      { instance: 8, error: `line 10: "read" is not within the instance's memory: 2 bytes at 65535` },
      { instance: 9, error: 'line 11: argument 1 of count: "x" is not an i32' },
      { instance: 10, error: 'line 12: "read" has 327680000 bytes, over the limit of 268435456 for a job' },
      { instance: 11, error: 'line 13: "read" has 4294967295 bytes, over the limit of 268435456 for a job' },
    ];

    for (const instances of [1, 2, 3, 100]) {
      test(`with ${instances} instances at once every job has its line, in input order, whatever the others do`, async () => {
        const { written, summary } = await results(mixed, instances);
        assert.deepEqual(written, expected);
        const { jobs, traps, errors } = summary;
        assert.deepEqual({ jobs, traps, errors }, { jobs: 12, traps: 1, errors: 8 });
      });
    }

    test("every job finds its instance in the initial state", async () => {
      const { written } = await results(Array(7).fill('{"invoke":"count","args":[0]}'), 2);
      assert.deepEqual(
        written,
        Array.from({ length: 7 }, (_, instance) => ({ instance, values: [1] })),
      );
    });

    test("more jobs in a batch than instances: the same lines, and an instance in its initial state for each", async () => {
      const { written } = await results(mixed, 2, 100);
      assert.deepEqual(written, expected);
      const { written: counts } = await results(Array(50).fill('{"invoke":"count","args":[0]}'), 3, 20);
      assert.ok(counts.every((result) => "values" in result && result.values[0] === 1));
    });

    test("an abort keeps what has ended and counts what was not run", async () => {
      const controller = new AbortController();
      const batches: number[] = [];
      const written: JobResult[] = [];
      const summary = await runJobs(
        parseJobs(linesOf(Array(30).fill('{"invoke":"count","args":[0]}'))),
        { instances: 2, batch: 10, signal: controller.signal },
        {
          exports: new Set(["count"]),
          compile: (names) => burst.compile(bytes, { exports: names }),
          onBatch: (finished) => {
            batches.push(finished);
            if (batches.length === 2) controller.abort(new Error("enough"));
          },
          onResult: async (result) => {
            written.push(result);
          },
        },
      );
      assert.deepEqual(batches, [0, 10]);
      assert.equal(summary.jobs, 10);
      assert.equal(summary.notRun, 10);
      assert.deepEqual(
        written.map(({ instance }) => instance),
        Array.from({ length: 10 }, (_, index) => index),
      );
    });

    test("only the functions that jobs name are compiled, more when later jobs name more", async () => {
      const count = '{"invoke":"count","args":[0]}';
      const { compiled } = await results([count, count, count, '{"invoke":"load","args":[0]}', count, count], 2);
      assert.deepEqual(compiled, [["count"], ["count", "load"]]);
    });

    test("a file without a good line compiles nothing", async () => {
      const { compiled, written } = await results(["junk", "{}"], 2);
      assert.deepEqual(compiled, []);
      assert.equal(written.length, 2);
    });
  });
