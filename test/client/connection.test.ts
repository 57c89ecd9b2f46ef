import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type CancellationToken, type MessageConnection, ResponseError } from "vscode-jsonrpc/node";
import { HostError } from "../../compiler-ts/src/errors.ts";
import { HostClient } from "../../compiler-ts/src/host/client.ts";
import { type Connection, connect, handshake } from "../../compiler-ts/src/host/connection.ts";
import {
  type Encoding,
  errorCodes,
  type InvokeParameters,
  invoke,
  jobResults,
  listDevices,
} from "../../protocol/messages.ts";
import { type FakeHostOptions, serveFakeHost } from "../support/fakeHost.ts";
import { wire } from "../support/streams.ts";

const client = { name: "test", version: "0" };

function connected(options: FakeHostOptions & { readonly pieceSize?: number } = {}) {
  const { clientInput, clientOutput } = wire(options.pieceSize);
  const server = serveFakeHost(clientOutput, clientInput, options);
  const broken: HostError[] = [];
  const activity: string[] = [];
  const connection: Connection = connect(clientInput, clientOutput, {
    onBusy: () => activity.push("busy"),
    onIdle: () => activity.push("idle"),
    onBroken(reason) {
      broken.push(reason);
      connection.close(reason);
    },
  });
  return { connection, server, broken, activity, clientInput };
}

const argumentBytes = new Uint8Array([0, 1, 254, 255, 0]);
const invokeParameters: InvokeParameters = {
  pool: 1,
  kernel: "run_f",
  arguments: argumentBytes,
  argumentBytes: 4,
  resultBytes: 4,
  fuel: 2 ** 53 - 1,
};

test("bulk notifications are handled before the answer that follows them, in either encoding", async () => {
  for (const encoding of ["json", "msgpack"] satisfies Encoding[]) {
    const { connection } = connected({
      encoding,
      handlers: {
        "devices/list": async (_parameters, _token, rpc) => {
          const sent = (results: Uint8Array) =>
            encoding === "json" ? Buffer.from(results).toString("base64") : results;
          for (const length of [200_000, 1, 200_000]) {
            await rpc.sendNotification("$/jobResults", {
              token: 5,
              results: sent(new Uint8Array(length).fill(length)),
            });
          }
          return { devices: [] };
        },
      },
    });
    await handshake(connection, client);
    const seen: number[][] = [];
    connection.onBulk(jobResults, ({ token, results }) => seen.push([token, results.length, results[0] as number]));
    await connection.request(listDevices, {});
    assert.deepEqual(seen, [
      [5, 200_000, 64],
      [5, 1, 1],
      [5, 200_000, 64],
    ]);
    connection.close(new HostError("closed", "the test is over"));
  }
});

for (const encoding of ["json", "msgpack"] satisfies Encoding[]) {
  for (const pieceSize of [1, 3, undefined]) {
    test(`bytes and large integers survive ${encoding} in pieces of ${pieceSize ?? "any"} bytes`, async () => {
      const seen: InvokeParameters[] = [];
      const { connection } = connected({
        encoding,
        ...(pieceSize === undefined ? {} : { pieceSize }),
        handlers: {
          "pool/invoke": (parameters: InvokeParameters) => {
            seen.push(parameters);
            return { status: parameters.arguments, results: new Uint8Array([7]), deviceSeconds: 0.5 };
          },
        },
      });
      assert.equal((await handshake(connection, client)).encoding, encoding);
      const result = await connection.request(invoke, invokeParameters);
      assert.deepEqual(seen, [invokeParameters]);
      assert.deepEqual(result, { status: argumentBytes, results: new Uint8Array([7]), deviceSeconds: 0.5 });
    });
  }
}

test("a notification in the same chunk as initialize's answer is decoded in the agreed encoding", async () => {
  const { clientInput, clientOutput } = wire();
  const connection = connect(clientInput, clientOutput, { onBroken: (reason) => connection.close(reason) });
  const answer = Buffer.from(
    '{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"1.0","host":{"name":"h","version":"0"},"encoding":"msgpack"}}',
  );
  const log = Buffer.from(
    "83a76a736f6e727063a3322e30a66d6574686f64a36c6f67a6706172616d7382a56c6576656ca4696e666fa76d657373616765a26869",
    "hex",
  );
  const frame = (body: Buffer) => Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
  const logged = new Promise((resolve) =>
    connection.onNotification({ method: "log" } as const, (parameters) => resolve(parameters)),
  );
  const done = handshake(connection, client);
  clientInput.write(Buffer.concat([frame(answer), frame(log)]));
  await done;
  assert.deepEqual(await logged, { level: "info", message: "hi" });
});

describe("versions", () => {
  test("another major version is refused, naming both", async () => {
    const { connection } = connected({ protocolVersion: "2.1" });
    await assert.rejects(handshake(connection, client), (error: HostError) => {
      assert.equal(error.code, "versionMismatch");
      assert.match(error.message, /2\.1.*1\.1/);
      return true;
    });
  });

  test("another minor version is accepted", async () => {
    const { connection } = connected({ protocolVersion: "1.9" });
    assert.equal((await handshake(connection, client)).protocolVersion, "1.9");
  });
});

describe("failures", () => {
  test("an error answer becomes a HostError with the name of its code and its data", async () => {
    const data = { instances: 10, instancesThatFit: 3, bytesPerInstance: 5, limit: "memory" };
    const { connection } = connected({
      handlers: {
        "devices/list": () => {
          throw new ResponseError(errorCodes.poolTooLarge, "too large", data);
        },
      },
    });
    await handshake(connection, client);
    await assert.rejects(connection.request(listDevices, {}), { name: "HostError", code: "poolTooLarge", data });
  });

  test("the end of the stream rejects every request in flight and every later one", async () => {
    const { connection, clientInput } = connected({ handlers: { "devices/list": () => new Promise(() => {}) } });
    await handshake(connection, client);
    const pending = [connection.request(listDevices, {}), connection.request(listDevices, {})];
    clientInput.end();
    for (const request of pending) await assert.rejects(request, { code: "hostExited" });
    await assert.rejects(connection.request(listDevices, {}), { code: "hostExited" });
  });

  for (const garbage of ["hello\r\n\r\n", "Content-Length: x\r\n\r\n", "Content-Length: 3\r\n\r\nabc"]) {
    test(`${JSON.stringify(garbage)} on the stream breaks the connection at once`, async () => {
      const { connection, broken, clientInput } = connected({
        encoding: "json",
        handlers: { "devices/list": () => new Promise(() => {}) },
      });
      await handshake(connection, client);
      const pending = connection.request(listDevices, {});
      clientInput.write(garbage);
      await assert.rejects(pending, { code: "protocolViolation" });
      assert.equal(broken.length, 1);
    });
  }

  test("a result without the bytes that the catalogue promises is a protocol violation", async () => {
    const { connection } = connected({
      encoding: "json",
      handlers: { "pool/invoke": () => "nonsense" },
    });
    await handshake(connection, client);
    await assert.rejects(connection.request(invoke, invokeParameters), { code: "protocolViolation" });
  });
});

describe("cancellation", () => {
  const waitForCancel = (_: unknown, token: CancellationToken) =>
    new Promise((_resolve, reject) => {
      const cancelled = () => reject(new ResponseError(errorCodes.requestCancelled, "cancelled"));
      // The event of a token that was cancelled before its request was dispatched never fires.
      if (token.isCancellationRequested) cancelled();
      token.onCancellationRequested(cancelled);
    });

  test("an aborted signal cancels its request alone and rejects with the signal's reason", async () => {
    let release: (value: unknown) => void = () => {};
    const { connection } = connected({
      handlers: {
        "pool/invoke": waitForCancel,
        "devices/list": () =>
          new Promise((resolve) => {
            release = resolve;
          }),
      },
    });
    await handshake(connection, client);
    const other = connection.request(listDevices, {});
    const controller = new AbortController();
    const cancelled = connection.request(invoke, invokeParameters, controller.signal);
    const reason = new Error("enough");
    controller.abort(reason);
    await assert.rejects(cancelled, reason);
    release({ devices: [] });
    assert.deepEqual(await other, { devices: [] });
  });

  test("a signal aborted before sends nothing", async () => {
    let called = false;
    const { connection } = connected({
      handlers: {
        "devices/list": () => {
          called = true;
          return { devices: [] };
        },
      },
    });
    await handshake(connection, client);
    await assert.rejects(connection.request(listDevices, {}, AbortSignal.abort()), { name: "AbortError" });
    assert.equal(called, false);
    await connection.request(listDevices, {});
    assert.equal(called, true);
  });
});

test("the owner hears when the first request starts and when the last one ends", async () => {
  const { connection, activity } = connected({ handlers: { "devices/list": () => ({ devices: [] }) } });
  await handshake(connection, client);
  activity.length = 0;
  await Promise.all([connection.request(listDevices, {}), connection.request(listDevices, {})]);
  assert.deepEqual(activity, ["busy", "idle"]);
});

test("progress reaches the request that asked for it, and no other", async () => {
  const { connection } = connected({
    handlers: {
      "pool/invoke": async (parameters: InvokeParameters, _token: CancellationToken, rpc: MessageConnection) => {
        if (parameters.progressToken !== undefined) {
          await rpc.sendNotification("$/progress", { token: parameters.progressToken, message: "half", fraction: 0.5 });
        }
        return { status: new Uint8Array(0), results: new Uint8Array(0), deviceSeconds: 0 };
      },
    },
  });
  await handshake(connection, client);
  const host = new HostClient(connection);
  const seen: unknown[] = [];
  await Promise.all([
    host.invoke(invokeParameters, { onProgress: (progress) => seen.push(progress) }),
    host.invoke(invokeParameters),
  ]);
  assert.deepEqual(seen, [{ message: "half", fraction: 0.5 }]);
});
