// The grammar of strings, numbers and literals (RFC 8259, sections 3, 6 and 7), each over one token's bytes.
#ifndef WEIR_SCALARS_HPP
#define WEIR_SCALARS_HPP

#include <cstring>

#include "json.hpp"

namespace weir {

inline bool isDigit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

inline bool isHexDigit(uint8_t byte) { return isDigit(byte) || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f'); }

// Only white space may follow a scalar inside its token.
inline bool isBlank(const uint8_t *at, const uint8_t *end) { return at == end || isSpace(*at); }

// Checks the escapes between the quotes; the indexer has already refused control characters and bad UTF-8.
// Returns the first bad escape, or NULL. A surrogate without its partner is grammatical and passes.
inline const uint8_t *badEscape(const uint8_t *at, const uint8_t *end) {
  while ((at = static_cast<const uint8_t *>(std::memchr(at, '\\', end - at))) != nullptr) {
    if (end - at < 2) return at;
    switch (at[1]) {
      case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
        at += 2;
        break;
      case 'u':
        if (end - at < 6 || !isHexDigit(at[2]) || !isHexDigit(at[3]) || !isHexDigit(at[4]) || !isHexDigit(at[5]))
          return at;
        at += 6;
        break;
      default:
        return at;
    }
  }
  return nullptr;
}

inline bool isNumber(const uint8_t *at, const uint8_t *end) {
  if (at != end && *at == '-') ++at;
  if (at == end || !isDigit(*at)) return false;
  if (*at++ != '0')
    while (at != end && isDigit(*at)) ++at;
  if (at != end && *at == '.') {
    if (++at == end || !isDigit(*at)) return false;
    while (at != end && isDigit(*at)) ++at;
  }
  if (at != end && (*at | 0x20) == 'e') {
    if (++at != end && (*at == '+' || *at == '-')) ++at;
    if (at == end || !isDigit(*at)) return false;
    while (at != end && isDigit(*at)) ++at;
  }
  return isBlank(at, end);
}

inline bool isLiteral(const uint8_t *at, const uint8_t *end, const char *word, size_t count) {
  return static_cast<size_t>(end - at) >= count && std::memcmp(at, word, count) == 0 && isBlank(at + count, end);
}

}  // namespace weir

#endif
