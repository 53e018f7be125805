// Regular expressions for Swift over RE2, whose time is linear in the text whatever the pattern, and the text of JSON
// strings with its escapes undone. No function lets an exception out.
#ifndef CWEIRPATTERNS_H
#define CWEIRPATTERNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define WEIR_PATTERNS_NOEXCEPT noexcept
extern "C" {
#else
#define WEIR_PATTERNS_NOEXCEPT
#endif

// A pattern's text above this is refused, and so is one whose program has more instructions.
#define WEIR_PATTERN_MAXIMUM_BYTES 4096
#define WEIR_PATTERN_MAXIMUM_PROGRAM 4000

typedef enum {
  weir_pattern_valid,
  weir_pattern_invalid,        // the syntax; `reason` says what
  weir_pattern_too_large,
  weir_pattern_matches_empty,  // it finds a match of no length
  weir_pattern_matches_all,    // every character is a match
  weir_pattern_out_of_memory,
} weir_pattern_status;

// Compiled patterns, told by their number in the order in which they were added. Once sealed, any thread may use them.
typedef struct weir_patterns weir_patterns;

// NULL when there is no memory.
weir_patterns *weir_patterns_create(void) WEIR_PATTERNS_NOEXCEPT;
void weir_patterns_destroy(weir_patterns *patterns) WEIR_PATTERNS_NOEXCEPT;

// Compiles a pattern in RE2's syntax over UTF-8. One that is not valid is not added; `reason` then gets a text that
// ends in NUL, cut at its capacity.
weir_pattern_status weir_patterns_add(
    weir_patterns *patterns, const uint8_t *bytes, size_t count, char *reason, size_t reason_capacity)
    WEIR_PATTERNS_NOEXCEPT;

// To be called once, after the last pattern. False when there is no memory.
bool weir_patterns_seal(weir_patterns *patterns) WEIR_PATTERNS_NOEXCEPT;

// Writes the numbers of the patterns that match anywhere in a text, `matched` having room for all; returns how many.
// Where memory does not suffice for telling, all are written.
size_t weir_patterns_match(
    const weir_patterns *patterns, const uint8_t *text, size_t count, uint32_t *matched) WEIR_PATTERNS_NOEXCEPT;

// The first match of one pattern within bytes from ..< to of a text; what lies around these is looked at by \b, ^ and $
// only. False without a match.
bool weir_patterns_find(
    const weir_patterns *patterns, uint32_t number, const uint8_t *text, size_t count, size_t from, size_t to,
    size_t *start, size_t *end) WEIR_PATTERNS_NOEXCEPT;

// An escape of a JSON string: where it stands as written, and where what it stands for is in the text.
typedef struct {
  uint32_t raw_start;
  uint32_t raw_end;
  uint32_t text_start;
  uint32_t text_end;
} weir_escape;

// Undoes the escapes of a valid JSON string (quotes excluded) and notes each. `text` has room for `count` bytes and
// `escapes` for one in two of them. A lone surrogate becomes U+FFFD. Returns the number of bytes written.
size_t weir_text_unescape(
    const uint8_t *bytes, size_t count, uint8_t *text, weir_escape *escapes, size_t *escape_count)
    WEIR_PATTERNS_NOEXCEPT;

// How many backslashes there are, each escape having one or two: the room for `escapes`.
size_t weir_text_backslashes(const uint8_t *bytes, size_t count) WEIR_PATTERNS_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
