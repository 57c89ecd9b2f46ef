;; Three blocks that start at the same point become one chain.
(module (func (export "f") (param i32) (result i32)
  block block block local.get 0 br_table 0 1 2 end
  i32.const 10 return end
  i32.const 20 return end
  i32.const 30))
