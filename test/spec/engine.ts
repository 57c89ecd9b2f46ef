/** What the runner needs of an engine. Records are as values.ts has them. */
export interface SpecEngine {
  /** Its key in the exception list. */
  readonly name: string;
  /** How many modules it may compile while another one runs. */
  readonly compileAhead: number;
  /** `exports` are the functions that will be invoked. @throws Refusal */
  compile(bytes: Uint8Array, exports: readonly string[]): Promise<SpecModule>;
  /** A fresh instance of the suite's host module, where the engine has imports at all. */
  spectest(): SpecInstance | undefined;
  /** For the end of a run, what else a person should know of it. */
  remarks?(): string;
  close(): Promise<void>;
}

export interface SpecModule {
  /** `registered` has the instances that imports may name. @throws Refusal */
  instantiate(registered: ReadonlyMap<string, SpecInstance>): Promise<SpecInstance>;
  release(): Promise<void>;
}

export interface SpecInstance {
  /** Runs the calls one after the other; the instance keeps its state. One outcome a call. */
  invoke(calls: readonly Call[]): Promise<readonly Outcome[]>;
  /** Values, or a failure. */
  readGlobal(name: string): Promise<Outcome>;
  release(): Promise<void>;
}

export interface Call {
  readonly name: string;
  readonly arguments: Uint32Array;
}

export type Outcome =
  | { readonly kind: "values"; readonly words: Uint32Array }
  /** In the specification's wording; several where the engine cannot tell them apart. */
  | { readonly kind: "trap"; readonly messages: readonly string[] }
  /** Neither: what the engine cannot do. */
  | { readonly kind: "failure"; readonly reason: string; readonly detail?: string };

/** Why a module did not compile or instantiate. The message is stable text without numbers: the exception list groups by it. */
export class Refusal extends Error {
  readonly kind: "invalid" | "unsupported" | "link" | "trap" | "failure";
  /** For traps: the specification's wordings that it may stand for. */
  readonly traps: readonly string[];

  constructor(kind: Refusal["kind"], message: string, traps: readonly string[] = [], cause?: unknown) {
    super(message, { cause });
    this.name = "Refusal";
    this.kind = kind;
    this.traps = traps;
  }
}
