;; A branch back to a loop with a value left over on the stack makes each parameter the next one. V8's baseline compiler gets it wrong (docs/fuzzing.md).
;; calls: [{"name": "f", "arguments": [[1, 5], [3, 5], [0, 5]]}]
(module
  (func (export "f") (param $rounds i32) (param $second i32) (result i32 i32 i32)
    (block (result i32 i32 i32)
      (i32.const 10)
      (local.get $second)
      (i32.div_u (i32.const 30) (i32.or (local.get $rounds) (i32.const 1)))
      (loop (param i32 i32 i32) (result i32 i32 i32)
        (br_if 1 (i32.eqz (local.get $rounds)))
        (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
        (i32.const 7)
        (br_table 1 0 (i32.const 1))))))
