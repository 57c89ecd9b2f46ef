/** Random changes of a module's bytes, as fast-check draws them. */
import fc from "fast-check";

/** Half of the changes fall on the first bytes, where the structure is; the rest anywhere. */
export const change = fc.record({
  kind: fc.constantFrom("set" as const, "flip" as const, "insert" as const, "remove" as const, "copy" as const),
  at: fc.oneof(fc.nat(200), fc.nat(20_000)),
  value: fc.oneof(fc.nat(255), fc.constantFrom(0x00, 0x0b, 0x7f, 0x80, 0xfc, 0xfd, 0xff)),
});
export type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

export function mutate(bytes: Uint8Array, changes: readonly Change[]): Uint8Array {
  const mutated = [...bytes];
  for (const { kind, at, value } of changes) {
    const place = 8 + (at % Math.max(1, mutated.length - 8));
    if (kind === "set") mutated[place] = value;
    else if (kind === "flip") mutated[place] = (mutated[place] ?? 0) ^ (1 << (value & 7));
    else if (kind === "insert") mutated.splice(place, 0, value);
    else if (kind === "remove") mutated.splice(place, 1 + (value & 7));
    else mutated.splice(place, 0, ...mutated.slice(value, value + 16));
  }
  return Uint8Array.from(mutated);
}
