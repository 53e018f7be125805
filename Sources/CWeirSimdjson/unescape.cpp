// Undoing JSON's string escapes (RFC 8259, section 7).
#include <cstring>

#include "CWeirSimdjson.h"

namespace {

uint32_t hexValue(const uint8_t *digits) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    uint8_t digit = digits[i];
    value = value << 4 | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10u);
  }
  return value;
}

uint8_t *appendScalar(uint8_t *out, uint32_t scalar) {
  if (scalar < 0x80) {
    *out++ = static_cast<uint8_t>(scalar);
  } else if (scalar < 0x800) {
    *out++ = static_cast<uint8_t>(0xc0 | scalar >> 6);
    *out++ = static_cast<uint8_t>(0x80 | (scalar & 0x3f));
  } else if (scalar < 0x10000) {
    *out++ = static_cast<uint8_t>(0xe0 | scalar >> 12);
    *out++ = static_cast<uint8_t>(0x80 | (scalar >> 6 & 0x3f));
    *out++ = static_cast<uint8_t>(0x80 | (scalar & 0x3f));
  } else {
    *out++ = static_cast<uint8_t>(0xf0 | scalar >> 18);
    *out++ = static_cast<uint8_t>(0x80 | (scalar >> 12 & 0x3f));
    *out++ = static_cast<uint8_t>(0x80 | (scalar >> 6 & 0x3f));
    *out++ = static_cast<uint8_t>(0x80 | (scalar & 0x3f));
  }
  return out;
}

// Reads one \uXXXX, or two that form a pair; advances past what it read.
uint32_t unicodeEscape(const uint8_t *&at, const uint8_t *end) {
  uint32_t scalar = hexValue(at + 2);
  at += 6;
  if (scalar < 0xd800 || scalar > 0xdfff) return scalar;
  if (scalar > 0xdbff || end - at < 6 || at[0] != '\\' || at[1] != 'u') return 0xfffd;
  uint32_t low = hexValue(at + 2);
  if (low < 0xdc00 || low > 0xdfff) return 0xfffd;
  at += 6;
  return 0x10000 + ((scalar - 0xd800) << 10) + (low - 0xdc00);
}

uint8_t simpleEscape(uint8_t letter) {
  switch (letter) {
    case 'b': return 0x08;
    case 'f': return 0x0c;
    case 'n': return 0x0a;
    case 'r': return 0x0d;
    case 't': return 0x09;
    default: return letter;
  }
}

}  // namespace

size_t weir_json_unescape(const uint8_t *bytes, size_t count, uint8_t *out) noexcept {
  const uint8_t *at = bytes, *end = bytes + count;
  uint8_t *start = out;
  while (at != end) {
    const void *found = std::memchr(at, '\\', end - at);
    const uint8_t *stop = found != nullptr ? static_cast<const uint8_t *>(found) : end;
    std::memcpy(out, at, stop - at);
    out += stop - at;
    at = stop;
    if (end - at < 2) break;
    if (at[1] != 'u') {
      *out++ = simpleEscape(at[1]);
      at += 2;
    } else if (end - at >= 6) {
      out = appendScalar(out, unicodeEscape(at, end));
    } else {
      break;
    }
  }
  return static_cast<size_t>(out - start);
}
