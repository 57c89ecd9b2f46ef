/** Whether stack traces and all that the host says are wanted. Whoever writes "true" wants them, too. */
export function isDebugging(): boolean {
  return !["", "0"].includes(process.env.WASMBURST_DEBUG ?? "");
}
