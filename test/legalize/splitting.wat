;; Over the limit of the test: two parts, of which one is left by a break, a continue and a return.
(module
  (func (export "f") (param i32 i32) (result i32) (local i32 i32)
    block
      loop
        local.get 0 i32.const 3 i32.mul local.set 2
        local.get 2 i32.const 5 i32.xor local.set 3
        local.get 3 i32.const 7 i32.add local.set 2
        local.get 2 i32.const 1 i32.and br_if 1
        local.get 3 i32.const 2 i32.and br_if 0
        local.get 1 i32.eqz if
          local.get 2 return
        end
        local.get 1 i32.const 1 i32.sub local.set 1
        local.get 2 local.get 3 i32.sub local.set 0
        local.get 0 i32.const 9 i32.rotl local.set 0
        local.get 0 local.get 1 i32.lt_u br_if 0
      end
      local.get 0 i32.const 11 i32.mul local.set 0
      local.get 0 i32.const 13 i32.xor local.set 0
      local.get 0 i32.const 17 i32.add local.set 0
    end
    local.get 0 local.get 2 i32.add))
