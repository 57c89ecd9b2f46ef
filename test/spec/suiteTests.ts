/** One test for each file of the suite, on one engine; then one that the totals are what they have to be. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { loadFile, type ModulePlan, modulePlans } from "./commands.ts";
import { CompileAhead } from "./compileAhead.ts";
import { checkConformance } from "./conformancePage.ts";
import type { SpecEngine } from "./engine.ts";
import { bless, Exceptions, type FileFailures } from "./exceptions.ts";
import { runFile, type Verdict } from "./runner.ts";
import { locateSuite } from "./suite.ts";

/** Of the suite at its tag `wg-2.0`. */
const filesOfSuite = 148;
const commandsOfSuite = 54_006;

/** Declares the tests. `start` runs only where the suite is there; a rejection of it fails every test with its reason. */
export function testSuite(name: string, start: () => Promise<SpecEngine>): void {
  const suite = locateSuite();
  if (!suite.found) {
    test(`the official suite on ${name}`, { skip: suite.reason }, () => {});
    return;
  }
  const files = suite.files.map((file) => {
    const loaded = loadFile(suite.root, file);
    return { file: loaded, plans: modulePlans(loaded) };
  });
  const order: ModulePlan[] = files.flatMap(({ plans }) => [...plans.values()]);
  const runs: FileFailures[] = [];
  const blessing = process.env.BLESS === "1";
  let session: Promise<{ engine: SpecEngine; ahead: CompileAhead; exceptions: Exceptions }> | undefined;
  const open = () => {
    session ??= start().then((engine) => ({
      engine,
      ahead: new CompileAhead(engine, order),
      exceptions: Exceptions.of(engine.name),
    }));
    return session;
  };

  for (const { file, plans } of files) {
    test(`${name}: ${file.name}`, async (context) => {
      const { engine, ahead, exceptions } = await open();
      const verdicts = await runFile(file, plans, (plan) => ahead.compile(plan), engine);
      assert.equal(verdicts.length, file.commands.length, "every command has a verdict");
      runs.push({ file: file.name, verdicts });
      context.diagnostic(summary(verdicts));
      if (!blessing) reportDifferences(exceptions.differences(file.name, verdicts));
    });
  }

  test(`${name}: the whole suite ran`, async (context) => {
    const verdicts = runs.flatMap((run) => run.verdicts);
    context.diagnostic(`all ${runs.length} files: ${summary(verdicts)}`);
    const remarks = (await session)?.engine.remarks?.();
    if (remarks !== undefined) context.diagnostic(remarks);
    // With a name filter only some files run, and the totals say nothing.
    if (runs.length < files.length) return context.skip(`${runs.length} of ${files.length} files ran`);
    assert.deepEqual([files.length, verdicts.length], [filesOfSuite, commandsOfSuite]);
    assert.deepEqual(checkConformance(name, runs, blessing), []);
  });

  after(async () => {
    const opened = await session?.catch(() => undefined);
    if (opened === undefined) return;
    await opened.ahead.close();
    await opened.engine.close();
    if (blessing) bless(opened.engine.name, runs);
  });
}

function summary(verdicts: readonly Verdict[]): string {
  const count = (status: Verdict["status"]) => verdicts.filter((verdict) => verdict.status === status).length;
  return `${count("passed")} passed, ${count("failed")} failed, ${count("blocked")} blocked by a failed module, ${count("skipped")} skipped (text format)`;
}

function reportDifferences(differences: readonly string[]): void {
  const shown = differences.slice(0, 20);
  const more = differences.length > shown.length ? [`and ${differences.length - shown.length} more`] : [];
  assert.ok(
    differences.length === 0,
    `the exception list differs from the run (BLESS=1 rewrites it):\n${[...shown, ...more].join("\n")}`,
  );
}
