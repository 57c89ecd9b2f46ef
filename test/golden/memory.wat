;; Bounds checks, implied ones left out; memory.grow refreshes the size; data and start.
(module
  (memory (export "memory") 1 4)
  (data (i32.const 16) "hello")
  (data $passive "passive")
  (global $count (mut i32) (i32.const 0))
  (global $base i32 (i32.const 64))
  (func $start global.get $count i32.const 1 i32.add global.set $count)
  (start $start)
  (func $sum (export "sum") (param $p i32) (result i64)
    local.get $p
    i64.load offset=8
    local.get $p
    i64.load32_u
    i64.add
    local.get $p
    i32.const 4
    i32.add
    i64.load8_s
    i64.add)
  (func $grow_and_store (export "grow_and_store") (param $pages i32) (result i32)
    local.get $pages
    memory.grow
    drop
    global.get $base
    local.get $pages
    i32.store16 offset=65536
    memory.size)
  (func $bulk (export "bulk") (param $n i32)
    i32.const 100
    i32.const 7
    local.get $n
    memory.fill
    i32.const 0
    i32.const 1
    local.get $n
    memory.init $passive
    data.drop $passive))
