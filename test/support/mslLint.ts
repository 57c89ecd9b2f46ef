/**
 * Checks emitted text against what Apple's shader compiler and GPUs are known to get wrong or refuse, which no compiler on Linux would notice. Each finding
 * names its rule and line. Reasons for the rules: docs/msl-rules.md.
 */

export interface Finding {
  readonly rule: string;
  readonly line: number;
  readonly text: string;
}

/** clang counts `(`, `[` and `{` and stops at 256; we keep well below. */
const maximumNesting = 100;
const maximumFunctionLines = 4000;

/** The only definitions that may divide: integer dividends there are opaque, and floats have no such hazard. */
const mayDivide =
  /^wb_(u32_quotient|u64_quotient|f32_div|f64_div|f(?:32|64)_div_any_nan|f32_div_plain|f32_div_out_of_line|f32_flushing_div|lane_words|enter)$/;
/** Loops over a count, in the runtime alone. */
const countedLoop = /^for \((?:uint|ulong|int)? ?[\w ]*(?: = [^;]+)?; [^;]*[<>][^;]*; [^)]+\)/;

export function lintMsl(text: string, options: { readonly f64: boolean; readonly contiguous: boolean }): Finding[] {
  const findings: Finding[] = [];
  const lines = withoutComments(text).split("\n");
  const report = (rule: string, index: number): void => {
    findings.push({ rule, line: index + 1, text: (lines[index] as string).trim() });
  };
  checkHead(lines, report);
  checkLines(lines, options, report);
  checkStructure(lines, report);
  return findings;
}

type Report = (rule: string, index: number) => void;

function withoutComments(text: string): string {
  return text.replace(/(?<!\{ )\/\/.*$/gm, "");
}

function checkHead(lines: readonly string[], report: Report): void {
  const namespace = lines.indexOf("using namespace metal;");
  for (const pragma of ["#pragma METAL fp math_mode(safe)", "#pragma METAL fp contract(off)"]) {
    const at = lines.indexOf(pragma);
    if (at < 0 || at < namespace) report(`"${pragma}" must stand behind "using namespace metal;"`, Math.max(at, 0));
  }
}

const forbidden: readonly (readonly [RegExp, string])[] = [
  [/\bgoto\b/, "MSL has no goto"],
  [/\blong long\b/, "MSL has no long long"],
  [/\b(?:asm|__asm__)\b/, "inline assembly is not portable"],
  [/\bfma\(/, "fma rounds once: never wasm's result"],
  [/\b(?:fast|metal::fast)::/, "fast functions are inexact"],
  [/\bmulhi\(/, "mulhi can crash the compiler"],
  [/\b(?:simd_\w+|quad_\w+|threadgroup_barrier)\(/, "no SIMD-group functions or barriers in divergent flow"],
  [/\b(?:virtual|new|delete|throw|try|dynamic_cast|typeid)\b/, "not in MSL"],
  [/\bmain\(/, "no function may be called main"],
  [/^\s+static\b/, "no static inside a function"],
  [/\(device (?:ulong|long|double|ushort|short)\*\)/, "wider accesses go through vector types of bytes or words"],
  [/\b(?:union|volatile (?!constexpr constant))\b/, "punning is as_type's; volatile only for the opaque zero"],
  [/<<\s*(?!\(|\d)[\w]+\s*(?!\s*&)[;)]/, "shift counts are constants or masked"],
];

function checkLines(
  lines: readonly string[],
  options: { readonly f64: boolean; readonly contiguous: boolean },
  report: Report,
): void {
  lines.forEach((line, index) => {
    for (const [pattern, rule] of forbidden) if (pattern.test(line)) report(rule, index);
    if (!options.f64 && /\bdouble\b/.test(line)) report("this profile has no double", index);
    if (!options.contiguous && /may_alias|\(device uint\*\)/.test(line))
      report("an address of unknown alignment as uint*", index);
    if (
      /^(?:static |kernel |template)?[\w ]*\(/.test(line) &&
      /[(,] ?(?!device|constant|thread|threadgroup)\w+[*&] ?\w+/.test(line)
    )
      report("a pointer or reference parameter has no address space", index);
    // Windows have loops around them that are unrolled: they become registers.
    if (
      /^\s*(?:uint|ulong|uchar|int|float|double)\s+(?!window\d+\[(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-6])\];)\w+\[/.test(
        line,
      )
    )
      report("per-thread arrays live in slow scratch memory", index);
  });
}

interface Scope {
  readonly kind: "function" | "switch" | "loop" | "other";
  readonly name: string;
  readonly line: number;
}

function checkStructure(lines: readonly string[], report: Report): void {
  const scopes: Scope[] = [];
  let nesting = 0;
  const inside = (kind: Scope["kind"]): boolean => scopes.some((scope) => scope.kind === kind);
  const currentFunction = (): string => scopes.find((scope) => scope.kind === "function")?.name ?? "";
  lines.forEach((line, index) => {
    const code = line.trim();
    for (const character of code) {
      if ("([{".includes(character)) nesting++;
      else if (")]}".includes(character)) nesting--;
      if (nesting > maximumNesting) report(`bracket nesting over ${maximumNesting}`, index);
    }
    for (let i = closings(code).before; i > 0; i--) {
      const closed = scopes.pop();
      if (closed?.kind === "function" && index - closed.line > maximumFunctionLines)
        report(`function ${closed.name} has over ${maximumFunctionLines} lines`, closed.line);
    }
    if (inside("switch") && /\breturn\b/.test(code)) report("no return inside a switch", index);
    if (scopes[scopes.length - 1]?.kind === "switch" && /\bcontinue\b/.test(code))
      report("no continue inside a switch", index);
    if (
      /^case .*\{$/.test(code) &&
      /^break;$/.test((lines[index + 1] ?? "").trim()) &&
      /switch/.test(lines[index - 1] ?? "")
    )
      report("the first case of a switch does nothing", index);
    if (/[^/*]\s(?:\/|%)\s/.test(code) && !code.startsWith("#") && !mayDivide.test(currentFunction()))
      report("division outside its helpers", index);
    checkLoop(lines, index, code, report);
    for (let i = openings(code); i > 0; i--) scopes.push(scopeOf(lines, index, code, scopes.length === 0));
  });
  if (nesting !== 0) report("brackets do not match", lines.length - 1);
}

/** Braces that close scopes of earlier lines; a line such as `if (c) { return 0u; }` is balanced in itself. */
function closings(code: string): { readonly before: number } {
  let depth = 0;
  let lowest = 0;
  for (const character of code) {
    if (character === "{") depth++;
    else if (character === "}") depth--;
    lowest = Math.min(lowest, depth);
  }
  return { before: -lowest };
}

function openings(code: string): number {
  let depth = 0;
  let lowest = 0;
  for (const character of code) {
    if (character === "{") depth++;
    else if (character === "}") depth--;
    lowest = Math.min(lowest, depth);
  }
  return depth - lowest;
}

function scopeOf(lines: readonly string[], index: number, code: string, outermost: boolean): Scope {
  if (code.startsWith("switch")) return { kind: "switch", name: "", line: index };
  if (code.startsWith("while") || code.startsWith("for")) return { kind: "loop", name: "", line: index };
  if (!outermost) return { kind: "other", name: "", line: index };
  // A heading may take several lines: the name stands before the first parenthesis.
  for (let i = index; i >= 0 && i > index - 16; i--) {
    const heading = lines[i] as string;
    const names = /^(?:template|static|kernel)\b/.test(heading) ? [...heading.matchAll(/(\w+)\(/g)] : [];
    const name = names.map((match) => match[1] as string).find((candidate) => candidate !== "__attribute__");
    if (name !== undefined) return { kind: "function", name, line: index };
  }
  return { kind: "other", name: "", line: index };
}

function checkLoop(lines: readonly string[], index: number, code: string, report: Report): void {
  // Charged for before it begins (countedLoops.ts).
  if (/^while \(true\) \{ \/\/ [1-9]\d* times at most$/.test(code)) return;
  if (/^while\b/.test(code)) {
    // A checkpoint, perhaps under a guard: the test, which suspends, and the decrement behind it. A trampoline's loop ends when no frame is left.
    // A recursion's loop has it where a call begins; the others of its iterations end a call each.
    const head = lines.slice(index + 1, index + 16).map((line) => line.trim());
    while (/^(?:do \{|(?:uint )?(?:branch = 4294967295u|skip\d+ = 0u);)$/.test(head[0] ?? "")) head.shift();
    if (/^if \(resume (?:<= \d+u|== 0u)\) \{$/.test(head[0] ?? "")) head.shift();
    const charged =
      (/^if \(as_type<int>\(fuel\) <= 0\) \{ wb_suspend\(instance, fuel, position, .* return [\w<>]*(?:\(\))?; \}$/.test(
        head[0] ?? "",
      ) &&
        /^fuel = fuel - [1-9]\d*u;$/.test(head[1] ?? "")) ||
      /^next = wb_trampoline_next\(/.test(head[0] ?? "");
    if (code !== "while (true) {" || !charged) report("a loop without fuel", index);
  }
  if (/^for\b/.test(code) && !countedLoop.test(code)) report("a for loop without a count", index);
  if (/^} while/.test(code) && code !== "} while (false);") report("a do loop that repeats", index);
}
