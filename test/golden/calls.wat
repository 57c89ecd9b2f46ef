;; Recursion under a depth counter, multi-value results, indirect calls through a constant and a changing table.
(module
  (type $unary (func (param i32) (result i32)))
  (table $fixed funcref (elem $double $square))
  (table $changing 4 8 funcref)
  (elem (table $changing) (i32.const 0) func $double)
  (func $double (type $unary) local.get 0 i32.const 1 i32.shl)
  (func $square (type $unary) local.get 0 local.get 0 i32.mul)
  (func $fib (export "fib") (param i32) (result i32)
    local.get 0
    i32.const 2
    i32.lt_s
    if (result i32)
      local.get 0
    else
      local.get 0
      i32.const 1
      i32.sub
      call $fib
      local.get 0
      i32.const 2
      i32.sub
      call $fib
      i32.add
    end)
  (func $swap (param i32 i64) (result i64 i32) local.get 1 local.get 0)
  (func $use_swap (export "use_swap") (param i32) (result i64)
    local.get 0
    i64.const 5
    call $swap
    drop)
  (func $through_fixed (export "through_fixed") (param i32 i32) (result i32)
    local.get 1
    local.get 0
    call_indirect $fixed (type $unary))
  (func $through_changing (export "through_changing") (param i32 i32) (result i32)
    i32.const 1
    ref.func $square
    table.set $changing
    local.get 1
    local.get 0
    call_indirect $changing (type $unary)))
