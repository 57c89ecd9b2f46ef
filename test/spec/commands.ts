/** The official suite's files as wast2json writes them: one JSON file of commands beside the modules that it names. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export type LaneType = "i8" | "i16" | "i32" | "i64" | "f32" | "f64";

/** Numbers are unsigned decimal bit patterns; expected floats may also be `nan:canonical` or `nan:arithmetic`. */
export type JsonValue =
  | { readonly type: "i32" | "i64" | "f32" | "f64"; readonly value: string }
  | { readonly type: "v128"; readonly lane_type: LaneType; readonly value: readonly string[] }
  /** `null` or a number that stands for a host object; without a value: any reference but null. */
  | { readonly type: "externref" | "funcref"; readonly value?: string };

export type Action =
  | { readonly type: "invoke"; readonly module?: string; readonly field: string; readonly args: readonly JsonValue[] }
  | { readonly type: "get"; readonly module?: string; readonly field: string };

interface WithAction {
  readonly action: Action;
}
interface WithModule {
  readonly filename: string;
  readonly module_type: "binary" | "text";
  readonly text: string;
}

export type Command = { readonly line: number } & (
  | { readonly type: "module"; readonly filename: string; readonly name?: string }
  | { readonly type: "register"; readonly as: string; readonly name?: string }
  | ({ readonly type: "action" } & WithAction)
  | ({ readonly type: "assert_return"; readonly expected: readonly JsonValue[] } & WithAction)
  | ({ readonly type: "assert_trap" | "assert_exhaustion"; readonly text: string } & WithAction)
  | ({
      readonly type: "assert_invalid" | "assert_malformed" | "assert_unlinkable" | "assert_uninstantiable";
    } & WithModule)
);

export interface SpecFile {
  readonly name: string;
  readonly commands: readonly Command[];
  /** The bytes of a module that a command names. */
  readonly read: (filename: string) => Uint8Array;
}

export function loadFile(root: string, name: string): SpecFile {
  const { commands } = JSON.parse(readFileSync(join(root, name, `${name}.json`), "utf8")) as { commands: Command[] };
  return { name, commands, read: (filename) => new Uint8Array(readFileSync(join(root, name, filename))) };
}

/** A module that a command compiles, with the exported functions that later commands invoke in it. */
export interface ModulePlan {
  readonly file: SpecFile;
  readonly filename: string;
  readonly exports: readonly string[];
}

/** By the command that needs it, in order. */
export function modulePlans(file: SpecFile): ReadonlyMap<Command, ModulePlan> {
  const plans = new Map<Command, ModulePlan & { exports: string[] }>();
  const named = new Map<string, string[]>();
  let current: string[] = [];
  for (const command of file.commands) {
    switch (command.type) {
      case "module":
        current = [];
        if (command.name !== undefined) named.set(command.name, current);
        plans.set(command, { file, filename: command.filename, exports: current });
        break;
      case "assert_unlinkable":
      case "assert_uninstantiable":
        plans.set(command, { file, filename: command.filename, exports: [] });
        break;
      case "action":
      case "assert_return":
      case "assert_trap":
      case "assert_exhaustion": {
        const { action } = command;
        if (action.type !== "invoke") break;
        const exports = action.module === undefined ? current : named.get(action.module);
        if (exports?.includes(action.field) === false) exports.push(action.field);
        break;
      }
    }
  }
  return plans;
}
