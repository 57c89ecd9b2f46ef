;; One dispatcher serves both calls; the function of another type is no case of it.
(module (type $t (func (param i32) (result i32)))
  (table funcref (elem $a $b $c))
  (func $a (type $t) local.get 0)
  (func $b (type $t) i32.const 2)
  (func $c)
  (func (export "f") (param i32) (result i32)
    i32.const 1 local.get 0 call_indirect (type $t)
    i32.const 2 local.get 0 call_indirect (type $t) i32.add))
