;; Stores that straddle words, where a profile takes the access apart. Found by planting a wrong byte in the runtime's misaligned path.
;; calls: [{"name":"store","arguments":[[0,"1311768467463790320"],[1,"-2"],[6,"9007199254740993"],[7,"-9223372036854775808"]]}]
(module
  (memory (export "memory") 1 1)
  (func (export "store") (param $address i32) (param $value i64)
    (i64.store32 offset=5 align=1 (local.get $address) (local.get $value))
    (i64.store offset=17 align=1 (local.get $address) (local.get $value))
    (i64.store16 offset=33 align=1 (local.get $address) (local.get $value))))
