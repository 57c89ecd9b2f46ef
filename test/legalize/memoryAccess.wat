;; The second and third access of $p are inside what the first one checked; the loop's are checked each time.
;; In "masked" the index of the table, and so the address, is below the memory's least size; the constant address behind it, and the mask one bit wider, are not.
(module (memory 1)
  (func (export "f") (param $p i32) (result i32)
    local.get $p i32.load offset=8
    local.get $p i32.load16_u
    i32.add
    local.get $p i32.const 1 i32.store8 offset=11
    loop
      local.get $p i32.const 4 i32.add local.tee $p
      i32.load
      br_if 0
    end
    i32.const 1 memory.grow drop
    local.get $p i32.load)
  (func (export "masked") (param $i i32) (result i32) (local $byte i32)
    local.get $i i32.const 1023 i32.and i32.const 2 i32.shl i32.const 4096 i32.add i32.load
    i32.const 65532 i32.load
    i32.add
    i32.const 0 i32.load8_u local.set $byte
    local.get $byte i32.const 8 i32.shl i32.load8_u offset=255
    i32.add
    i32.const 65533 i32.load
    i32.add
    local.get $byte i32.const 8 i32.shl i32.load8_u offset=256
    i32.add
    local.get $i i32.const 0xffff i32.and i32.load
    i32.add)
  ;; In "frame" the stack pointer is a multiple of 16 wherever it is set, and so are what "sum" gets and what its loop makes of it; its two loads are checked once,
  ;; and exactly where that check fails, since a sum may wrap around. The last load expects to be misaligned.
  (global $sp (mut i32) (i32.const 4096))
  (func (export "frame") (result i32) (local $frame i32)
    global.get $sp i32.const 32 i32.sub local.tee $frame global.set $sp
    local.get $frame i32.const 1 i32.store offset=8
    local.get $frame call $sum
    local.get $frame i32.load offset=2 align=1
    i32.add
    local.get $frame i32.const 32 i32.add global.set $sp)
  (func $sum (param $p i32) (result i32) (local $x i32)
    loop
      local.get $p i32.load offset=4
      local.get $p i32.const 12 i32.add i32.load
      i32.add
      local.set $x
      local.get $p i32.const 4 i32.add local.set $p
      local.get $x
      br_if 0
    end
    local.get $x))
