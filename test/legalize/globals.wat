;; A constant global becomes its value, a mutable one stays.
(module (global $fixed i32 (i32.const 7)) (global $changing (mut i64) (i64.const 1))
  (func (export "f") (result i64) global.get $fixed i64.extend_i32_u global.get $changing i64.add))
