;; Unrolled: the one way back is at the end of the body, in an `if` too. Not: two ways back, one that is not at the end, loops that hold loops or
;; calls, bodies that cost too much, loops of recursions.
(module (memory 1)
  (func $leaf (param i32) (result i32) local.get 0)
  (func (export "chain") (param $n i64) (result i32) (local $length i32)
    block $done
      loop $next
        local.get $n i64.const 1 i64.le_u br_if $done
        local.get $n i64.const 1 i64.shr_u local.set $n
        local.get $length i32.const 1 i32.add local.set $length
        br $next
      end
    end
    local.get $length)
  (func (export "skip") (param $p i32) (result i32) (local $sum i32)
    loop $next
      block $even
        local.get $p i32.load local.get $sum i32.add local.tee $sum i32.const 1 i32.and br_if $even
        local.get $p local.get $sum i32.store
      end
      local.get $sum i32.const 99 i32.gt_u if local.get $sum return end
      local.get $p i32.const 8 i32.add local.tee $p i32.const 4096 i32.lt_u br_if $next
    end
    local.get $sum)
  (func (export "twoWays") (param $n i32)
    loop $next
      local.get $n i32.const 1 i32.and
      if
        local.get $n i32.const 3 i32.shr_u local.tee $n br_if $next
      else
        local.get $n i32.const 1 i32.shr_u local.tee $n br_if $next
      end
    end)
  (func (export "inside") (param $n i32) (result i32)
    loop $next
      block $small
        local.get $n i32.const 8 i32.lt_u br_if $small
        local.get $n i32.const 1 i32.shr_u local.set $n
        br $next
      end
    end
    local.get $n)
  (func (export "calls") (param $n i32)
    loop $outer
      loop $next local.get $n call $leaf i32.const 1 i32.shr_u local.tee $n br_if $next end
      local.get $n i32.const 1 i32.shr_u local.tee $n br_if $outer
    end)
  (func $down (export "down") (param $n i32) (result i32)
    loop $next local.get $n i32.const 1 i32.shr_u local.tee $n i32.const 8 i32.gt_u br_if $next end
    local.get $n i32.eqz if (result i32) i32.const 0 else local.get $n i32.const 1 i32.sub call $down end))
