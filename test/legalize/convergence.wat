;; Lanes come together behind the inner loop, whose checkpoint and trap can end the function, and behind the outer one, which returns from inside; not behind one that always ends where it
;; ends.
(module (memory 1)
  (func (export "f") (param $p i32) (param $n i32) (result i32) (local $i i32)
    loop $outer
      local.get $p i32.load local.set $i
      loop $inner
        local.get $p local.get $i i32.store offset=4
        local.get $i i32.const 1 i32.sub local.tee $i br_if $inner
      end
      local.get $p i32.eqz if local.get $i return end
      local.get $n i32.const 1 i32.sub local.tee $n br_if $outer
    end
    i32.const 4 local.set $n
    loop $counted
      local.get $i local.get $n i32.add local.set $i
      local.get $n i32.const 1 i32.sub local.tee $n br_if $counted
    end
    local.get $i))
