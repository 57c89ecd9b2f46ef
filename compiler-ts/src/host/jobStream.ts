/** Arguments and results of a run of jobs that travel while the jobs run: protocol/README.md, Jobs. */
import type { RunJobsParameters } from "../../../protocol/messages.ts";
import type { HostClient } from "./client.ts";
import { ofLength } from "./records.ts";

/** Bytes of arguments and results below which they are in the way of nothing. */
const least = 1 << 19;
/** Bytes: as much as a socket takes at once. */
const partBytes = 1 << 18;

export class JobStream {
  readonly #client: HostClient;
  readonly #token: number;
  readonly #arguments: Uint8Array;
  readonly #results: Uint8Array;
  #received = 0;

  private constructor(client: HostClient, records: Uint8Array, resultBytes: number) {
    this.#client = client;
    this.#arguments = records;
    this.#results = new Uint8Array(resultBytes);
    this.#token = client.openJobStream((part) => {
      // What is too much shows in the length of the whole.
      if (part.length <= resultBytes - this.#received) this.#results.set(part, this.#received);
      this.#received += part.length;
    });
  }

  /** `undefined` where all of it is little, or the host takes no parts. */
  static of(client: HostClient, records: Uint8Array, resultBytes: number): JobStream | undefined {
    return records.length + resultBytes < least || !client.streamsJobs
      ? undefined
      : new JobStream(client, records, resultBytes);
  }

  /** What the run's request has of it. */
  get parameters(): Pick<RunJobsParameters, "arguments" | "streamToken"> {
    return { arguments: this.#arguments.subarray(0, partBytes), streamToken: this.#token };
  }

  /** After the request has been written. */
  sendRest(): void {
    for (let start = partBytes; start < this.#arguments.length; start += partBytes) {
      this.#client.sendJobArguments(this.#token, this.#arguments.subarray(start, start + partBytes));
    }
  }

  /** All results; `rest`: those of the answer. Throws HostError where there are too few or too many. */
  resultsWith(rest: Uint8Array): Uint8Array {
    ofLength(rest, this.#results.length - this.#received, "pool/run");
    this.#results.set(rest, this.#received);
    return this.#results;
  }

  close(): void {
    this.#client.closeJobStream(this.#token);
  }
}
