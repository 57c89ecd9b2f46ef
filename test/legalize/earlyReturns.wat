;; What the function does before its loop is done in place of each call; a call that returns there is not made. `mask` is the same in all calls: no copy.
(module
  (func $count (export "count") (param $mask i32) (param $taken i32) (result i32) (local $free i32) (local $sum i32)
    local.get $taken local.get $mask i32.eq if i32.const 1 return end
    local.get $mask local.get $taken i32.const -1 i32.xor i32.and local.tee $free i32.eqz if i32.const 0 return end
    loop $next
      local.get $sum local.get $mask local.get $taken local.get $free i32.or call $count i32.add local.set $sum
      local.get $free i32.const 1 i32.shr_u local.tee $free br_if $next
    end
    local.get $sum)
  ;; Nothing returns before the store: the call stays as it is.
  (memory 1)
  (func $deeper (export "deeper") (param $n i32)
    i32.const 0 local.get $n i32.store
    local.get $n if local.get $n i32.const 1 i32.sub call $deeper end))
