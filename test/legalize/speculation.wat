;; A step of what n-body programs do, in one run: products of products need no test of their own, nor does one of tested factors beside a sum. What hides a NaN,
;; or is no arithmetic, ends a run; a single guard stays where it is. Two that
;; swap their values have copies of them.
(module (memory 1)
  (func $f (export "f") (param $x f32) (param $y f32) (param $at i32) (result f32) (local $dx f32) (local $pull f32) (local $force f32)
    local.get $at f32.load local.get $x f32.sub local.set $dx
    local.get $at f32.load offset=4 local.get $y local.get $y local.get $y f32.mul f32.mul f32.mul local.set $pull
    local.get $force local.get $dx local.get $pull f32.mul f32.add local.set $force
    local.get $force local.get $x f32.min local.get $y f32.div local.set $x
    local.get $x local.get $x f32.mul local.get $y f32.const 0.5 f32.mul f32.sub local.set $y
    local.get $at local.get $force local.get $y f32.mul f32.store
    local.get $at i32.const 1 i32.add local.set $at
    local.get $x f32.sqrt local.set $pull
    local.get $at local.get $pull f32.store
    local.get $dx local.get $y f32.add)
  (func $swap (export "swap") (param $x f32) (param $y f32) (result f32) (local $product f32)
    local.get $x local.get $y f32.mul local.set $product
    local.get $x local.get $y local.set $x local.set $y
    local.get $product local.get $y f32.mul local.set $product
    local.get $product local.get $y f32.add))
