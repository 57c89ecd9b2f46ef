/** Facts about who calls whom in a module, before any lowering: for `wasmburst inspect`. */
import { stronglyConnectedComponents } from "../graph.ts";
import type { ConstantExpression, FunctionType, Module } from "./module.ts";

export interface CallGraphFacts {
  /** Call sites. */
  readonly directCalls: number;
  readonly indirectCalls: number;
  /** Functions that some `call_indirect` may reach: in an element segment, or named by `ref.func`. */
  readonly addressTaken: number;
  readonly recursiveGroups: readonly RecursiveGroup[];
  /** Function indices from a caller down; a recursive group counts once, by its lowest index. */
  readonly deepestChain: readonly number[];
}

export interface RecursiveGroup {
  /** Function indices in ascending order. */
  readonly functions: readonly number[];
  /** The cycle exists only if an indirect call reaches all that its type allows. */
  readonly onlyIndirect: boolean;
}

interface Calls {
  readonly direct: readonly (readonly number[])[];
  /** For each function the signatures that it calls indirectly. */
  readonly signatures: readonly (readonly string[])[];
  readonly directCalls: number;
  readonly indirectCalls: number;
}

export function callGraphFacts(module: Module): CallGraphFacts {
  const calls = collectCalls(module);
  const targets = addressTaken(module);
  const count = module.functionTypes.length;
  const successors = withIndirectCalls(module, calls, targets);
  const components = stronglyConnectedComponents(successors);

  const recursiveDirectly = new Set(stronglyConnectedComponents(calls.direct).filter(isCycle(calls.direct)).flat());
  const recursiveGroups = components
    .filter(isCycle(successors))
    .map((component) => component.filter((node) => node < count).sort((a, b) => a - b))
    .map((functions) => ({ functions, onlyIndirect: !functions.some((index) => recursiveDirectly.has(index)) }))
    .sort((a, b) => (a.functions[0] ?? 0) - (b.functions[0] ?? 0));

  return {
    directCalls: calls.directCalls,
    indirectCalls: calls.indirectCalls,
    addressTaken: targets.size,
    recursiveGroups,
    deepestChain: longestChain(components, successors, count),
  };
}

function collectCalls(module: Module): Calls {
  const imported = module.functionTypes.length - module.functions.length;
  const direct: number[][] = Array.from({ length: imported }, () => []);
  const signatures: string[][] = Array.from({ length: imported }, () => []);
  let directCalls = 0;
  let indirectCalls = 0;
  for (const body of module.functions) {
    const callees = new Set<number>();
    const types = new Set<string>();
    for (const instruction of body.instructions) {
      if (instruction.immediate === "index" && instruction.opcode.name === "call") {
        callees.add(instruction.index);
        directCalls++;
      } else if (instruction.immediate === "callIndirect") {
        types.add(signatureOf(module.types[instruction.typeIndex]));
        indirectCalls++;
      }
    }
    direct.push([...callees]);
    signatures.push([...types]);
  }
  return { direct, signatures, directCalls, indirectCalls };
}

/** Types are compared by structure, as `call_indirect` does. */
function signatureOf(type: FunctionType | undefined): string {
  return type === undefined ? "" : `${type.parameters.join(" ")} -> ${type.results.join(" ")}`;
}

function addressTaken(module: Module): Set<number> {
  const targets = new Set<number>();
  const add = (expression: ConstantExpression): void => {
    if (expression.kind === "refFunc") targets.add(expression.functionIndex);
  };
  for (const segment of module.elements) segment.elements.forEach(add);
  for (const global of module.globals) add(global.initial);
  for (const body of module.functions) {
    for (const instruction of body.instructions) {
      if (instruction.opcode.name === "ref.func" && instruction.immediate === "index") targets.add(instruction.index);
    }
  }
  return targets;
}

/**
 * One node more for each signature, between the functions that call it and those it may reach: edges stay as many as
 * there are call sites and targets, not their product.
 */
function withIndirectCalls(module: Module, calls: Calls, targets: ReadonlySet<number>): number[][] {
  const successors = calls.direct.map((callees) => [...callees]);
  const nodes = new Map<string, number>();
  for (const [index, signatures] of calls.signatures.entries()) {
    for (const signature of signatures) {
      const node = nodes.get(signature) ?? successors.push([]) - 1;
      nodes.set(signature, node);
      successors[index]?.push(node);
    }
  }
  for (const target of targets) {
    const typeIndex = module.functionTypes[target];
    const node = typeIndex === undefined ? undefined : nodes.get(signatureOf(module.types[typeIndex]));
    if (node !== undefined) successors[node]?.push(target);
  }
  return successors;
}

function isCycle(successors: readonly (readonly number[])[]): (component: readonly number[]) => boolean {
  return (component) => component.length > 1 || component.some((node) => successors[node]?.includes(node));
}

/** `components` come callees first, so one walk over them knows the depth below each. Signature nodes have no depth. */
function longestChain(
  components: readonly (readonly number[])[],
  successors: readonly (readonly number[])[],
  functionCount: number,
): number[] {
  const componentOf = new Uint32Array(successors.length);
  components.forEach((component, index) => {
    for (const node of component) componentOf[node] = index;
  });
  const depth: number[] = [];
  const below: (number | undefined)[] = [];
  const representative: number[] = [];
  let deepest: number | undefined;
  for (const [index, component] of components.entries()) {
    let deepestBelow: number | undefined;
    for (const next of component.flatMap((node) => successors[node] ?? [])) {
      const other = componentOf[next] as number;
      if (other === index) continue;
      if (deepestBelow === undefined || (depth[other] ?? 0) > (depth[deepestBelow] ?? 0)) deepestBelow = other;
    }
    const lowest = component.reduce((least, node) => (node < functionCount ? Math.min(least, node) : least), Infinity);
    representative.push(lowest);
    below.push(deepestBelow);
    depth.push((deepestBelow === undefined ? 0 : (depth[deepestBelow] ?? 0)) + (lowest === Infinity ? 0 : 1));
    if (deepest === undefined || (depth[index] ?? 0) > (depth[deepest] ?? 0)) deepest = index;
  }
  const chain: number[] = [];
  for (let index = deepest; index !== undefined; index = below[index]) chain.push(representative[index] ?? Infinity);
  return chain.filter((index) => index !== Infinity);
}
