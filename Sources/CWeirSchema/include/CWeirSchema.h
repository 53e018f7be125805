// JSON Schema for Swift over valijson, nlohmann's JSON and RE2: compile a tool's schema, check a call's arguments.
// No function lets an exception out, reads a file or reaches for the network. Whatever the schema, the pattern or the
// arguments, time, memory and stack are bounded; a check that would need more says so instead.
#ifndef CWEIRSCHEMA_H
#define CWEIRSCHEMA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define WEIR_SCHEMA_NOEXCEPT noexcept
extern "C" {
#else
#define WEIR_SCHEMA_NOEXCEPT
#endif

// A schema's text above this is unusable; so is one that nests deeper than WEIR_SCHEMA_MAXIMUM_DEPTH.
#define WEIR_SCHEMA_MAXIMUM_BYTES 262144
#define WEIR_SCHEMA_MAXIMUM_DEPTH 64

// Arguments that nest deeper, or are longer, stay unchecked.
#define WEIR_SCHEMA_MAXIMUM_ARGUMENT_DEPTH 128
#define WEIR_SCHEMA_MAXIMUM_ARGUMENT_BYTES 8388608

typedef enum {
  weir_schema_valid,
  weir_schema_invalid_json,
  weir_schema_mismatch,
  weir_schema_unusable,   // the check would take longer than any sensible schema needs
  weir_schema_unchecked,  // the arguments are beyond a bound, or there was no memory
} weir_schema_result;

// A compiled schema; may be used by several threads at a time.
typedef struct weir_schema weir_schema;

// The first violation: where in the arguments, and by which keyword. `path` is a JSON pointer (RFC 6901) of the keys
// that the schema names; a key that it does not name is written as *. Never a value.
typedef struct {
  char *path;           // given by the caller
  size_t path_capacity;
  size_t path_count;    // bytes written; a longer pointer is cut
  const char *keyword;  // static; NULL when there is no violation
} weir_schema_place;

// NULL when the schema is unusable: not JSON, not a schema, too large or too deep, refers to another document or to
// itself without consuming anything, has a pattern that RE2 does not know; or when there is no memory.
// Needs up to weir_schema_stack_bytes() of stack.
weir_schema *weir_schema_compile(const uint8_t *bytes, size_t count) WEIR_SCHEMA_NOEXCEPT;
// What the schema may take in memory at most, in bytes; an estimate to bound a cache by.
size_t weir_schema_memory(const weir_schema *schema) WEIR_SCHEMA_NOEXCEPT;
void weir_schema_destroy(weir_schema *schema) WEIR_SCHEMA_NOEXCEPT;

// Parses the arguments and checks them. Stack as weir_schema_compile.
weir_schema_result weir_schema_check(
    const weir_schema *schema, const uint8_t *arguments, size_t count, weir_schema_place *place) WEIR_SCHEMA_NOEXCEPT;

// The stack, in bytes, that compiling and checking may need; more in a build with a sanitizer, whose frames are larger.
size_t weir_schema_stack_bytes(void) WEIR_SCHEMA_NOEXCEPT;

// Regular expressions (RE2's) whose matches are taken out of texts. Filled once; then several threads may use it.
typedef struct weir_redactor weir_redactor;

typedef enum {
  weir_redactor_fine,
  weir_redactor_malformed,        // no expression that RE2 knows
  weir_redactor_matches_nothing,  // fits the empty text, and so every place of any text
  weir_redactor_too_much,         // too long, too many, or no memory
} weir_redactor_fault;

weir_redactor *weir_redactor_make(void) WEIR_SCHEMA_NOEXCEPT;
weir_redactor_fault weir_redactor_add(
    weir_redactor *redactor, const uint8_t *pattern, size_t count) WEIR_SCHEMA_NOEXCEPT;
// The text, which must be UTF-8, with `mark` in the place of every match, for the caller to give back; NULL without memory.
uint8_t *weir_redactor_run(
    const weir_redactor *redactor, const uint8_t *text, size_t count, const char *mark,
    size_t *result) WEIR_SCHEMA_NOEXCEPT;
void weir_redactor_give_back(uint8_t *text) WEIR_SCHEMA_NOEXCEPT;
void weir_redactor_destroy(weir_redactor *redactor) WEIR_SCHEMA_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
