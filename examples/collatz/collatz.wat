;; The start below `limit` whose Collatz chain (n/2 for even n, 3n+1 for odd n, down to 1) is the longest.
(module
  ;; Values of a chain outgrow 32 bits from the start 113383 on, so they are 64-bit.
  (func $chain_length (param $start i32) (result i32)
    (local $value i64)
    (local $length i32)
    (local.set $value (i64.extend_i32_u (local.get $start)))
    (local.set $length (i32.const 1))
    (block $done
      (loop $next
        (br_if $done (i64.le_u (local.get $value) (i64.const 1)))
        (if (i64.eqz (i64.and (local.get $value) (i64.const 1)))
          (then (local.set $value (i64.shr_u (local.get $value) (i64.const 1))))
          (else (local.set $value (i64.add (i64.mul (local.get $value) (i64.const 3)) (i64.const 1)))))
        (local.set $length (i32.add (local.get $length) (i32.const 1)))
        (br $next)))
    (local.get $length))

  ;; 0 where there is no start, that is for limits below 2.
  (func $longest (export "longest") (param $limit i32) (result i32)
    (local $start i32)
    (local $length i32)
    (local $best i32)
    (local $best_length i32)
    (local.set $start (i32.const 1))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $start) (local.get $limit)))
        (local.set $length (call $chain_length (local.get $start)))
        (if (i32.gt_u (local.get $length) (local.get $best_length))
          (then
            (local.set $best (local.get $start))
            (local.set $best_length (local.get $length))))
        (local.set $start (i32.add (local.get $start) (i32.const 1)))
        (br $next)))
    (local.get $best)))
