;; The calls become iterations, with what is live behind each on a stack; the loop around the first is one with them, the loop without a call stays.
(module
  (func $walk (export "walk") (param $n i32) (param $limit i32) (param $x i64) (result i64) (local $i i32)
    local.get $n i32.eqz if local.get $x return end
    loop $outer
      local.get $x i64.const 3 i64.add local.set $x
      loop $inner
        local.get $i i32.const 1 i32.add local.tee $i i32.const 7 i32.and br_if $inner
      end
      local.get $n i32.const 1 i32.sub local.get $limit local.get $x call $walk local.set $x
      local.get $i local.get $limit i32.lt_u br_if $outer
    end
    local.get $n i32.const 1 i32.shr_u local.get $limit local.get $x call $walk))
