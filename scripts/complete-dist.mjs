// What tsc leaves out of dist/: the MSL runtime, which the compiler reads at run time, and the mark that the CLI is a program.
import { chmodSync, cpSync } from "node:fs";

cpSync("compiler-ts/src/msl/runtime", "dist/compiler-ts/src/msl/runtime", { recursive: true });
chmodSync("dist/compiler-ts/src/cli.js", 0o755);
