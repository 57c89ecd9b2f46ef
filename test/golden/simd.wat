;; Vectors in parameters, results, locals, globals, block results, select, calls and memory; lanes, shuffles and loads of parts.
(module
  (memory (export "memory") 1)
  (global $sum (export "sum") (mut v128) (v128.const i32x4 0 0 0 0))
  (global $ones v128 (v128.const i8x16 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1))
  (table 2 funcref)
  (elem (i32.const 0) $saturate $both)
  (type $binary (func (param v128 v128) (result v128)))
  (func $saturate (param $a v128) (param $b v128) (result v128)
    local.get $a
    local.get $b
    i8x16.add_sat_u)
  (func $both (param $a v128) (param $b v128) (result v128)
    local.get $a
    local.get $b
    f32x4.add
    local.get $b
    f64x2.lt)
  (func $divide (param $a v128) (param $n i64) (result v128 i64 i32)
    local.get $a
    local.get $n
    i64x2.splat
    i64x2.sub
    local.get $n
    local.get $a
    i8x16.extract_lane_s 7)
  (func (export "accumulate") (param $at i32) (param $count i32) (result v128)
    (local $total v128)
    (loop $next
      (local.set $total (i32x4.add (local.get $total) (v128.load offset=16 (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (global.set $sum (v128.xor (local.get $total) (global.get $ones)))
    (v128.store (local.get $at) (global.get $sum))
    (select (local.get $total) (global.get $sum) (v128.any_true (local.get $total))))
  (func (export "parts") (param $at i32) (param $a v128) (result v128)
    (v128.store16_lane offset=2 5 (local.get $at) (local.get $a))
    (v128.load8_lane 3
      (local.get $at)
      (i8x16.swizzle (v128.load32_splat (local.get $at)) (v128.load8x8_s (local.get $at)))))
  (func (export "shuffles") (param $a v128) (param $b v128) (result v128)
    (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23
      (i8x16.shuffle 4 5 6 7 0 1 2 3 28 29 30 31 20 21 22 23 (local.get $a) (local.get $b))
      (i32x4.replace_lane 2 (local.get $b) (i32.const 7))))
  (func (export "dispatch") (param $a v128) (param $which i32) (result v128)
    (if (result v128) (i16x8.all_true (local.get $a))
      (then (call_indirect (type $binary) (local.get $a) (v128.const i64x2 1 -2) (local.get $which)))
      (else (call $divide (local.get $a) (i64.const 3)) (drop) (drop))))
  (func (export "several") (param $a v128) (result v128 i64 i32)
    (call $divide (local.get $a) (i64.const 5))))
