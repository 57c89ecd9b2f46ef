/** Data and element segments as one read-only image that all instances share. */
import { CompileError } from "../diagnostics.ts";
import type { IrSegment } from "../ir/module.ts";
import type { ConstantExpression, Instruction, Module } from "../wasm/module.ts";

export interface UsedSegments {
  readonly data: ReadonlySet<number>;
  readonly elements: ReadonlySet<number>;
}

/** Segments that an instruction names: only these need to remember that they were dropped. */
export function usedSegments(instructions: readonly Instruction[]): UsedSegments {
  const data = new Set<number>();
  const elements = new Set<number>();
  for (const instruction of instructions) {
    const { name } = instruction.opcode;
    if (instruction.immediate === "indexPair" && name === "memory.init") data.add(instruction.first);
    else if (instruction.immediate === "indexPair" && name === "table.init") elements.add(instruction.first);
    else if (instruction.immediate === "index" && name === "data.drop") data.add(instruction.index);
    else if (instruction.immediate === "index" && name === "elem.drop") elements.add(instruction.index);
  }
  return { data, elements };
}

export interface SegmentLayout {
  readonly data: readonly IrSegment[];
  readonly elements: readonly IrSegment[];
  readonly image: Uint8Array;
}

/** Segments start at multiples of 8 bytes; elements are 32-bit references, null where only instantiation knows them. */
export function layOutSegments(
  module: Module,
  used: UsedSegments,
  allocateStateWord: (words: number) => number,
  referenceOf: (element: ConstantExpression) => number | undefined,
): SegmentLayout {
  let size = 0;
  const place = (bytes: number): number => {
    const offset = size;
    size = (size + bytes + 7) & ~7;
    return offset;
  };
  const data = module.data.map(
    (segment, index): IrSegment => ({
      imageOffset: place(segment.bytes.length),
      length: segment.bytes.length,
      droppedWord: used.data.has(index) ? allocateStateWord(1) : undefined,
    }),
  );
  const elements = module.elements.map(
    (segment, index): IrSegment => ({
      imageOffset: place(segment.elements.length * 4),
      length: segment.elements.length,
      droppedWord: used.elements.has(index) ? allocateStateWord(1) : undefined,
    }),
  );
  const image = new Uint8Array(size);
  const view = new DataView(image.buffer);
  module.data.forEach((segment, index) => {
    image.set(segment.bytes, (data[index] as IrSegment).imageOffset);
  });
  module.elements.forEach((segment, index) => {
    const offset = (elements[index] as IrSegment).imageOffset;
    segment.elements.forEach((element, i) => {
      const reference = referenceOf(element);
      if (reference === undefined && segment.mode === "passive") throw unknownElement(index);
      view.setUint32(offset + i * 4, reference ?? 0, true);
    });
  });
  return { data, elements, image };
}

/** The image is the same for all instances, and an instruction may copy from it at any time. */
function unknownElement(segment: number): CompileError {
  return new CompileError({
    kind: "unsupported",
    message: `an imported global in element segment ${segment}, which is passive`,
  });
}
