;; A jump across two loops stores a code and leaves them one by one.
(module (func (export "f") (param i32)
  block $out
    loop $a
      local.get 0
      if
        loop $b
          local.get 0 i32.const 1 i32.sub local.tee 0 i32.const 5 i32.eq br_if $out
          local.get 0 i32.const 7 i32.eq br_if $a
          local.get 0 br_if $b
        end
        local.get 0 i32.const 9 i32.add local.set 0
      end
      br $a
    end
  end
  i32.const 0 local.set 0))
