;; Both inner loops end by what they load: with the loop around them they become steps of one. The loop behind them ends by a count that nobody knows, and stays.
(module (memory 1)
  (func (export "f") (param $p i32) (param $n i32) (result i32) (local $left i32) (local $right i32)
    local.get $p i32.const 64 i32.add local.set $right
    local.get $p local.set $left
    loop $outer
      loop $up
        local.get $left i32.const 4 i32.add local.tee $left i32.load local.get $n i32.lt_s br_if $up
      end
      loop $down
        local.get $right i32.const 4 i32.sub local.tee $right i32.load local.get $n i32.gt_s br_if $down
      end
      local.get $left local.get $right i32.lt_u br_if $outer
    end
    loop $counted
      local.get $left local.get $n i32.store
      local.get $n i32.const 1 i32.sub local.tee $n br_if $counted
    end
    local.get $right))
