/** Random functions that call themselves and sum what the calls return, mostly in ways that one accumulator can serve (legalize/recursion/accumulators.ts), and at times in others. */
import { randomFrom } from "../support/random.ts";

/** Text of a module with the functions f0, f1 …, each of two parameters, the first of which is how deep it may go; and with `memory`, which they read and write. */
export function sumsModule(seed: number, functions: number): string {
  const random = randomFrom(seed);
  for (let i = 0; i < 8; i++) random();
  const all = Array.from({ length: functions }, (_, index) => new SumFunction(random, index).text());
  return `(module (memory (export "memory") 1)\n${all.join("\n")})`;
}

class SumFunction {
  readonly #random: () => number;
  readonly #index: number;
  readonly #type: "i32" | "i64";
  readonly #operation: string;
  #calls = 0;
  #loops = 0;

  constructor(random: () => number, index: number) {
    this.#random = random;
    this.#index = index;
    this.#type = this.#among(["i32", "i32", "i64"]);
    this.#operation = `${this.#type}.${this.#among(["add", "add", "add", "xor", "mul", "or", "and"])}`;
  }

  text(): string {
    const locals = `(local $s ${this.#type}) (local $t ${this.#type}) (local $x i32) (local $i i32)`;
    const leaf = `(if (i32.le_s (local.get $n) (i32.const 0)) (then (return ${this.#own()})))`;
    const body = this.#statements(3, 3);
    const result = this.#among([
      () => this.#plus("(local.get $s)", this.#own()),
      () => this.#plus("(local.get $s)", this.#call()),
      () => this.#plus(this.#call(), this.#plus("(local.get $t)", "(local.get $s)")),
      () => this.#plus("(local.get $s)", "(local.get $t)"),
    ])();
    return `(func $f${this.#index} (export "f${this.#index}") (param $n i32) (param $p i32) (result ${this.#type}) ${locals}
  ${leaf}
  ${body}
  ${result})`;
  }

  #among<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#random() * items.length)] as Item;
  }

  #plus(a: string, b: string): string {
    return `(${this.#operation} ${a} ${b})`;
  }

  /** A value that no call has made. */
  #own(): string {
    const value = this.#pure();
    return this.#type === "i64" ? `(i64.extend_i32_s ${value})` : value;
  }

  #pure(): string {
    return this.#among([
      "(local.get $n)",
      "(local.get $p)",
      "(local.get $x)",
      "(i32.const 7)",
      "(i32.xor (local.get $p) (local.get $x))",
      "(i32.mul (local.get $n) (i32.const 13))",
      "(i32.load8_u (i32.and (local.get $p) (i32.const 63)))",
    ]);
  }

  /** Three of them at most: 3^4 activations and a loop in each are enough. */
  #call(): string {
    if (this.#calls++ >= 3) return this.#own();
    const next = `(i32.sub (local.get $n) (i32.const ${this.#among([1, 1, 2])}))`;
    return `(call $f${this.#index} ${next} ${this.#pure()})`;
  }

  #statements(count: number, depth: number): string {
    return Array.from({ length: count }, () => this.#statement(depth)).join("\n  ");
  }

  #statement(depth: number): string {
    const sum = (value: string): string => `(local.set $s ${this.#plus("(local.get $s)", value)})`;
    const condition = `(i32.and ${this.#pure()} (i32.const ${this.#among([1, 2, 4])}))`;
    const plain = [
      () => sum(this.#call()),
      () => sum(this.#call()),
      () => `(local.set $s ${this.#plus(this.#call(), this.#plus("(local.get $s)", this.#own()))})`,
      () => `(local.set $t ${this.#call()})`,
      () => sum(this.#own()),
      () => `(local.set $x ${this.#pure()})`,
      () => `(local.set $p (i32.add (local.get $p) ${this.#pure()}))`,
      () => `(i32.store8 (i32.and (local.get $p) (i32.const 63)) ${this.#pure()})`,
      () => `(local.set $t (${this.#type}.const 0))`,
      () => sum("(local.get $t)"),
      () => `(local.set $x (i32.div_u ${this.#pure()} (i32.and (local.get $p) (i32.const 15))))`,
    ];
    const nested = [
      () => `(if ${condition} (then ${this.#statements(2, depth - 1)}))`,
      () => `(if ${condition} (then ${this.#statements(1, depth - 1)}) (else ${this.#statements(1, depth - 1)}))`,
      () => `(if ${condition} (then (return ${this.#plus("(local.get $s)", this.#own())})))`,
      () => `(if ${condition} (then (return ${this.#plus("(local.get $s)", this.#call())})))`,
      () => {
        if (this.#loops++ > 0) return sum(this.#own());
        return `(local.set $i (i32.const 0)) (loop $next ${this.#statements(2, depth - 1)}
    (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 2))))`;
      },
    ];
    return this.#among(depth > 0 ? [...plain, ...nested] : plain)();
  }
}
