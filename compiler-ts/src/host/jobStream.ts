/** Arguments and results of a run of jobs that travel while the jobs run: protocol/README.md, Jobs. */
import type { RunJobsParameters } from "../../../protocol/messages.ts";
import type { HostClient } from "./client.ts";
import { ofLength } from "./records.ts";

/** Bytes of arguments and results below which they are in the way of nothing. */
const least = 1 << 19;
/** Bytes of arguments that are sent together. */
const partBytes = 1 << 19;

export class JobStream {
  readonly #client: HostClient;
  readonly #token: number;
  readonly #arguments: Uint8Array;
  readonly #resultBytes: number;
  #results: Uint8Array | undefined;
  #received = 0;

  private constructor(client: HostClient, records: Uint8Array, resultBytes: number) {
    this.#client = client;
    this.#arguments = records;
    this.#resultBytes = resultBytes;
    this.#token = client.openJobStream((part) => {
      // What is too much shows in the length of the whole.
      if (part.length <= resultBytes - this.#received) this.#all().set(part, this.#received);
      this.#received += part.length;
    });
  }

  /** `undefined` where all of it is little, or the host takes no parts. */
  static of(client: HostClient, records: Uint8Array, resultBytes: number): JobStream | undefined {
    return records.length + resultBytes < least || !client.streamsJobs
      ? undefined
      : new JobStream(client, records, resultBytes);
  }

  /** What the run's request has of it: no arguments, since the host has lanes to clear before it needs any. */
  get parameters(): Pick<RunJobsParameters, "arguments" | "streamToken"> {
    return { arguments: new Uint8Array(0), streamToken: this.#token };
  }

  /** After the request has been written. */
  sendArguments(): void {
    for (let start = 0; start < this.#arguments.length; start += partBytes) {
      this.#client.sendJobArguments(this.#token, this.#arguments.subarray(start, start + partBytes));
    }
  }

  /** Made when the first results are there: megabytes often begin a collection, and before that the host would wait for arguments. */
  #all(): Uint8Array {
    this.#results ??= new Uint8Array(this.#resultBytes);
    return this.#results;
  }

  /** All results; `rest`: those of the answer. Throws HostError where there are too few or too many. */
  resultsWith(rest: Uint8Array): Uint8Array {
    ofLength(rest, this.#resultBytes - this.#received, "pool/run");
    const results = this.#all();
    results.set(rest, this.#received);
    return results;
  }

  close(): void {
    this.#client.closeJobStream(this.#token);
  }
}
