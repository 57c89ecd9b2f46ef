;; Only what is stored, returned, passed on or taken apart keeps the NaN that the standard asks for; `$inside` is only added to, `$outside` reaches the memory.
(module (memory 1)
  (func $f (export "f") (param $x f64) (param $n i32) (result f64) (local $inside f64) (local $outside f64)
    loop $next
      local.get $inside local.get $x f64.mul local.get $x f64.add local.set $inside
      local.get $outside local.get $inside f64.sqrt f64.add f64.neg local.set $outside
      local.get $inside f64.const 4 f64.lt br_if $next
    end
    local.get $n local.get $outside f64.store
    local.get $n local.get $x local.get $x f64.mul f64.abs i64.reinterpret_f64 i64.store
    local.get $n local.get $x f32.demote_f64 local.get $x f32.demote_f64 f32.div i32.trunc_sat_f32_s i32.store
    local.get $x local.get $inside local.get $n select local.get $x local.get $x f64.div f64.max))
