import { compileModule } from "../compiler-ts/src/compile.ts";
import { profiles } from "../compiler-ts/src/metadata.ts";
import { readFileSync } from "node:fs";
for (const f of process.argv.slice(2)) {
  const bytes = readFileSync(f);
  for (const { name, kind } of WebAssembly.Module.exports(new WebAssembly.Module(bytes))) {
    if (kind !== "function") continue;
    const { text } = compileModule(bytes, { profile: profiles.native, exports: [name] });
    console.log(f.split("/").pop(), name, "counted", (text.match(/times at most/g) ?? []).length, "loops", (text.match(/while \(true\)/g) ?? []).length, "windows", text.match(/uint window\d+\[\d+\]/g)?.join(" ") ?? "none", "memory ops", (text.match(/wb_\w+_(load|store)\w*\(memory/g) ?? []).length);
  }
}
