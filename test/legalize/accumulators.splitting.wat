;; A parameter that a part of the function assigns is none any more: a jump to the start gives its value to the one that is.
(module
  (memory 1)
  (func $f (export "f") (param $n i32) (param $x i32) (result i32) (local $y i32)
    local.get $n i32.eqz if local.get $x return end
    local.get $x i32.const 3 i32.mul local.set $y
    local.get $n i32.const 4 i32.and if
      local.get $n i32.const 5 i32.xor local.set $x
      local.get $x i32.const 7 i32.rotl local.set $x
      i32.const 4 local.get $x i32.store
      local.get $x local.get $y i32.add local.set $y
      i32.const 8 local.get $y i32.store
      i32.const 12 local.get $x i32.store
      local.get $y local.get $n i32.xor local.set $x
      i32.const 16 local.get $x i32.store
      local.get $y i32.const 9 i32.rotl local.set $y
      i32.const 20 local.get $y i32.store
      local.get $x i32.const 11 i32.mul local.set $x
      i32.const 28 local.get $x i32.store
      local.get $y local.get $x i32.sub local.set $y
      i32.const 32 local.get $y i32.store
      local.get $x i32.const 13 i32.add local.set $x
      i32.const 36 local.get $x i32.store
      i32.const 24 local.get $x i32.store
      local.get $y local.get $x i32.mul local.set $y
    end
    local.get $y local.get $n i32.const 1 i32.sub local.get $n call $f i32.add))
