;; 45 ifs inside each other, every third with an else: one chain.
(module (func (export "f") (param i32) (result i32)
  local.get 0 i32.const 1 i32.and if
    local.get 0 i32.const 1 i32.add local.set 0
  local.get 0 i32.const 2 i32.and if
    local.get 0 i32.const 2 i32.add local.set 0
  local.get 0 i32.const 4 i32.and if
    local.get 0 i32.const 3 i32.add local.set 0
  local.get 0 i32.const 8 i32.and if
    local.get 0 i32.const 4 i32.add local.set 0
  local.get 0 i32.const 16 i32.and if
    local.get 0 i32.const 5 i32.add local.set 0
  local.get 0 i32.const 32 i32.and if
    local.get 0 i32.const 6 i32.add local.set 0
  local.get 0 i32.const 64 i32.and if
    local.get 0 i32.const 7 i32.add local.set 0
  local.get 0 i32.const 128 i32.and if
    local.get 0 i32.const 8 i32.add local.set 0
  local.get 0 i32.const 256 i32.and if
    local.get 0 i32.const 9 i32.add local.set 0
  local.get 0 i32.const 512 i32.and if
    local.get 0 i32.const 10 i32.add local.set 0
  local.get 0 i32.const 1024 i32.and if
    local.get 0 i32.const 11 i32.add local.set 0
  local.get 0 i32.const 2048 i32.and if
    local.get 0 i32.const 12 i32.add local.set 0
  local.get 0 i32.const 4096 i32.and if
    local.get 0 i32.const 13 i32.add local.set 0
  local.get 0 i32.const 8192 i32.and if
    local.get 0 i32.const 14 i32.add local.set 0
  local.get 0 i32.const 16384 i32.and if
    local.get 0 i32.const 15 i32.add local.set 0
  local.get 0 i32.const 32768 i32.and if
    local.get 0 i32.const 16 i32.add local.set 0
  local.get 0 i32.const 65536 i32.and if
    local.get 0 i32.const 17 i32.add local.set 0
  local.get 0 i32.const 131072 i32.and if
    local.get 0 i32.const 18 i32.add local.set 0
  local.get 0 i32.const 262144 i32.and if
    local.get 0 i32.const 19 i32.add local.set 0
  local.get 0 i32.const 524288 i32.and if
    local.get 0 i32.const 20 i32.add local.set 0
  local.get 0 i32.const 1048576 i32.and if
    local.get 0 i32.const 21 i32.add local.set 0
  local.get 0 i32.const 2097152 i32.and if
    local.get 0 i32.const 22 i32.add local.set 0
  local.get 0 i32.const 4194304 i32.and if
    local.get 0 i32.const 23 i32.add local.set 0
  local.get 0 i32.const 8388608 i32.and if
    local.get 0 i32.const 24 i32.add local.set 0
  local.get 0 i32.const 16777216 i32.and if
    local.get 0 i32.const 25 i32.add local.set 0
  local.get 0 i32.const 33554432 i32.and if
    local.get 0 i32.const 26 i32.add local.set 0
  local.get 0 i32.const 67108864 i32.and if
    local.get 0 i32.const 27 i32.add local.set 0
  local.get 0 i32.const 134217728 i32.and if
    local.get 0 i32.const 28 i32.add local.set 0
  local.get 0 i32.const 268435456 i32.and if
    local.get 0 i32.const 29 i32.add local.set 0
  local.get 0 i32.const 536870912 i32.and if
    local.get 0 i32.const 30 i32.add local.set 0
  local.get 0 i32.const 1 i32.and if
    local.get 0 i32.const 31 i32.add local.set 0
  local.get 0 i32.const 2 i32.and if
    local.get 0 i32.const 32 i32.add local.set 0
  local.get 0 i32.const 4 i32.and if
    local.get 0 i32.const 33 i32.add local.set 0
  local.get 0 i32.const 8 i32.and if
    local.get 0 i32.const 34 i32.add local.set 0
  local.get 0 i32.const 16 i32.and if
    local.get 0 i32.const 35 i32.add local.set 0
  local.get 0 i32.const 32 i32.and if
    local.get 0 i32.const 36 i32.add local.set 0
  local.get 0 i32.const 64 i32.and if
    local.get 0 i32.const 37 i32.add local.set 0
  local.get 0 i32.const 128 i32.and if
    local.get 0 i32.const 38 i32.add local.set 0
  local.get 0 i32.const 256 i32.and if
    local.get 0 i32.const 39 i32.add local.set 0
  local.get 0 i32.const 512 i32.and if
    local.get 0 i32.const 40 i32.add local.set 0
  local.get 0 i32.const 1024 i32.and if
    local.get 0 i32.const 41 i32.add local.set 0
  local.get 0 i32.const 2048 i32.and if
    local.get 0 i32.const 42 i32.add local.set 0
  local.get 0 i32.const 4096 i32.and if
    local.get 0 i32.const 43 i32.add local.set 0
  local.get 0 i32.const 8192 i32.and if
    local.get 0 i32.const 44 i32.add local.set 0
  local.get 0 i32.const 16384 i32.and if
    local.get 0 i32.const 45 i32.add local.set 0
  end
  local.get 0 i32.const 46 i32.mul local.set 0
  end
  local.get 0 i32.const 45 i32.mul local.set 0
  else
    local.get 0 i32.const 42 i32.xor local.set 0
  end
  local.get 0 i32.const 44 i32.mul local.set 0
  end
  local.get 0 i32.const 43 i32.mul local.set 0
  end
  local.get 0 i32.const 42 i32.mul local.set 0
  else
    local.get 0 i32.const 39 i32.xor local.set 0
  end
  local.get 0 i32.const 41 i32.mul local.set 0
  end
  local.get 0 i32.const 40 i32.mul local.set 0
  end
  local.get 0 i32.const 39 i32.mul local.set 0
  else
    local.get 0 i32.const 36 i32.xor local.set 0
  end
  local.get 0 i32.const 38 i32.mul local.set 0
  end
  local.get 0 i32.const 37 i32.mul local.set 0
  end
  local.get 0 i32.const 36 i32.mul local.set 0
  else
    local.get 0 i32.const 33 i32.xor local.set 0
  end
  local.get 0 i32.const 35 i32.mul local.set 0
  end
  local.get 0 i32.const 34 i32.mul local.set 0
  end
  local.get 0 i32.const 33 i32.mul local.set 0
  else
    local.get 0 i32.const 30 i32.xor local.set 0
  end
  local.get 0 i32.const 32 i32.mul local.set 0
  end
  local.get 0 i32.const 31 i32.mul local.set 0
  end
  local.get 0 i32.const 30 i32.mul local.set 0
  else
    local.get 0 i32.const 27 i32.xor local.set 0
  end
  local.get 0 i32.const 29 i32.mul local.set 0
  end
  local.get 0 i32.const 28 i32.mul local.set 0
  end
  local.get 0 i32.const 27 i32.mul local.set 0
  else
    local.get 0 i32.const 24 i32.xor local.set 0
  end
  local.get 0 i32.const 26 i32.mul local.set 0
  end
  local.get 0 i32.const 25 i32.mul local.set 0
  end
  local.get 0 i32.const 24 i32.mul local.set 0
  else
    local.get 0 i32.const 21 i32.xor local.set 0
  end
  local.get 0 i32.const 23 i32.mul local.set 0
  end
  local.get 0 i32.const 22 i32.mul local.set 0
  end
  local.get 0 i32.const 21 i32.mul local.set 0
  else
    local.get 0 i32.const 18 i32.xor local.set 0
  end
  local.get 0 i32.const 20 i32.mul local.set 0
  end
  local.get 0 i32.const 19 i32.mul local.set 0
  end
  local.get 0 i32.const 18 i32.mul local.set 0
  else
    local.get 0 i32.const 15 i32.xor local.set 0
  end
  local.get 0 i32.const 17 i32.mul local.set 0
  end
  local.get 0 i32.const 16 i32.mul local.set 0
  end
  local.get 0 i32.const 15 i32.mul local.set 0
  else
    local.get 0 i32.const 12 i32.xor local.set 0
  end
  local.get 0 i32.const 14 i32.mul local.set 0
  end
  local.get 0 i32.const 13 i32.mul local.set 0
  end
  local.get 0 i32.const 12 i32.mul local.set 0
  else
    local.get 0 i32.const 9 i32.xor local.set 0
  end
  local.get 0 i32.const 11 i32.mul local.set 0
  end
  local.get 0 i32.const 10 i32.mul local.set 0
  end
  local.get 0 i32.const 9 i32.mul local.set 0
  else
    local.get 0 i32.const 6 i32.xor local.set 0
  end
  local.get 0 i32.const 8 i32.mul local.set 0
  end
  local.get 0 i32.const 7 i32.mul local.set 0
  end
  local.get 0 i32.const 6 i32.mul local.set 0
  else
    local.get 0 i32.const 3 i32.xor local.set 0
  end
  local.get 0 i32.const 5 i32.mul local.set 0
  end
  local.get 0 i32.const 4 i32.mul local.set 0
  end
  local.get 0 i32.const 3 i32.mul local.set 0
  else
    local.get 0 i32.const 0 i32.xor local.set 0
  end
  local.get 0 i32.const 2 i32.mul local.set 0
  local.get 0))
