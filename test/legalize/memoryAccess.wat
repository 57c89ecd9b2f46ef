;; The second and third access of $p are inside what the first one checked; the loop's are checked each time.
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
    local.get $p i32.load))
