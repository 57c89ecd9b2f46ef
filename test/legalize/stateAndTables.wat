;; Globals, tables and segments get their places; codes of instructions that can trap are checked.
(module (memory 1) (table $t 2 4 externref) (global $g (mut f64) (f64.const 1))
  (data $d "abc")
  (func (export "f") (param i32 externref) (result i32)
    global.get $g global.set $g
    i32.const 0 i32.const 0 local.get 0 memory.init $d
    data.drop $d
    local.get 0 local.get 1 table.set $t
    local.get 1 i32.const 1 table.grow $t))
