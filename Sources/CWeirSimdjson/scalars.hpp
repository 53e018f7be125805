// The grammar of strings, numbers and literals (RFC 8259, sections 3, 6 and 7), each over one token's bytes.
#ifndef WEIR_SCALARS_HPP
#define WEIR_SCALARS_HPP

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <cstring>

#include "json.hpp"

namespace weir {

inline bool isDigit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

inline bool isHexDigit(uint8_t byte) { return isDigit(byte) || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f'); }

// Only white space may follow a scalar inside its token.
inline bool isBlank(const uint8_t *at, const uint8_t *end) { return at == end || isSpace(*at); }

// How long the escape is that begins at this backslash; 0 where it is none. A surrogate without its partner is
// grammatical and passes.
inline size_t escapeLength(const uint8_t *at, const uint8_t *end) {
  if (end - at < 2) return 0;
  switch (at[1]) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
      return 2;
    case 'u':
      return end - at >= 6 && isHexDigit(at[2]) && isHexDigit(at[3]) && isHexDigit(at[4]) && isHexDigit(at[5]) ? 6 : 0;
    default:
      return 0;
  }
}

#ifdef __SSE2__
// So many bytes make it worth while to look for escapes in blocks.
constexpr ptrdiff_t longString = 256;

// Which of the 64 bytes are backslashes, the first as the lowest bit.
inline uint64_t backslashes(const uint8_t *at) {
  const __m128i sought = _mm_set1_epi8('\\');
  uint64_t bits = 0;
  for (int i = 0; i < 4; ++i) {
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i *>(at + 16 * i));
    bits |= static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, sought)))) << 16 * i;
  }
  return bits;
}

// Checks escapes in blocks of 64 bytes, as long as the blocks have some; a text with lines or quotes has them close
// together, and a search for each would cost three times as much. Moves `at` behind what it has checked; false where it
// stands at a bad escape.
[[gnu::noinline]] inline bool passEscapes(const uint8_t *&at, const uint8_t *end) {
  for (int empty = 0; empty < 4 && end - at >= 64; ++empty) {
    const uint8_t *block = at;
    at += 64;
    for (uint64_t bits = backslashes(block); bits != 0;) {
      empty = -1;
      const uint8_t *escape = block + __builtin_ctzll(bits);
      size_t length = escapeLength(escape, end);
      if (length == 0) {
        at = escape;
        return false;
      }
      size_t passed = escape + length - block;
      bits = passed < 64 ? bits & ~uint64_t{0} << passed : 0;
      if (passed > 64) at = block + passed;
    }
  }
  return true;
}
#endif

// Checks the escapes between the quotes; the indexer has already refused control characters and bad UTF-8.
// Returns the first bad escape, or NULL.
inline const uint8_t *badEscape(const uint8_t *at, const uint8_t *end) {
  while ((at = static_cast<const uint8_t *>(std::memchr(at, '\\', end - at))) != nullptr) {
    size_t length = escapeLength(at, end);
    if (length == 0) return at;
    at += length;
#ifdef __SSE2__
    if (end - at >= longString && !passEscapes(at, end)) return at;
#endif
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
