;; One accumulator for a whole recursion. `fib`: the first call moves behind the computation of the second one's argument, the second is a jump.
(module
  (memory 1)
  (func $fib (export "fib") (param $n i32) (result i32)
    (if (result i32) (i32.lt_s (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else (i32.add (call $fib (i32.sub (local.get $n) (i32.const 1))) (call $fib (i32.sub (local.get $n) (i32.const 2)))))))
  ;; A sum that a loop carries. The last place of a row is a jump.
  (func $place (export "place") (param $board i32) (param $taken i32) (result i32) (local $free i32) (local $sum i32)
    local.get $taken local.get $board i32.eq if i32.const 1 return end
    local.get $board local.get $taken i32.const -1 i32.xor i32.and local.tee $free i32.eqz if i32.const 0 return end
    loop $next
      local.get $sum local.get $board local.get $taken local.get $free i32.or call $place i32.add local.set $sum
      local.get $free i32.const 1 i32.shr_u local.tee $free br_if $next
    end
    local.get $sum)
  ;; No call is left.
  (func $factorial (export "factorial") (param $n i64) (result i64)
    (if (result i64) (i64.eqz (local.get $n))
      (then (i64.const 1))
      (else (i64.mul (local.get $n) (call $factorial (i64.sub (local.get $n) (i64.const 1)))))))
  ;; The load stays behind the call, which may have stored there: the call needs a frame, the sum does not.
  (func $tree (export "tree") (param $node i32) (result i32)
    local.get $node i32.eqz if i32.const 0 return end
    local.get $node i32.load offset=4 call $tree
    local.get $node i32.load i32.add
    local.get $node i32.load offset=8 call $tree i32.add)
  ;; Not such sums: a result is used otherwise, counts twice, is left out on one way, or is multiplied.
  (func $stored (export "stored") (param $n i32) (result i32) (local $t i32)
    local.get $n i32.eqz if i32.const 1 return end
    local.get $n i32.const 1 i32.sub call $stored local.set $t
    i32.const 0 local.get $t i32.store
    local.get $t local.get $n i32.add)
  (func $twice (export "twice") (param $n i32) (result i32) (local $t i32)
    local.get $n i32.eqz if i32.const 1 return end
    local.get $n i32.const 1 i32.sub call $twice local.tee $t local.get $t i32.add)
  (func $left_out (export "left_out") (param $n i32) (result i32) (local $t i32)
    local.get $n i32.eqz if i32.const 1 return end
    local.get $n i32.const 1 i32.sub call $left_out local.set $t
    local.get $n i32.const 5 i32.eq if i32.const 7 return end
    local.get $t local.get $n i32.add)
  (func $scaled (export "scaled") (param $n i32) (result i32)
    local.get $n i32.eqz if i32.const 1 return end
    local.get $n i32.const 1 i32.sub call $scaled i32.const 3 i32.mul i32.const 1 i32.add))
