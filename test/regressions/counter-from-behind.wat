;; Found by reading: a counter that begins behind its bound, as -1 does, was counted as if it went one round. The window had that round's words.
;; calls: [{"name": "f", "arguments": [["64"], ["128"], ["64000"]]}]
(module
  (memory (export "memory") 1)
  (func (export "f") (param $p i32) (result i32) (local $i i32) (local $j i32) (local $q i32) (local $sum i32)
    (local.set $i (i32.const -1))
    (loop $rows
      (local.set $q (i32.add (local.get $p) (i32.shl (local.get $i) (i32.const 5))))
      (local.set $j (i32.const 0))
      (loop $row
        (i32.store (local.get $q) (i32.add (local.get $i) (i32.const 77)))
        (local.set $sum (i32.add (local.get $sum) (i32.load (local.get $q))))
        (local.set $sum (i32.mul (local.get $sum) (i32.load (local.get $q))))
        (local.set $sum (i32.xor (local.get $sum) (i32.load (local.get $q))))
        (local.set $q (i32.add (local.get $q) (i32.const 4)))
        (br_if $row (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 8))))
      (br_if $rows (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 7))))
    (local.get $sum)))
