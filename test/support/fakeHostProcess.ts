/** A fake host as a real child process; its one argument says how it (mis)behaves. */
import { type Handler, serveFakeHost } from "./fakeHost.ts";

const behaviour = process.argv[2] ?? "";

const devices = { devices: [] };
const behaviours: Readonly<Record<string, () => void>> = {
  normal: () => serve({ "devices/list": () => devices }),
  otherMajor: () => void serveFakeHost(process.stdin, process.stdout, { protocolVersion: "7.0" }),
  crash: () =>
    serve({
      "devices/list": () => {
        process.stderr.write("about to fail\nfatal: out of registers\n");
        process.exit(42);
      },
    }),
  hang: () => serve({ "devices/list": () => new Promise(() => {}), "module/unload": () => process.pid }),
  ignoresShutdown: () => {
    serveFakeHost(process.stdin, process.stdout, { handlers: { shutdown: () => new Promise(() => {}) } });
    setInterval(() => {}, 1000);
  },
  garbage: () => {
    process.stdout.write("Usage: something else\r\n\r\n");
    setInterval(() => {}, 1000);
  },
};

function serve(handlers: Readonly<Record<string, Handler>>) {
  const rpc = serveFakeHost(process.stdin, process.stdout, { handlers });
  rpc.onNotification("exit", () => process.exit(0));
  process.stdin.on("end", () => process.exit(1));
}

behaviours[behaviour]?.();
