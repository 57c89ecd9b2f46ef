;; Each variable is declared at its first value, in the innermost list that holds it; the unused one disappears.
(module (func (export "f") (param i32) (result i32) (local $unused i32) (local $inner i32) (local $outer i32)
  i32.const 5 local.set $outer
  loop
    local.get 0 i32.const 2 i32.mul local.set $inner
    local.get $inner local.get $outer i32.add local.tee 0
    i32.const 100 i32.lt_u br_if 0
  end
  local.get $outer))
