;; Loops and recursive calls are charged, other calls are not.
(module
  (func $leaf (param i32) (result i32) local.get 0)
  (func $down (export "down") (param i32) (result i32)
    loop local.get 0 call $leaf br_if 0 end
    local.get 0 i32.eqz if (result i32) i32.const 0 else local.get 0 i32.const 1 i32.sub call $down end))
