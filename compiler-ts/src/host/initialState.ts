/** Imported globals, memories and tables as the words and bytes that the host writes before it instantiates (docs/kernel-abi.md, Suspension). */
import type { InitialBytes } from "../../../protocol/messages.ts";
import type { Given, ResolvedImports } from "../api/resolveImports.ts";
import { usage } from "../api/usage.ts";
import type { ImportedGlobalMetadata, ImportedTableMetadata, ModuleMetadata } from "../metadata.ts";
import { bytesOf } from "./records.ts";

export function initialState(
  metadata: ModuleMetadata,
  { globals, memories, tables }: Pick<ResolvedImports, "globals" | "memories" | "tables">,
): InitialBytes[] {
  return [
    ...globals.map(({ given }, index) => {
      const { stateWord } = metadata.importedGlobals[index] as ImportedGlobalMetadata;
      return initial("state", stateWord * 4, given, (words) => bytesOf(words));
    }),
    ...memories.flatMap(({ given }) => [
      initial("state", 0, given, ({ pages }) => word(pages)),
      initial("memory", 0, given, ({ contents }) => contents),
    ]),
    ...tables.flatMap(({ given }, index) => {
      const table = metadata.importedTables[index] as ImportedTableMetadata;
      return [
        initial("state", table.sizeWord * 4, given, ({ elements }) => word(withinCapacity(elements.length, table))),
        initial("tables", table.word * 4, given, ({ elements }) => bytesOf(elements)),
      ];
    }),
  ].filter(({ bytes }) => bytes.length > 0);
}

/** Records of one length: shorter ones end with zeros, which is what the regions hold anyway. */
function initial<Item>(
  region: InitialBytes["region"],
  address: number,
  { perInstance, items }: Given<Item>,
  bytesOfItem: (item: Item) => Uint8Array,
): InitialBytes {
  const records = items.map(bytesOfItem);
  const length = records.reduce((longest, record) => Math.max(longest, record.length), 0);
  const bytes = new Uint8Array(records.length * length);
  records.forEach((record, index) => {
    bytes.set(record, index * length);
  });
  return { region, address, bytes, perInstance };
}

function word(value: number): Uint8Array {
  return bytesOf(Uint32Array.of(value));
}

function withinCapacity(size: number, { module, name, capacity }: ImportedTableMetadata): number {
  if (size <= capacity) return size;
  throw usage(`import ${module}.${name}: a table of ${size} elements was given; this module can take ${capacity}`);
}
