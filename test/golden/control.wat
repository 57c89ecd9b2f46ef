;; Structured control: a jump across two loops, a switch of nested blocks, a loop that returns from inside.
(module
  (func $search (export "search") (param $limit i32) (result i32)
    (local $i i32) (local $j i32)
    block $found
      loop $outer
        i32.const 0
        local.set $j
        loop $inner
          local.get $i
          local.get $j
          i32.mul
          i32.const 391
          i32.eq
          br_if $found
          local.get $j
          i32.const 1
          i32.add
          local.tee $j
          i32.const 50
          i32.eq
          if
            local.get $i
            i32.const 1
            i32.add
            local.tee $i
            local.get $limit
            i32.lt_u
            br_if $outer
            i32.const -1
            return
          end
          br $inner
        end
      end
    end
    local.get $i
    i32.const 100
    i32.mul
    local.get $j
    i32.add)
  (func $classify (export "classify") (param $c i32) (result i32)
    (local $score i32)
    block $default
      block $two
        block $one
          block $zero
            local.get $c
            br_table $zero $one $two $default
          end
          i32.const 10
          local.set $score
        end
        local.get $score
        i32.const 1
        i32.add
        local.set $score
        br $default
      end
      i32.const 20
      return
    end
    local.get $score))
