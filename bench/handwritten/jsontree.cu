// examples/jsontree: text goes through words in registers, and so does the count of the value whose children are read.
#include "appender.cuh"
#include "memory.cuh"
#include "memory_bytes.h"

constexpr uint32_t largest_text = 20480;
constexpr int32_t most_values = 2432, nothing = -1;
enum kind : uint32_t { kind_null, kind_false, kind_true, kind_number, kind_string, kind_array, kind_object };

// Behind the text is room for the two words that the reader is ahead. A value is 16 bytes: kind and parent, count, and what the example has in its union.
constexpr uint32_t text = 0, values = text + largest_text + 32;
static_assert(values + most_values * 16 == JSONTREE_BYTES, "main.c reserves the memory");

__device__ static const double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr int32_t largest_power = 22, largest_exponent = 9999;

// Has the word at its place and the next one.
template <uint32_t cell> struct Reader {
  Memory<cell> memory;
  uint32_t at, end;
  uint64_t word, next;

  // At a multiple of 8.
  __device__ Reader(Memory<cell> memory, uint32_t at, uint32_t end)
      : memory(memory), at(at), end(end), word(load<uint64_t>(memory, at)), next(load<uint64_t>(memory, at + 8)) {}

  __device__ bool is_at_end() const { return at == end; }
  __device__ uint8_t byte() const { return (uint8_t)word; }
  __device__ bool is_digit() const { return at < end && (uint8_t)(byte() - '0') < 10; }

  __device__ void skip() {
    word >>= 8;
    if (++at % 8) return;
    word = next;
    next = load<uint64_t>(memory, at + 8);
  }

  __device__ bool take(uint8_t expected) {
    if (at == end || byte() != expected) return false;
    skip();
    return true;
  }

  template <uint32_t size> __device__ bool take_word(const char (&expected)[size]) {
#pragma unroll
    for (uint32_t i = 0; i + 1 < size; i++) {
      if (!take((uint8_t)expected[i])) return false;
    }
    return true;
  }

  __device__ void skip_space() {
    while (at < end && (byte() == ' ' || byte() == '\n' || byte() == '\r' || byte() == '\t')) skip();
  }
};

struct Value {
  uint32_t kind, count;
  uint64_t payload;
};

__device__ static bool is_hexadecimal(uint8_t byte) { return (uint8_t)(byte - '0') < 10 || (uint8_t)((byte | 32) - 'a') < 6; }

template <uint32_t cell> __device__ static bool read_string(Reader<cell> &reader, Value &value) {
  uint32_t start = reader.at;
  value.payload = start - text;
  while (!reader.is_at_end()) {
    uint8_t byte = reader.byte();
    reader.skip();
    if (byte == '"') {
      value.count = reader.at - 1 - start;
      return true;
    }
    if (byte < ' ') return false;
    if (byte != '\\') continue;
    if (reader.is_at_end()) return false;
    byte = reader.byte();
    reader.skip();
    if (byte == 'u') {
      for (int i = 0; i < 4; i++, reader.skip()) {
        if (reader.is_at_end() || !is_hexadecimal(reader.byte())) return false;
      }
    } else if (byte != '"' && byte != '\\' && byte != '/' && byte != 'b' && byte != 'f' && byte != 'n' && byte != 'r' && byte != 't') {
      return false;
    }
  }
  return false;
}

__device__ static double scaled(uint64_t digits, int32_t exponent) {
  double number = (double)digits;
  if (digits == 0) return 0;
  exponent = max(-400, min(exponent, 400));
  for (; exponent > largest_power; exponent -= largest_power) number *= powers_of_ten[largest_power];
  for (; exponent < -largest_power; exponent += largest_power) number /= powers_of_ten[largest_power];
  return exponent < 0 ? number / powers_of_ten[-exponent] : number * powers_of_ten[exponent];
}

template <uint32_t cell> __device__ static bool read_number(Reader<cell> &reader, Value &value) {
  constexpr uint64_t enough = 100000000000000000;
  bool negative = reader.take('-');
  uint64_t digits = 0;
  int32_t exponent = 0;
  if (!reader.is_digit()) return false;
  if (!reader.take('0')) {
    for (; reader.is_digit(); reader.skip()) {
      if (digits < enough) digits = digits * 10 + (reader.byte() - '0');
      else exponent++;
    }
  }
  if (reader.take('.')) {
    if (!reader.is_digit()) return false;
    for (; reader.is_digit(); reader.skip()) {
      if (digits < enough) digits = digits * 10 + (reader.byte() - '0'), exponent--;
    }
  }
  if (reader.take('e') || reader.take('E')) {
    bool down = reader.take('-');
    if (!down) reader.take('+');
    if (!reader.is_digit()) return false;
    int32_t written = 0;
    for (; reader.is_digit(); reader.skip()) {
      if (written < largest_exponent) written = written * 10 + (reader.byte() - '0');
    }
    exponent += down ? -written : written;
  }
  double number = scaled(digits, exponent);
  value.payload = (uint64_t)__double_as_longlong(negative ? -number : number);
  return true;
}

template <uint32_t cell> __device__ static bool read_scalar(Reader<cell> &reader, Value &value) {
  if (reader.is_at_end()) return false;
  switch (reader.byte()) {
    case '"': value.kind = kind_string; reader.skip(); return read_string(reader, value);
    case 'n': value.kind = kind_null; return reader.take_word("null");
    case 'f': value.kind = kind_false; return reader.take_word("false");
    case 't': value.kind = kind_true; return reader.take_word("true");
    default: value.kind = kind_number; return read_number(reader, value);
  }
}

// The value whose children are read. In memory it has its count when it is left.
template <uint32_t cell> struct Parent {
  Memory<cell> memory;
  int32_t index = nothing;
  uint32_t kind_and_parent = kind_null, count = 0;

  __device__ explicit Parent(Memory<cell> memory) : memory(memory) {}

  __device__ uint32_t kind() const { return kind_and_parent & 7; }
  __device__ uint8_t closing() const { return kind() == kind_array ? ']' : '}'; }
  __device__ uint32_t place() const { return values + (uint32_t)index * 16; }

  __device__ void enter(int32_t child, uint32_t its_kind_and_parent) {
    if (index != nothing) store(memory, place() + 4, count);
    index = child, kind_and_parent = its_kind_and_parent, count = 0;
  }

  __device__ void leave() {
    store(memory, place() + 4, count);
    index = (int32_t)(kind_and_parent >> 3) - 1;
    if (index == nothing) return;
    uint64_t loaded = load<uint64_t>(memory, place());
    kind_and_parent = (uint32_t)loaded, count = (uint32_t)(loaded >> 32);
  }
};

template <uint32_t cell> __device__ static int32_t parse_text(Memory<cell> memory, uint32_t length) {
  Reader<cell> reader(memory, text, text + length);
  Parent<cell> parent(memory);
  int32_t count = 0;
  reader.skip_space();
  for (;;) {
    bool has_parent = parent.index != nothing;
    bool is_key = has_parent && parent.kind() == kind_object && parent.count % 2 == 0;
    if (has_parent && parent.count == 0 && reader.take(parent.closing())) {
      parent.leave();
      reader.skip_space();
    } else {
      // Where the example traps.
      if (count == most_values) return nothing;
      parent.count++;
      Value value = {kind_array, 0, 0};
      bool opens = !is_key && (reader.take('[') || (value.kind = kind_object, reader.take('{')));
      if (is_key && (reader.is_at_end() || reader.byte() != '"')) return nothing;
      if (!opens && !read_scalar(reader, value)) return nothing;
      uint32_t kind_and_parent = value.kind | (uint32_t)(parent.index + 1) << 3;
      uint32_t place = values + (uint32_t)count * 16;
      store(memory, place, kind_and_parent | (uint64_t)value.count << 32);
      store(memory, place + 8, value.payload);
      count++;
      reader.skip_space();
      if (opens) {
        parent.enter(count - 1, kind_and_parent);
        continue;
      }
      if (is_key) {
        if (!reader.take(':')) return nothing;
        reader.skip_space();
        continue;
      }
    }
    for (;;) {
      if (parent.index == nothing) return reader.is_at_end() ? count : nothing;
      if (reader.take(',')) break;
      if (!reader.take(parent.closing())) return nothing;
      parent.leave();
      reader.skip_space();
    }
    reader.skip_space();
  }
}

__device__ static uint32_t next_random(uint32_t &state) {
  state ^= state << 13;
  state ^= state >> 17;
  return state ^= state << 5;
}

template <uint32_t cell, uint32_t size> __device__ static void put_text(Appender<cell> &to, const char (&characters)[size]) {
  constexpr uint32_t length = size - 1;
#pragma unroll
  for (uint32_t first = 0; first < length; first += 8) {
    uint32_t count = min(length - first, 8u);
    uint64_t bytes = 0;
#pragma unroll
    for (uint32_t i = 0; i < count; i++) bytes |= (uint64_t)(uint8_t)characters[first + i] << 8 * i;
    to.append(bytes, count);
  }
}

// Of up to 8 digits.
template <uint32_t cell> __device__ static void put_integer(Appender<cell> &to, uint32_t number) {
  uint64_t digits = 0;
  uint32_t places = 0;
  do {
    digits = digits << 8 | ('0' + number % 10);
    places++;
    number /= 10;
  } while (number);
  to.append(digits, places);
}

template <uint32_t cell> __device__ static uint32_t write_records(Memory<cell> memory, uint32_t seed, uint32_t records) {
  uint32_t state = (seed + 1) * 0x9e3779b9 | 1;
  Appender<cell> to(memory, text);
  put_text(to, "[");
  for (uint32_t record = 0; record < records; record++) {
    if (record) put_text(to, ",");
    put_text(to, "\n {\"id\": ");
    put_integer(to, next_random(state) >> 8);
    put_text(to, ", \"name\": \"");
    for (uint32_t letters = 4 + (next_random(state) >> 29); letters > 0; letters--) to.append('a' + (next_random(state) >> 24) % 26, 1);
    put_text(to, "\", \"position\": [");
    put_integer(to, next_random(state) >> 24);
    put_text(to, ".");
    put_integer(to, next_random(state) >> 16);
    put_text(to, ", -");
    put_integer(to, next_random(state) >> 22);
    put_text(to, "e-2], \"note\": \"line\\n\\u00e9\", \"active\": ");
    if (next_random(state) >> 31) put_text(to, "true");
    else put_text(to, "false");
    put_text(to, ", \"parent\": null, \"tags\": {}}");
  }
  put_text(to, "\n]\n");
  to.flush();
  return to.at - text;
}

struct arguments {
  uint32_t seed, records;
};

// One instance after the other: there may be fewer threads than instances.
template <uint32_t cell> __device__ static void run_all(const arguments *jobs, uint64_t *results, uint32_t instances, uint8_t *memories) {
  for (uint32_t instance = blockIdx.x * blockDim.x + threadIdx.x; instance < instances; instance += gridDim.x * blockDim.x) {
    auto [seed, records] = jobs[instance];
    Memory<cell> memory(memories, JSONTREE_BYTES, instance);
    int32_t count = parse_text(memory, write_records(memory, seed, records));
    // 0 where the example traps.
    uint64_t checksum = count < 0 ? 0 : (uint64_t)count;
    for (int32_t i = 0; i < count; i++) {
      uint32_t place = values + (uint32_t)i * 16;
      uint64_t head = load<uint64_t>(memory, place);
      checksum = checksum * 31 + (uint32_t)head;
      checksum = checksum * 31 + (head >> 32);
      checksum = checksum * 31 + load<uint64_t>(memory, place + 8);
    }
    results[instance] = checksum;
  }
}

MEMORY_KERNEL(jsontree_cells_of_8, run_all<8>)
MEMORY_KERNEL(jsontree_cells_of_16, run_all<16>)
MEMORY_KERNEL(jsontree_cells_of_32, run_all<32>)
