;; Operations that can trap: each check stands before its operation.
(module
  (func $quotient (export "quotient") (param i32 i32) (result i32) local.get 0 local.get 1 i32.div_s)
  (func $by_ten (export "by_ten") (param i64) (result i64) local.get 0 i64.const 10 i64.rem_u)
  (func $truncate (export "truncate") (param f32) (result i32) local.get 0 i32.trunc_f32_s))
