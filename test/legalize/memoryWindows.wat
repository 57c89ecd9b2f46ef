;; Windows: of a frame, for a schedule that is read back many times; of an array at a constant address, with no check at all. Not: an array that is read once, stores that can be anywhere, and bytes.
(module (memory 1)
  (global $sp (mut i32) (i32.const 4096))
  (func $schedule (export "schedule") (param $seed i32) (result i32)
    (local $frame i32) (local $i i32) (local $p i32) (local $sum i32)
    (global.set $sp (local.tee $frame (i32.sub (global.get $sp) (i32.const 160))))
    (i32.store offset=16 (local.get $frame) (local.get $seed))
    (loop $fill
      (local.set $p (i32.add (local.get $frame) (local.get $i)))
      (i32.store offset=20 (local.get $p) (i32.mul (i32.load offset=16 (local.get $p)) (i32.const 31)))
      (i32.store8 offset=4096 (local.get $i) (local.get $i))
      (br_if $fill (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 80))))
    (local.set $p (i32.add (local.get $frame) (i32.const 16)))
    (local.set $i (i32.const 20))
    (loop $fold
      (local.set $sum (i32.add (i32.load (local.get $p)) (i32.rotl (local.get $sum) (i32.const 5))))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))
      (br_if $fold (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (global.set $sp (i32.add (local.get $frame) (i32.const 160)))
    (local.get $sum))
  (func $fixed (export "fixed") (result i64) (local $i i32) (local $round i32) (local $sum i64)
    (loop $rounds
      (local.set $i (i32.const 0))
      (loop $mix
        (i64.store offset=8192 (local.get $i)
          (local.tee $sum (i64.add (i64.load offset=8192 (local.get $i)) (i64.rotl (local.get $sum) (i64.const 7)))))
        (br_if $mix (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (i32.const 32))))
      (br_if $rounds (i32.ne (local.tee $round (i32.add (local.get $round) (i32.const 1))) (i32.const 5))))
    (local.get $sum))
  (func $not (export "not") (param $p i32) (param $q i32) (result i32) (local $i i32) (local $sum i32)
    (loop $once
      (local.set $sum (i32.add (local.get $sum) (i32.load (i32.add (local.get $p) (local.get $i)))))
      (br_if $once (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 64))))
    (local.set $i (i32.const 0))
    (loop $anywhere
      (i32.store (i32.load (local.get $q)) (i32.load (local.get $p)))
      (br_if $anywhere (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 32))))
    (local.set $i (i32.const 0))
    (loop $bytes
      (i32.store8 (local.get $p) (i32.add (i32.load (local.get $p)) (local.get $i)))
      (br_if $bytes (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 32))))
    (local.get $sum)))
