/** Status and results of an invocation, put together from what the host answers at once and in later rounds. */
import type { InvokeResult, ResumePoolResult } from "../../../protocol/messages.ts";
import type { InvocationResult } from "../api/backend.ts";
import type { HostFailure } from "../api/hostFunctions.ts";
import { trapCode } from "../metadata.ts";
import { ofLength, statusOf, wordsOfBytes } from "./records.ts";

export class Outcome {
  readonly #count: number;
  readonly #words: number;
  readonly #positions: ReadonlyMap<number, number> | undefined;
  // Made when they are asked for: clearing megabytes that nobody reads takes longer than their way from the host.
  #status: Uint32Array | undefined;
  #results: Uint32Array | undefined;
  #deviceSeconds = 0;
  #hostSeconds = 0;
  #failure: string | undefined;

  /** `instances`: those that run, in the order of the records; `undefined`: all `total`. `words`: of one record of results. */
  constructor(instances: readonly number[] | undefined, total: number, words: number) {
    this.#count = instances?.length ?? total;
    this.#words = words;
    this.#positions =
      instances === undefined ? undefined : new Map(instances.map((instance, position) => [instance, position]));
  }

  /** What the invocation itself answered. */
  begin(answer: InvokeResult): void {
    if (answer.status.length > 0) this.#status = statusOf(answer.status, this.#count, "pool/invoke");
    this.#results = wordsOfBytes(ofLength(answer.results, this.#count * this.#words * 4, "pool/invoke"));
    this.#deviceSeconds += answer.deviceSeconds;
    this.#hostSeconds += answer.seconds ?? 0;
    this.#failure = answer.failure;
  }

  /** What a round answered, of the instances that it resumed. */
  add(resumed: ResumePoolResult): void {
    const count = resumed.instances.length;
    const status = statusOf(resumed.status, count, "pool/resume");
    const results = wordsOfBytes(ofLength(resumed.results, count * this.#words * 4, "pool/resume"));
    resumed.instances.forEach((instance, index) => {
      const position = this.#positions === undefined ? instance : this.#positions.get(instance);
      if (position === undefined) return;
      this.status.set(status.subarray(index * 2, index * 2 + 2), position * 2);
      this.results.set(results.subarray(index * this.#words, (index + 1) * this.#words), position * this.#words);
    });
    this.#deviceSeconds += resumed.deviceSeconds;
    this.#hostSeconds += resumed.seconds ?? 0;
    this.#failure = resumed.failure ?? this.#failure;
  }

  get status(): Uint32Array {
    this.#status ??= new Uint32Array(this.#count * 2);
    return this.#status;
  }

  get results(): Uint32Array {
    this.#results ??= new Uint32Array(this.#count * this.#words);
    return this.#results;
  }

  /** `called`: the exported function; `hostFailures`: by instance, why imports failed. */
  result(called: string, hostFailures: ReadonlyMap<number, HostFailure>): InvocationResult {
    const outcome = this;
    return {
      get status() {
        return outcome.status;
      },
      get results() {
        return outcome.results;
      },
      deviceSeconds: this.#deviceSeconds,
      hostSeconds: this.#hostSeconds,
      failures: this.#failure === undefined ? hostFailures : this.#withDevice(this.#failure, called, hostFailures),
    };
  }

  #withDevice(message: string, called: string, hostFailures: ReadonlyMap<number, HostFailure>) {
    const failures = new Map(hostFailures);
    const instances = this.#positions === undefined ? undefined : [...this.#positions.keys()];
    for (let position = 0; position < this.#count; position++) {
      if (this.status[position * 2] !== trapCode("device failed")) continue;
      failures.set(instances?.[position] ?? position, { import: called, message });
    }
    return failures;
  }
}
