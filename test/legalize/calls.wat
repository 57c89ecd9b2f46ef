;; A call that may trap is followed by its propagation; recursion counts its depth; the leaf cannot trap.
(module
  (func $leaf (result i32) i32.const 3)
  (func $fails unreachable)
  (func $down (param i32) (result i32) local.get 0 if (result i32) local.get 0 i32.const 1 i32.sub call $down else i32.const 0 end)
  (func (export "f") (result i32) call $leaf call $fails call $down))
