#include <algorithm>
#include <cstring>

#include "CWeirPatterns.h"

namespace {

uint32_t hexValue(uint8_t digit) {
  if (digit <= '9') return digit - '0';
  return (digit | 0x20) - 'a' + 10;
}

uint32_t codeUnit(const uint8_t *digits) {
  return hexValue(digits[0]) << 12 | hexValue(digits[1]) << 8 | hexValue(digits[2]) << 4 | hexValue(digits[3]);
}

uint8_t *put(uint32_t scalar, uint8_t *out) {
  if (scalar < 0x80) {
    *out++ = static_cast<uint8_t>(scalar);
  } else if (scalar < 0x800) {
    *out++ = static_cast<uint8_t>(0xC0 | scalar >> 6);
    *out++ = static_cast<uint8_t>(0x80 | (scalar & 0x3F));
  } else if (scalar < 0x10000) {
    *out++ = static_cast<uint8_t>(0xE0 | scalar >> 12);
    *out++ = static_cast<uint8_t>(0x80 | (scalar >> 6 & 0x3F));
    *out++ = static_cast<uint8_t>(0x80 | (scalar & 0x3F));
  } else {
    *out++ = static_cast<uint8_t>(0xF0 | scalar >> 18);
    *out++ = static_cast<uint8_t>(0x80 | (scalar >> 12 & 0x3F));
    *out++ = static_cast<uint8_t>(0x80 | (scalar >> 6 & 0x3F));
    *out++ = static_cast<uint8_t>(0x80 | (scalar & 0x3F));
  }
  return out;
}

uint8_t plain(uint8_t letter) {
  switch (letter) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return letter;
  }
}

// Reads the escape at `at`, which is a backslash; moves `at` behind it. What is cut off at the end stays as it is.
uint8_t *undo(const uint8_t *&at, const uint8_t *end, uint8_t *out) {
  if (end - at < 2 || (at[1] == 'u' && end - at < 6)) {
    *out++ = *at++;
    return out;
  }
  if (at[1] != 'u') {
    *out++ = plain(at[1]);
    at += 2;
    return out;
  }
  uint32_t unit = codeUnit(at + 2);
  at += 6;
  if (unit >= 0xD800 && unit < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
    uint32_t low = codeUnit(at + 2);
    if (low >= 0xDC00 && low < 0xE000) {
      at += 6;
      return put(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00), out);
    }
  }
  return put(unit >= 0xD800 && unit < 0xE000 ? 0xFFFD : unit, out);
}

}  // namespace

size_t weir_text_backslashes(const uint8_t *bytes, size_t count) noexcept {
  return static_cast<size_t>(std::count(bytes, bytes + count, '\\'));
}

size_t weir_text_unescape(
    const uint8_t *bytes, size_t count, uint8_t *text, weir_escape *escapes, size_t *escape_count) noexcept {
  const uint8_t *at = bytes;
  const uint8_t *end = bytes + count;
  uint8_t *out = text;
  size_t noted = 0;
  while (at < end) {
    const void *found = std::memchr(at, '\\', static_cast<size_t>(end - at));
    const uint8_t *run = found ? static_cast<const uint8_t *>(found) : end;
    std::memcpy(out, at, static_cast<size_t>(run - at));
    out += run - at;
    at = run;
    if (at == end) break;
    weir_escape &escape = escapes[noted++];
    escape.raw_start = static_cast<uint32_t>(at - bytes);
    escape.text_start = static_cast<uint32_t>(out - text);
    out = undo(at, end, out);
    escape.raw_end = static_cast<uint32_t>(at - bytes);
    escape.text_end = static_cast<uint32_t>(out - text);
  }
  *escape_count = noted;
  return static_cast<size_t>(out - text);
}
