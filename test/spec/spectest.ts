/** The host module that the suite's own interpreter provides, as modules: functions that print nothing, and state that is shared where it is imported. */
import { parseModule } from "../../compiler-ts/src/wasm/decode.ts";
import { wat } from "../support/wat.ts";

export const spectestModules = [
  `(module
    (global (export "global_i32") i32 (i32.const 666))
    (global (export "global_i64") i64 (i64.const 666))
    (global (export "global_f32") f32 (f32.const 666.6))
    (global (export "global_f64") f64 (f64.const 666.6))
    (func (export "print"))
    (func (export "print_i32") (param i32))
    (func (export "print_i64") (param i64))
    (func (export "print_f32") (param f32))
    (func (export "print_f64") (param f64))
    (func (export "print_i32_f32") (param i32 f32))
    (func (export "print_f64_f64") (param f64 f64)))`,
  `(module (table (export "table") 10 20 funcref))`,
  `(module (memory (export "memory") 1 2))`,
].map((text) => parseModule(wat(text, "spectest.wat")));
