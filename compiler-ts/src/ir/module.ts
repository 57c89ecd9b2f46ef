/**
 * The structured intermediate representation.
 *
 * Contract
 * - An *expression* is a value without effects: it cannot trap, and it reads nothing but constants, locals and fields of the instance that only named
 *   statements change. It is evaluated where the statement that holds it executes; duplicating or dropping it changes nothing.
 * - A *statement* has effects or structured flow and no value. Statements execute in order. Whatever reads or writes memory, tables or globals, calls, or
 *   can trap is a statement, so the order of wasm's effects is the order of statements.
 * - A *temporary* is assigned by exactly one statement, which declares it; it is read only later in the same statement list or in lists nested there.
 *   Every other local is declared by its function (parameters, variables) or by the block whose results it holds, and may be assigned many times.
 * - Flow is structured: `block`, `loop` and `chain` own a label; `break` leaves the statement that owns its label, `continue` starts the next iteration of
 *   a loop. Falling off the end of a loop's body leaves the loop. Labels are objects, compared by identity, in scope only inside their statement.
 * - Each list ends after its first statement that never completes (`break`, `continue`, `return`, `trap`, `leave`, `repeat`).
 *
 * Stages. `lower` makes the statements of the first union, legalize replaces them by those of the second (`verify.ts` checks which stage allows what):
 * memory accesses lose their checks to `trapIf`, indirect calls become calls of dispatchers, labels become single-level `leave` and `repeat`.
 */
import type { TrapMessage } from "../metadata.ts";
import type { FunctionType, ValueType } from "../wasm/module.ts";

/** `memory` is the base pointer of the instance's linear memory, `stack` where recursions that are loops have their frames; they exist only after legalization. */
export type IrType = ValueType | "memory" | "stack";

export interface Local {
  readonly type: IrType;
  /** Unique within its function and legal in MSL. */
  readonly name: string;
  /** Suspension turns temporaries into variables: a resumed function does not pass by their assignment again. */
  kind: "parameter" | "variable" | "temporary" | "result";
}

export interface Label {
  readonly name: string;
}

export type InstanceField =
  | "memory"
  | "memory_bytes"
  | "stack"
  | "fuel"
  | "position"
  | "stack_limit"
  | "rewinding"
  | "trap"
  | "zero";

export type Expression =
  /** Bits, unsigned: a number for 32-bit types, a bigint for wider ones. */
  | { readonly kind: "constant"; readonly type: IrType; readonly bits: number | bigint; readonly size: number }
  | { readonly kind: "local"; readonly type: IrType; readonly local: Local; readonly size: number }
  | { readonly kind: "field"; readonly type: IrType; readonly field: InstanceField; readonly size: number }
  /** A pure operation by its wasm name (or a runtime name of lowering's or legalize's), on operands of the types that it has in the specification. */
  | {
      readonly kind: "apply";
      readonly type: IrType;
      readonly operation: string;
      readonly operands: readonly Expression[];
      readonly size: number;
    };

/** Locals that are saved or taken back by one call of the runtime (legalize/suspension/frameParts.ts). */
export interface FramePart {
  /** The first word: counted from the start of the frame's values, or down from the stack's position. */
  readonly word: number;
  readonly locals: readonly Local[];
}

/** What a suspended function leaves behind: docs/kernel-abi.md, Suspension. */
export interface Frame {
  /** Number of the point within the function, from 1 in program order. */
  readonly point: number;
  readonly parts: readonly FramePart[];
  /** Set where a function's recursion is a loop (legalize/recursion/recursionLoop.ts): the position of its innermost call, whose locals these are. */
  readonly innermost?: Local;
}

/**
 * What is known of an address, without the offset. From 2 on: it is a multiple of that. 1: the module expects the access to be aligned, and may be wrong. 0: it
 * expects misaligned ones.
 */
export type Alignment = 0 | 1 | 2 | 4 | 8 | 16;

/** What is known of a loop that ends by a count (legalize/suspension/countedLoops.ts). */
export interface CountedLoop {
  /** At most. */
  readonly iterations: number;
  readonly counter: Local;
  /** The counter's value when the first iteration begins, unsigned. */
  readonly start: number;
  /** The largest value that the counter has when an iteration begins, unsigned. */
  readonly most: number;
  /** The shader compiler is told to unroll it: the accesses of a window become registers then. */
  readonly unrolled?: boolean;
}

/** Words of linear memory that a piece of code has in an array of its own (legalize/memory/memoryWindows.ts). */
export interface MemoryWindow {
  /** Unique within its function and legal in MSL. */
  readonly name: string;
  readonly words: number;
  /** Address of its first word, a multiple of 4; all of it lies within the memory. */
  readonly base: Expression;
}

/** A word of a window, by number, or two from there on that are one access of the memory. */
export interface WindowWords {
  readonly first: number;
  readonly count: 1 | 2;
}

export interface SwitchCase {
  readonly values: readonly number[];
  readonly body: Statement[];
}

export type Statement =
  | { readonly kind: "assign"; readonly target: Local; readonly value: Expression }
  /** Read of linear memory at address + offset; `operation` is the wasm name. Before `memoryAccess` it can trap. */
  | {
      readonly kind: "load";
      readonly operation: string;
      /** Its number; 0 is the instance's own, others are linked memories. */
      readonly memory: number;
      readonly target: Local;
      readonly address: Expression;
      readonly offset: number;
      readonly alignment: Alignment;
    }
  | {
      readonly kind: "store";
      readonly operation: string;
      readonly memory: number;
      readonly address: Expression;
      readonly value: Expression;
      readonly offset: number;
      readonly alignment: Alignment;
    }
  | { readonly kind: "globalGet"; readonly target: Local; readonly global: number }
  | { readonly kind: "globalSet"; readonly global: number; readonly value: Expression }
  | {
      readonly kind: "call";
      readonly callee: number;
      readonly arguments: readonly Expression[];
      readonly targets: readonly Local[];
    }
  /** A call of an imported function, by its number in the metadata's `imports`: the instance is suspended until the host has the results. */
  | {
      readonly kind: "callImport";
      readonly import: number;
      readonly arguments: readonly Expression[];
      readonly targets: readonly Local[];
    }
  | {
      readonly kind: "callIndirect";
      readonly type: FunctionType;
      readonly table: number;
      readonly index: Expression;
      readonly arguments: readonly Expression[];
      readonly targets: readonly Local[];
    }
  /** A numeric operation that can trap: division, remainder, trapping truncation. */
  | {
      readonly kind: "trapping";
      readonly operation: string;
      readonly target: Local;
      readonly operands: readonly Expression[];
    }
  /** Memory and table instructions beyond loads and stores, by wasm name with their immediates. They can trap. */
  | {
      readonly kind: "bulk";
      readonly operation: string;
      readonly immediates: readonly number[];
      readonly operands: readonly Expression[];
      readonly target: Local | undefined;
    }
  | { readonly kind: "block"; readonly label: Label; readonly results: readonly Local[]; readonly body: Statement[] }
  | {
      readonly kind: "loop";
      readonly label: Label;
      readonly results: readonly Local[];
      readonly body: Statement[];
      /** Set where the loop ends by itself, and soon. */
      readonly counted?: CountedLoop | undefined;
    }
  | {
      readonly kind: "if";
      readonly condition: Expression;
      readonly results: readonly Local[];
      readonly whenTrue: Statement[];
      readonly whenFalse: Statement[];
    }
  | { readonly kind: "break"; readonly label: Label }
  | { readonly kind: "continue"; readonly label: Label }
  /** Cases hold assignments and one `break` or `continue` each. */
  | {
      readonly kind: "switch";
      readonly index: Expression;
      readonly cases: readonly SwitchCase[];
      readonly default: Statement[];
    }
  | { readonly kind: "return"; readonly values: readonly Expression[] }
  | { readonly kind: "trap"; readonly trap: TrapMessage }
  // From here on: only after legalization.
  /** Suspends the instance here where no fuel is left; else charges `cost`, at most 2^15. Without `frame` only until `suspension` has run. */
  | { readonly kind: "checkpoint"; readonly fuel: Local; readonly cost: number; readonly frame: Frame | undefined }
  /** Takes back the locals of the function's own frame, whose values begin where the position says. */
  | { readonly kind: "restore"; readonly parts: readonly FramePart[]; readonly position: Local }
  /**
   * Puts locals on the stack of a recursion that is a loop, below the position; `point` is one word more, the last. Traps with "call stack exhausted" where there is less room
   * behind than `need`, as a difference of positions.
   */
  | {
      readonly kind: "push";
      readonly need: Expression;
      readonly parts: readonly FramePart[];
      readonly point: number | undefined;
      readonly position: Local;
    }
  | { readonly kind: "pop"; readonly parts: readonly FramePart[]; readonly position: Local }
  /** Ends the function for an instance that stops here; what it returns does not matter. */
  | { readonly kind: "unwind"; readonly frame: Frame }
  /** An assignment that declares its variable for the rest of the list. */
  | { readonly kind: "declare"; readonly target: Local; readonly value: Expression }
  /** Declares a window for the rest of the list and takes words from the memory. `alignment`: of the base. */
  | {
      readonly kind: "window";
      readonly window: MemoryWindow;
      readonly taken: readonly WindowWords[];
      readonly alignment: Alignment;
    }
  /** Reads a word, by its place in bytes from the window's start. */
  | { readonly kind: "windowLoad"; readonly target: Local; readonly window: MemoryWindow; readonly place: Expression }
  /** Writes a word to the window, and to the memory unless that is `deferred` until a `windowPut`. */
  | {
      readonly kind: "windowStore";
      readonly window: MemoryWindow;
      readonly place: Expression;
      readonly value: Expression;
      readonly alignment: Alignment;
      readonly deferred: boolean;
    }
  /** Writes words to the memory. */
  | {
      readonly kind: "windowPut";
      readonly window: MemoryWindow;
      readonly words: readonly WindowWords[];
      readonly alignment: Alignment;
    }
  | { readonly kind: "trapIf"; readonly condition: Expression; readonly trap: TrapMessage }
  /** Traps with the code that the expression gives, unless it is 0. */
  | { readonly kind: "trapWith"; readonly code: Expression }
  /**
   * Ends the function where the call before it trapped or was suspended; `attribute` names this function as the one that trapped (a dispatcher is none of the
   * module's). `frame` is what this function leaves for its resumption.
   */
  | { readonly kind: "propagateTrap"; readonly attribute: boolean; readonly frame: Frame | undefined }
  | { readonly kind: "setField"; readonly field: InstanceField; readonly value: Expression }
  /** Segments in order; `break` to a segment's label goes on with the next one. Made of blocks that start at the same point. */
  | {
      readonly kind: "chain";
      readonly results: readonly Local[];
      readonly skip: Local;
      readonly segments: readonly ChainSegment[];
    }
  /** Executes its body once; `leave` inside goes on behind it. */
  | { readonly kind: "once"; readonly body: Statement[] }
  /** Repeats until a `leave`; falling off the end leaves as well. `together`: lanes that begin it wait for one another where they end it or the function. */
  | {
      readonly kind: "repeatedly";
      readonly body: Statement[];
      readonly counted?: CountedLoop | undefined;
      readonly together?: Local | undefined;
    }
  | { readonly kind: "leave" }
  | { readonly kind: "repeat" };

export interface ChainSegment {
  readonly label: Label;
  readonly body: Statement[];
}

export interface Accumulator {
  readonly local: Local;
  readonly identity: Expression;
}

export interface IrFunction {
  /** A function of the module, one that legalize made for indirect calls or for recursion, or the one that instantiates. */
  readonly kind: "wasm" | "dispatcher" | "trampoline" | "instantiation";
  /** Index in wasm's function index space; what legalize makes follows behind it. */
  readonly index: number;
  /** Set in copies: the function that traps and frames name. */
  readonly copyOf?: number;
  /** Set in parts of a function that was too large: the function that traps name. */
  readonly partOf?: number;
  /** Of its body; `undefined` where there is none. */
  readonly instructions?: number;
  /** It must stay a call: it runs seldom, or inlining would multiply the text. */
  readonly outOfLine?: boolean;
  /** Unique in the module and legal in MSL. */
  readonly name: string;
  /** For people: the wasm name. */
  readonly displayName: string;
  readonly type: FunctionType;
  /** Those of the type; where the function may be suspended, its frame's position before them. */
  parameters: readonly Local[];
  /** Declared at the function's start and zero there. */
  variables: Local[];
  body: Statement[];
  /**
   * Set where one local collects the results of the whole recursion (legalize/recursion/accumulators.ts): all activations of a call from outside share it, calls of the
   * function by itself have no targets. It begins as the identity of what is collected.
   */
  accumulator?: Accumulator | undefined;
  /** Kinds of the statements that lowering, or a pass, made: passes skip functions without theirs. */
  lowered: ReadonlySet<Statement["kind"]>;
}

export interface IrGlobal {
  readonly type: ValueType;
  readonly mutable: boolean;
  /** The host writes it before instantiation. */
  readonly imported: boolean;
  /** The host may write it between invocations, where it is mutable. */
  readonly exported: boolean;
  /** `undefined` where only instantiation knows it: imported, or the value of an imported one. */
  readonly initial: Expression | undefined;
  /** First word in the state region. */
  readonly stateWord: number;
}

export interface IrTable {
  /** The host writes its size and elements before instantiation. */
  readonly imported: boolean;
  readonly minimum: number;
  /** Elements that are backed: `table.grow` succeeds up to it. */
  readonly capacity: number;
  /** First word in the tables region. */
  readonly word: number;
  /** Word of the state region that holds the current size; `undefined` where the size cannot change. */
  readonly sizeWord: number | undefined;
  /** Contents after instantiation, as references, where nothing can change them later. */
  readonly contents: readonly number[] | undefined;
}

export interface IrSegment {
  /** In the image, bytes. */
  readonly imageOffset: number;
  /** Bytes of a data segment, elements of an element segment. */
  readonly length: number;
  /** Word of the state region that is 1 once the segment is dropped; `undefined` where no instruction can use it. */
  readonly droppedWord: number | undefined;
}

export interface IrMemory {
  readonly minimumPages: number;
  readonly maximumPages: number | undefined;
}

/** A memory beside the instance's own, which some linked module brought: it lies in the tables region, in that region's cells, which the own one has as well then. */
export interface IrLinkedMemory {
  readonly minimumPages: number;
  /** Pages that are backed: `memory.grow` succeeds up to it. */
  readonly capacityPages: number;
  /** First word in the tables region. */
  readonly word: number;
  /** Word of the state region that holds the current size in bytes. */
  readonly sizeWord: number;
}

export interface IrModule {
  readonly functions: Map<number, IrFunction>;
  readonly globals: readonly IrGlobal[];
  readonly tables: readonly IrTable[];
  readonly memory: IrMemory | undefined;
  /** Memories from number 1 on. */
  readonly linkedMemories: readonly IrLinkedMemory[];
  readonly data: readonly IrSegment[];
  readonly elements: readonly IrSegment[];
  /** Segments, and behind them the tables that legalize adds. */
  image: Uint8Array;
  /** Statements that bring an instance to its initial state, in the order that the specification gives; the start function's call is the last. */
  readonly instantiate: IrFunction;
  readonly stateWords: number;
  readonly tableWords: number;
  /** Functions that must be kept: those with a kernel and the instantiation. */
  readonly roots: readonly number[];
}
