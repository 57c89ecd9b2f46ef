// JSON (RFC 8259) by recursive descent: checks a text and writes it without white space.
#include <stdbool.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name)))

enum { LONGEST_TEXT = 16384 };

static char text[LONGEST_TEXT + 1];
static char minified[LONGEST_TEXT];

static const char *at;
static char *out;
static uint32_t values, depth, deepest;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static void skip_white_space(void) {
  while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r') at++;
}

static void copy(void) { *out++ = *at++; }

static bool take(char c) {
  if (*at != c) return false;
  copy();
  return true;
}

static bool word(const char *expected) {
  for (; *expected; expected++)
    if (!take(*expected)) return false;
  return true;
}

static bool digits(void) {
  if (!is_digit(*at)) return false;
  while (is_digit(*at)) copy();
  return true;
}

static bool number(void) {
  take('-');
  if (!take('0') && !digits()) return false;
  if (take('.') && !digits()) return false;
  if (*at == 'e' || *at == 'E') {
    copy();
    if (*at == '+' || *at == '-') copy();
    return digits();
  }
  return true;
}

static bool is_hexadecimal(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

static bool escape(void) {
  switch (*at) {
  case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
    copy();
    return true;
  case 'u':
    copy();
    for (int i = 0; i < 4; i++) {
      if (!is_hexadecimal(*at)) return false;
      copy();
    }
    return true;
  default:
    return false;
  }
}

// The text ends in a zero byte, which is no character of a string.
static bool string(void) {
  if (!take('"')) return false;
  while (*at != '"') {
    if ((uint8_t)*at < 0x20) return false;
    if (take('\\')) {
      if (!escape()) return false;
    } else copy();
  }
  copy();
  return true;
}

static bool value(void);

static bool element(char close) {
  if (close == ']') return value();
  skip_white_space();
  if (!string()) return false;
  skip_white_space();
  return take(':') && value();
}

static bool elements(char close) {
  copy();
  if (++depth > deepest) deepest = depth;
  skip_white_space();
  if (!take(close)) {
    do {
      if (!element(close)) return false;
    } while (take(','));
    if (!take(close)) return false;
  }
  depth--;
  return true;
}

// With the white space around it.
static bool value(void) {
  values++;
  skip_white_space();
  bool good;
  switch (*at) {
  case '{': good = elements('}'); break;
  case '[': good = elements(']'); break;
  case '"': good = string(); break;
  case 't': good = word("true"); break;
  case 'f': good = word("false"); break;
  case 'n': good = word("null"); break;
  default: good = number(); break;
  }
  skip_white_space();
  return good;
}

/// Address of the text, 16,384 bytes at most.
EXPORT(text_address) char *text_address(void) { return text; }

/// Address of what `minify` writes.
EXPORT(minified_address) char *minified_address(void) { return minified; }

/// Length of the minified text; where the text is no JSON, -1 - the offset of the first byte that cannot be right.
EXPORT(minify) int32_t minify(uint32_t length) {
  if (length > LONGEST_TEXT) __builtin_trap();
  text[length] = 0;
  at = text;
  out = minified;
  values = depth = deepest = 0;
  if (!value() || at != text + length) return -1 - (int32_t)(at - text);
  return out - minified;
}

/// Of the last text: number of its values.
EXPORT(value_count) uint32_t value_count(void) { return values; }

/// Of the last text: arrays and objects within one another.
EXPORT(nesting) uint32_t nesting(void) { return deepest; }
