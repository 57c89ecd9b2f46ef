;; Found by reading: floats that swap their values between guarded operations, with profile apple: the second got what the first had become.
;; calls: [{"name": "f", "arguments": [["1", "2"], ["3", "5"], ["0.5", "1e-30"]]}]
(module
  (func (export "f") (param $a f32) (param $b f32) (result f32) (local $product f32)
    (local.set $product (f32.mul (local.get $a) (local.get $b)))
    (local.get $a)
    (local.get $b)
    (local.set $a)
    (local.set $b)
    (local.set $product (f32.mul (local.get $product) (local.get $b)))
    (f32.sub (f32.add (local.get $product) (local.get $a)) (f32.mul (local.get $b) (f32.const 100)))))
