/**
 * Blocks that start at the same point become one `chain` of segments. A C `switch` compiles to as many nested blocks as it has cases; nested in the text they
 * would meet the bracket limit of MSL compilers (256), as a chain they take one level. `break` to a segment's label goes on with the next segment.
 */
import { NameSource } from "../ir/builder.ts";
import type { ChainSegment, IrFunction, Local, Statement } from "../ir/module.ts";
import { rewrite } from "../ir/walk.ts";

export function chains(func: IrFunction): void {
  if (!func.lowered.has("block")) return;
  const names = new NameSource();
  // Innermost first: a block whose body starts with a block or with the chain made of it adds one segment.
  func.body = rewrite(func.body, (statement) => {
    if (statement.kind !== "block") return undefined;
    const [first, ...rest] = statement.body;
    const own: ChainSegment = { label: statement.label, body: rest };
    if (first?.kind === "block") {
      const inner: ChainSegment = { label: first.label, body: first.body };
      const skip: Local = names.variable("i32", "skip");
      return [chain([...statement.results, ...first.results], skip, [inner, own])];
    }
    if (first?.kind === "chain")
      return [chain([...statement.results, ...first.results], first.skip, [...first.segments, own])];
    return undefined;
  });
}

function chain(results: readonly Local[], skip: Local, segments: readonly ChainSegment[]): Statement {
  return { kind: "chain", results, skip, segments };
}
