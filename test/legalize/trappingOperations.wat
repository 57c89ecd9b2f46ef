;; A variable divisor is tested for zero and, signed, for overflow; a constant one is not.
(module (func (export "f") (param i32 i32) (result i32)
  local.get 0 local.get 1 i32.const 1 i32.add i32.div_s
  i32.const 10 i32.rem_u
  f64.const 1e10 i32.trunc_f64_u i32.add))
