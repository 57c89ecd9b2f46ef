/**
 * Blocks that start at the same point become one `chain` of segments. A C `switch` compiles to as many nested blocks as it has cases; nested in the text they
 * would meet the bracket limit of MSL compilers (256), as a chain they take one level. `break` to a segment's label goes on with the next segment.
 */
import { NameSource } from "../ir/builder.ts";
import type { ChainSegment, IrModule, Local, Statement } from "../ir/module.ts";
import { mapLists } from "../ir/walk.ts";

export function chains(module: IrModule): void {
  for (const func of module.functions.values()) {
    const names = new NameSource();
    func.body = flatten(func.body, names);
  }
}

function flatten(list: readonly Statement[], names: NameSource): Statement[] {
  return list.map((statement) => {
    if (statement.kind === "block" && statement.body[0]?.kind === "block") return chainOf(statement, names);
    return mapLists(statement, (nested) => flatten(nested, names));
  });
}

type Block = Extract<Statement, { kind: "block" }>;

function chainOf(outermost: Block, names: NameSource): Statement {
  const blocks: Block[] = [];
  for (let block: Statement | undefined = outermost; block?.kind === "block"; block = block.body[0]) blocks.push(block);
  const results: Local[] = blocks.flatMap((block) => block.results);
  const segments: ChainSegment[] = [];
  for (let i = blocks.length - 1; i >= 0; i--) {
    const { label, body } = blocks[i] as Block;
    const own = i === blocks.length - 1 ? body : body.slice(1);
    segments.push({ label, body: flatten(own, names) });
  }
  return { kind: "chain", results, skip: names.variable("i32", "skip"), segments };
}
