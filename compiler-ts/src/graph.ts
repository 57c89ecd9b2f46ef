/**
 * Tarjan's strongly connected components, callees before callers (reverse topological order).
 * With a stack of its own: a hostile module's call chains are as long as it likes.
 */
export function stronglyConnectedComponents(successors: readonly (readonly number[])[]): number[][] {
  const components: number[][] = [];
  const unvisited = 0;
  const order = new Uint32Array(successors.length);
  const low = new Uint32Array(successors.length);
  const nextEdge = new Uint32Array(successors.length);
  const onStack = new Uint8Array(successors.length);
  const stack: number[] = [];
  const path: number[] = [];
  let counter = 0;

  const enter = (node: number): void => {
    counter++;
    order[node] = counter;
    low[node] = counter;
    stack.push(node);
    onStack[node] = 1;
    path.push(node);
  };
  const lower = (node: number, bound: number): void => {
    low[node] = Math.min(low[node] as number, bound);
  };
  const leave = (node: number): void => {
    path.pop();
    const caller = path.at(-1);
    if (caller !== undefined) lower(caller, low[node] as number);
    if (low[node] !== order[node]) return;
    const component = stack.splice(stack.lastIndexOf(node));
    for (const member of component) onStack[member] = 0;
    components.push(component);
  };

  for (let root = 0; root < successors.length; root++) {
    if (order[root] !== unvisited) continue;
    enter(root);
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      const edge = nextEdge[node] as number;
      const next = successors[node]?.[edge];
      nextEdge[node] = edge + 1;
      if (next === undefined) leave(node);
      else if (order[next] === unvisited) enter(next);
      else if (onStack[next] === 1) lower(node, order[next] as number);
    }
  }
  return components;
}
