;; An address that was computed before the loops and is stored to between them: a temporary, which the copy with the window assigns again.
(module
  (memory 1)
  (func $f (export "f") (param $p i32) (result i32) (local $i i32) (local $sum i32) (local $q i32)
    local.get $p i32.const 16 i32.add
    loop $mix
      local.get $p local.get $i i32.add local.tee $q
      local.get $q i32.load offset=4 local.get $q i32.load i32.add i32.store
      local.get $sum local.get $q i32.load i32.add local.set $sum
      local.get $i i32.const 4 i32.add local.tee $i i32.const 64 i32.ne br_if $mix
    end
    local.get $sum i32.store
    i32.const 0 local.set $i
    loop $fold
      local.get $sum local.get $p local.get $i i32.add i32.load i32.add local.set $sum
      local.get $i i32.const 4 i32.add local.tee $i i32.const 64 i32.ne br_if $fold
    end
    local.get $sum))
