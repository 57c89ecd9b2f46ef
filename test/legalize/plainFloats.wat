;; Guards stay only where a subnormal can come in or come out, and where a NaN is seen; $sum is a multiple of 2^-23 in every iteration.
(module (memory 1)
  (func $f (export "f") (param $x f32) (param $n i32) (result i32) (local $sum f32) (local $square f32) (local $any f32)
    loop $next
      local.get $sum local.get $n f32.convert_i32_s f32.const 0x1p-23 f32.mul f32.add local.set $sum
      ;; Beside 1 nobody notices what flushing does to a square, or to a polynomial of one.
      local.get $x local.get $x f32.mul local.set $square
      f32.const 1 local.get $square f32.const 0.5 local.get $square f32.const 0.25 f32.mul f32.add f32.mul f32.add local.set $any
      ;; A factor of any size lifts what was flushed.
      f32.const 1 local.get $x local.get $any f32.mul f32.add f32.sqrt local.set $any
      local.get $n i32.const 1 i32.sub local.tee $n br_if $next
    end
    local.get $n
    local.get $any f32.const 3 f32.div local.get $x local.get $sum f32.sub f32.lt
    local.get $sum f32.const 0 f32.gt i32.add
    if (result f32) local.get $sum else f32.const 2 end
    f32.const 1 local.get $x local.get $x f32.mul local.get $any local.get $any f32.mul f32.add f32.sub f32.mul f32.store
    local.get $sum local.get $any f32.div i32.trunc_sat_f32_s))
