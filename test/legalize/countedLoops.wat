;; Counted: by a step of 4 to a bound, down to zero, one in another. Not: a start or a bound that is not known, another way back, a counter that misses its bound or begins behind it, too many iterations.
(module (memory 1)
  (func $f (export "f") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $sum i32)
    loop $step
      local.get $i local.get $sum i32.store
      local.get $i i32.const 4 i32.add local.tee $i i32.const 64 i32.ne br_if $step
    end
    i32.const 10 local.set $i
    loop $outer
      i32.const 0 local.set $j
      loop $inner
        local.get $sum local.get $j i32.add local.set $sum
        local.get $j i32.const 3 i32.add local.tee $j i32.const 20 i32.lt_s br_if $inner
      end
      local.get $i i32.const 1 i32.sub local.tee $i br_if $outer
    end
    loop $unknownStart
      local.get $n i32.const 1 i32.add local.tee $n i32.const 100 i32.lt_u br_if $unknownStart
    end
    i32.const 0 local.set $i
    loop $unknownBound
      local.get $i i32.const 1 i32.add local.tee $i local.get $sum i32.lt_u br_if $unknownBound
    end
    i32.const 0 local.set $i
    loop $twoWays
      local.get $sum i32.const 1 i32.and br_if $twoWays
      local.get $i i32.const 1 i32.add local.tee $i i32.const 8 i32.ne br_if $twoWays
    end
    i32.const 0 local.set $i
    loop $wraps
      local.get $i i32.const 2 i32.add local.tee $i i32.const 7 i32.ne br_if $wraps
    end
    i32.const -1 local.set $i
    loop $behind
      local.get $i i32.const 1 i32.add local.tee $i i32.const 8 i32.lt_u br_if $behind
    end
    i32.const 0x7fffffff local.set $i
    loop $behindSigned
      local.get $i i32.const 1 i32.add local.tee $i i32.const 8 i32.lt_s br_if $behindSigned
    end
    i32.const 0 local.set $i
    loop $long
      local.get $i i32.const 1 i32.add local.tee $i i32.const 1000000 i32.ne br_if $long
    end
    local.get $sum))
