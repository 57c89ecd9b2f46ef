;; Where loops are merged, one that accesses memory has two bodies for a checkpoint: the copy has a value of its own for what it loads.
(module (memory 1)
  (func (export "find") (param $p i32) (param $n i32) (result i32)
    loop $outer
      loop $next
        local.get $p i32.const 4 i32.add local.tee $p i32.load local.get $n i32.lt_s br_if $next
      end
      local.get $n i32.const 1 i32.add local.tee $n i32.const 9 i32.lt_s br_if $outer
    end
    local.get $p))
