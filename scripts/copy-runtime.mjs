// The MSL runtime is data that the compiler reads beside itself; tsc copies only modules.
import { cpSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const runtime = join("compiler-ts", "src", "msl", "runtime");
cpSync(join(root, runtime), join(root, "dist", runtime), {
  recursive: true,
  filter: (path) => !path.includes(".") || path.endsWith(".metal"),
});
