// A parser of JSON (RFC 8259) without recursion: a text becomes an array of values in document order, children after their parent.
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name)))

enum { LARGEST_TEXT = 20480, MOST_VALUES = 2432, NOTHING = -1 };

// As `values_address` shows them.
enum kind { KIND_NULL, KIND_FALSE, KIND_TRUE, KIND_NUMBER, KIND_STRING, KIND_ARRAY, KIND_OBJECT };

struct value {
  // The kind in the low 3 bits, the parent's index + 1 above them.
  uint32_t kind_and_parent;
  // Of an array and an object: how many children, keys and values both counted. Of a string: its bytes between the quotes, escapes as they stand.
  uint32_t count;
  // A number's f64, or where a string begins in the text.
  union { double number; uint64_t start; };
};

static _Thread_local uint8_t text[LARGEST_TEXT];
static _Thread_local struct value values[MOST_VALUES];

static const double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

enum { LARGEST_POWER = 22, LARGEST_EXPONENT = 9999 };

struct reader {
  const uint8_t *at, *end;
};

static int is_digit(const struct reader *reader) { return reader->at < reader->end && (uint8_t)(*reader->at - '0') < 10; }

static int take(struct reader *reader, uint8_t byte) {
  if (reader->at == reader->end || *reader->at != byte) return 0;
  reader->at++;
  return 1;
}

static void skip_space(struct reader *reader) {
  while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\r' || *reader->at == '\t')) reader->at++;
}

static int take_word(struct reader *reader, const char *word) {
  for (; *word; word++) {
    if (!take(reader, (uint8_t)*word)) return 0;
  }
  return 1;
}

static int is_hexadecimal(uint8_t byte) { return (uint8_t)(byte - '0') < 10 || (uint8_t)((byte | 32) - 'a') < 6; }

// Behind the opening quote; leaves the reader behind the closing one.
static int read_string(struct reader *reader, struct value *value) {
  value->start = (uint64_t)(reader->at - text);
  while (reader->at < reader->end) {
    uint8_t byte = *reader->at++;
    if (byte == '"') {
      value->count = (uint32_t)(reader->at - 1 - text) - (uint32_t)value->start;
      return 1;
    }
    if (byte < ' ') return 0;
    if (byte != '\\') continue;
    if (reader->at == reader->end) return 0;
    byte = *reader->at++;
    if (byte == 'u') {
      for (int i = 0; i < 4; i++) {
        if (reader->at == reader->end || !is_hexadecimal(*reader->at++)) return 0;
      }
    } else if (byte != '"' && byte != '\\' && byte != '/' && byte != 'b' && byte != 'f' && byte != 'n' && byte != 'r' && byte != 't') {
      return 0;
    }
  }
  return 0;
}

// Correctly rounded where the digits make at most 2^53 and the power of ten is at most 22, since both are exact then; else near.
static double scaled(uint64_t digits, int exponent) {
  double number = (double)digits;
  if (digits == 0) return 0;
  // Beyond these everything has become 0 or infinity.
  if (exponent < -400) exponent = -400;
  if (exponent > 400) exponent = 400;
  for (; exponent > LARGEST_POWER; exponent -= LARGEST_POWER) number *= powers_of_ten[LARGEST_POWER];
  for (; exponent < -LARGEST_POWER; exponent += LARGEST_POWER) number /= powers_of_ten[LARGEST_POWER];
  return exponent < 0 ? number / powers_of_ten[-exponent] : number * powers_of_ten[exponent];
}

static int read_number(struct reader *reader, struct value *value) {
  int negative = take(reader, '-');
  uint64_t digits = 0;
  int exponent = 0;
  if (!is_digit(reader)) return 0;
  if (!take(reader, '0')) {
    for (; is_digit(reader); reader->at++) {
      // The 18th digit and those behind it no longer matter to an f64, but their places do.
      if (digits < 100000000000000000) digits = digits * 10 + (*reader->at - '0');
      else exponent++;
    }
  }
  if (take(reader, '.')) {
    if (!is_digit(reader)) return 0;
    for (; is_digit(reader); reader->at++) {
      if (digits < 100000000000000000) digits = digits * 10 + (*reader->at - '0'), exponent--;
    }
  }
  if (take(reader, 'e') || take(reader, 'E')) {
    int down = take(reader, '-');
    if (!down) take(reader, '+');
    if (!is_digit(reader)) return 0;
    int written = 0;
    for (; is_digit(reader); reader->at++) {
      if (written < LARGEST_EXPONENT) written = written * 10 + (*reader->at - '0');
    }
    exponent += down ? -written : written;
  }
  double number = scaled(digits, exponent);
  value->number = negative ? -number : number;
  return 1;
}

static int read_scalar(struct reader *reader, struct value *value, uint32_t *kind) {
  if (reader->at == reader->end) return 0;
  switch (*reader->at) {
    case '"': *kind = KIND_STRING; reader->at++; return read_string(reader, value);
    case 'n': *kind = KIND_NULL; return take_word(reader, "null");
    case 'f': *kind = KIND_FALSE; return take_word(reader, "false");
    case 't': *kind = KIND_TRUE; return take_word(reader, "true");
    default: *kind = KIND_NUMBER; return read_number(reader, value);
  }
}

// The number of values, or NOTHING for what is not JSON; traps where there are more than MOST_VALUES.
static int32_t parse_text(uint32_t length) {
  struct reader reader = {text, text + length};
  int32_t count = 0, parent = NOTHING;
  skip_space(&reader);
  for (;;) {
    // A value, or a key, or the end of an empty array or object.
    uint32_t parent_kind = parent == NOTHING ? KIND_NULL : values[parent].kind_and_parent & 7;
    int is_key = parent_kind == KIND_OBJECT && values[parent].count % 2 == 0;
    int is_empty = parent != NOTHING && values[parent].count == 0 && take(&reader, parent_kind == KIND_ARRAY ? ']' : '}');
    if (!is_empty) {
      if (count == MOST_VALUES) __builtin_trap();
      struct value *value = &values[count];
      value->count = 0;
      value->start = 0;
      if (parent != NOTHING) values[parent].count++;
      uint32_t kind = KIND_ARRAY;
      int opens = !is_key && (take(&reader, '[') || (kind = KIND_OBJECT, take(&reader, '{')));
      if (is_key && (reader.at == reader.end || *reader.at != '"')) return NOTHING;
      if (!opens && !read_scalar(&reader, value, &kind)) return NOTHING;
      value->kind_and_parent = kind | (uint32_t)(parent + 1) << 3;
      count++;
      skip_space(&reader);
      if (opens) {
        parent = count - 1;
        continue;
      }
      if (is_key) {
        if (!take(&reader, ':')) return NOTHING;
        skip_space(&reader);
        continue;
      }
    } else {
      parent = (int32_t)(values[parent].kind_and_parent >> 3) - 1;
      skip_space(&reader);
    }
    // Behind a value: what ends here, and what comes next.
    for (;;) {
      if (parent == NOTHING) return reader.at == reader.end ? count : NOTHING;
      if (take(&reader, ',')) break;
      uint32_t kind_and_parent = values[parent].kind_and_parent;
      if (!take(&reader, (kind_and_parent & 7) == KIND_ARRAY ? ']' : '}')) return NOTHING;
      parent = (int32_t)(kind_and_parent >> 3) - 1;
      skip_space(&reader);
    }
    skip_space(&reader);
  }
}

/// Address of the text that `parse` reads, 20,480 bytes at most.
EXPORT(text_address) uint32_t text_address(void) { return (uint32_t)(uintptr_t)text; }

/// Address of the values that `parse` writes, 16 bytes each.
EXPORT(values_address) uint32_t values_address(void) { return (uint32_t)(uintptr_t)values; }

/// Parses the first `length` bytes of the text. The number of values, or -1 for what is not JSON; traps for a longer text and for more than 2,432 values.
EXPORT(parse) int32_t parse(uint32_t length) {
  if (length > LARGEST_TEXT) __builtin_trap();
  return parse_text(length);
}

static uint32_t next_random(uint32_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  return *state ^= *state << 5;
}

static uint8_t *put_text(uint8_t *to, const char *characters) {
  while (*characters) *to++ = (uint8_t)*characters++;
  return to;
}

static uint8_t *put_integer(uint8_t *to, uint32_t number) {
  uint32_t places = 1;
  for (uint32_t rest = number / 10; rest; rest /= 10) places++;
  for (uint32_t place = places; place > 0; place--, number /= 10) to[place - 1] = (uint8_t)('0' + number % 10);
  return to + places;
}

enum { LONGEST_RECORD = 192, MOST_RECORDS = LARGEST_TEXT / LONGEST_RECORD };

// An array of objects with random contents; bytes of the text.
static uint32_t write_records(uint32_t seed, uint32_t records) {
  // Xorshift needs a state that is not zero.
  uint32_t state = (seed + 1) * 0x9e3779b9 | 1;
  uint8_t *to = put_text(text, "[");
  for (uint32_t record = 0; record < records; record++) {
    to = put_text(to, record ? ",\n {\"id\": " : "\n {\"id\": ");
    to = put_integer(to, next_random(&state) >> 8);
    to = put_text(to, ", \"name\": \"");
    for (uint32_t letters = 4 + (next_random(&state) >> 29); letters > 0; letters--) *to++ = (uint8_t)('a' + (next_random(&state) >> 24) % 26);
    to = put_text(to, "\", \"position\": [");
    to = put_integer(to, next_random(&state) >> 24);
    *to++ = '.';
    to = put_integer(to, next_random(&state) >> 16);
    to = put_text(to, ", -");
    to = put_integer(to, next_random(&state) >> 22);
    to = put_text(to, "e-2], \"note\": \"line\\n\\u00e9\", \"active\": ");
    to = put_text(to, next_random(&state) >> 31 ? "true" : "false");
    to = put_text(to, ", \"parent\": null, \"tags\": {}}");
  }
  return (uint32_t)(put_text(to, "\n]\n") - text);
}

/// Writes a text of `records` objects, at most 106, and parses it: a checksum of its values. Traps if the parser refuses it.
EXPORT(run) uint64_t run(uint32_t seed, uint32_t records) {
  if (records > MOST_RECORDS) __builtin_trap();
  int32_t count = parse_text(write_records(seed, records));
  if (count < 0) __builtin_trap();
  uint64_t checksum = (uint64_t)count;
  for (int32_t i = 0; i < count; i++) {
    checksum = checksum * 31 + values[i].kind_and_parent;
    checksum = checksum * 31 + values[i].count;
    checksum = checksum * 31 + values[i].start;
  }
  return checksum;
}
