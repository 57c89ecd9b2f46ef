;; A division by the constant 0 is a trap, and what stands behind it is dead: a call that may be suspended there must not save what the division would have given.
;; calls: [{"name": "f", "arguments": [[3], [0]]}]
(module
  (func $count (param $n i32) (result i32)
    (loop $again
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $n))
  (func (export "f") (param i32) (result i32)
    (i32.add (i32.div_u (local.get 0) (i32.const 0)) (call $count (i32.const 5)))))
