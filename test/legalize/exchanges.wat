;; Waits: a position that takes another's place in a table, a store behind one elsewhere, of fewer bytes, of 64 bits. Not: a sum with what was loaded, also by way
;; of a local; another place; a pointer that has moved on; what was loaded is gone; a branch between.
(module (memory 1)
  (func (export "f") (param $p i32) (param $q i32) (param $v i32) (param $w i64) (result i32) (local $old i32) (local $sum i32)
    local.get $p i32.load16_u offset=8 local.set $old
    local.get $p local.get $v i32.store16 offset=8
    local.get $p i32.load local.set $sum
    local.get $q local.get $old i32.store
    local.get $p local.get $v i32.store8
    local.get $p i64.load offset=16 local.get $p local.get $w i64.store offset=16 drop
    local.get $p local.get $p i32.load offset=24 local.get $v i32.add i32.store offset=24
    local.get $p i32.load offset=28 local.get $v i32.xor local.set $old
    local.get $p local.get $old i32.store offset=28
    local.get $p i32.load offset=32 local.set $old
    local.get $p local.get $v i32.store offset=36
    local.get $p i32.load offset=40 local.set $sum
    local.get $p i32.const 4 i32.add local.set $p
    local.get $p local.get $v i32.store offset=40
    local.get $p i32.load offset=44 local.set $old
    local.get $v if local.get $q local.get $v i32.store end
    local.get $p local.get $v i32.store offset=44
    local.get $old local.get $sum i32.add))
