/**
 * `memory.fill` and `memory.copy` of few bytes at aligned addresses become loads and stores: C and Rust have them for arrays that begin as zeros and for structs,
 * and a loop over words costs ten instructions for each. From the last bytes on, so that the first access has the bounds check for all and nothing is written
 * before a trap.
 */
import { assign, constant, read } from "../../ir/builder.ts";
import type { Expression, Local, Statement } from "../../ir/module.ts";

type Bulk = Extract<Statement, { kind: "bulk" }>;

const longestFill = 256;
/** All of it is in registers at once. */
const longestCopy = 64;
/** Others take several instructions for each word as well. */
const leastAlignment = 4;

/** In place of the statement and of the check behind it; `undefined`: it stays. The runtime function's result, which is unique, gives names. */
export function shortRange(bulk: Bulk, alignmentOf: (address: Expression) => number): Statement[] | undefined {
  const [to, what, length] = bulk.operands;
  if (to === undefined || what === undefined || length?.kind !== "constant" || bulk.target === undefined)
    return undefined;
  const bytes = length.bits as number;
  const isAligned = (address: Expression): boolean => alignmentOf(address) >= leastAlignment;
  const { name } = bulk.target;
  const destination = temporary("i32", `${name}_to`);
  switch (bulk.operation) {
    case "memory.fill": {
      if (what.kind !== "constant" || bytes === 0 || bytes > longestFill || !isAligned(to)) return undefined;
      const pattern = BigInt((what.bits as number) & 0xff) * 0x0101010101010101n;
      const stores = piecesOf(bytes).map(({ offset, width }) =>
        store(destination, offset, width, constant("i64", pattern)),
      );
      return [assign(destination, to), ...stores];
    }
    case "memory.copy": {
      if (bytes === 0 || bytes > longestCopy || !isAligned(to) || !isAligned(what)) return undefined;
      const source = temporary("i32", `${name}_from`);
      const pieces = piecesOf(bytes).map((piece) => ({ ...piece, value: temporary("i64", `${name}_${piece.offset}`) }));
      return [
        assign(source, what),
        assign(destination, to),
        ...pieces.map(
          ({ offset, width, value }): Statement => ({
            kind: "load",
            operation: width === 8 ? "i64.load" : `i64.load${width * 8}_u`,
            memory: 0,
            target: value,
            address: read(source),
            offset,
            alignment: 1,
          }),
        ),
        ...pieces.map(({ offset, width, value }) => store(destination, offset, width, read(value))),
      ];
    }
    default:
      return undefined;
  }
}

function temporary(type: "i32" | "i64", name: string): Local {
  return { kind: "temporary", type, name };
}

function store(address: Local, offset: number, width: number, value: Expression): Statement {
  const operation = width === 8 ? "i64.store" : `i64.store${width * 8}`;
  return { kind: "store", operation, memory: 0, address: read(address), value, offset, alignment: 1 };
}

/** Of 8 bytes, the last ones narrower; the last ones first. */
function piecesOf(bytes: number): { readonly offset: number; readonly width: 1 | 2 | 4 | 8 }[] {
  const pieces: { offset: number; width: 1 | 2 | 4 | 8 }[] = [];
  let offset = 0;
  for (const width of [8, 4, 2, 1] as const)
    for (; bytes - offset >= width; offset += width) pieces.push({ offset, width });
  return pieces.reverse();
}
