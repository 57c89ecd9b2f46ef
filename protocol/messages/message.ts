/** What a message is, and bytes in one. */

export type Bytes = Uint8Array;

export interface Message<Method extends string, Parameters, Result> {
  readonly method: Method;
  /** Types only; never present at run time. */
  readonly types?: { readonly parameters: Parameters; readonly result: Result };
}

export function request<Parameters, Result>() {
  return <Method extends string>(method: Method): Message<Method, Parameters, Result> => ({ method });
}
