;; Ways to fill a board's columns one by one: calls in a loop, whose frames lie in threadgroup memory.
(module
  (func $place (export "place") (param $board i32) (param $columns i32) (param $left i32) (param $right i32) (result i32) (local $free i32) (local $count i32) (local $queen i32)
    (if (i32.eq (local.get $columns) (local.get $board)) (then (return (i32.const 1))))
    (local.set $free (i32.and (local.get $board)
      (i32.xor (i32.const -1) (i32.or (local.get $columns) (i32.or (local.get $left) (local.get $right))))))
    (if (i32.eqz (local.get $free)) (then (return (i32.const 0))))
    (loop $next
      (local.set $queen (i32.and (local.get $free) (i32.sub (i32.const 0) (local.get $free))))
      (local.set $count (i32.add (local.get $count) (call $place (local.get $board)
        (i32.or (local.get $columns) (local.get $queen))
        (i32.shl (i32.or (local.get $left) (local.get $queen)) (i32.const 1))
        (i32.shr_u (i32.or (local.get $right) (local.get $queen)) (i32.const 1)))))
      (br_if $next (local.tee $free (i32.xor (local.get $free) (local.get $queen)))))
    (local.get $count)))
