// JSON for Swift over simdjson: one validating pass over a document, then ranges and lookups.
// No function lets an exception out; none reads a byte outside bytes[0 ..< count], so no padding is needed.
#ifndef CWEIRSIMDJSON_H
#define CWEIRSIMDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define WEIR_NOEXCEPT noexcept
extern "C" {
#else
#define WEIR_NOEXCEPT
#endif

// Containers may nest this deep; one more is refused.
#define WEIR_JSON_MAXIMUM_DEPTH 1024

// A request with more top-level members is refused: none has them, and each costs memory.
#define WEIR_JSON_MAXIMUM_MEMBERS 10000

// Members of a request that weir looks at. The order is that of EnvelopeMember in WeirWire.
#define WEIR_ENVELOPE_MEMBERS 23

// What is wrong with a document; the first fault found, in no promised order between kinds.
typedef enum {
  weir_json_valid,
  weir_json_empty,
  weir_json_byte_order_mark,
  weir_json_invalid_utf8,
  weir_json_control_character,
  weir_json_unclosed_string,
  weir_json_bad_escape,
  weir_json_bad_number,
  weir_json_bad_literal,
  weir_json_unexpected_token,
  weir_json_unexpected_end,
  weir_json_trailing_content,
  weir_json_too_deep,
  weir_json_not_an_object,
  weir_json_duplicate_key,
  weir_json_too_many_members,
  weir_json_out_of_memory,
} weir_json_status;

typedef enum {
  weir_json_kind_object,
  weir_json_kind_array,
  weir_json_kind_string,
  weir_json_kind_number,
  weir_json_kind_true,
  weir_json_kind_false,
  weir_json_kind_null,
} weir_json_kind;

// Bytes start ..< end of the document; all zero means absent, since no value starts at byte 0 of an object.
typedef struct {
  uint32_t start;
  uint32_t end;
} weir_json_range;

// Names of top-level members to be found, beside those that weir always looks at.
typedef struct {
  const uint8_t *bytes;  // the names, one after the other, as they read with their escapes undone
  const uint32_t *ends;  // of each name in `bytes`
  uint32_t count;
} weir_names;

// A top-level member that was asked for by name.
typedef struct {
  uint32_t name;          // which one of the names
  uint32_t before;        // the byte of the { or , that its key follows
  weir_json_range value;
  uint32_t after;         // the byte of the , or } that follows its value
} weir_member;

typedef struct {
  weir_json_range members[WEIR_ENVELOPE_MEMBERS];  // of the values
  weir_json_range metadata_user_id;
  weir_json_range include_usage;  // stream_options.include_usage
  const weir_json_range *models;  // the strings in `models`, quotes included; valid until the next call on the parser
  const weir_member *named;  // those of the names asked for that are there; valid as long as `models`
  uint32_t named_count;
  uint32_t model_count;
  uint32_t object_start;  // of {
  uint32_t object_end;    // of the matching }
  uint32_t member_count;
} weir_envelope;

// One parser, used by one thread at a time. Keeps its scratch memory between documents.
typedef struct weir_json weir_json;

// NULL when there is no memory.
weir_json *weir_json_create(void) WEIR_NOEXCEPT;
void weir_json_destroy(weir_json *json) WEIR_NOEXCEPT;
// Gives scratch memory back when it was made for documents larger than `keep` bytes.
void weir_json_trim(weir_json *json, size_t keep) WEIR_NOEXCEPT;

// Validates a request body and finds its members, and those of `names`. `fault`: for a failure the byte it was seen at, or the second of
// two equal keys with its quotes; start is UINT32_MAX where no place is known.
weir_json_status weir_envelope_read(
    weir_json *json, const uint8_t *bytes, size_t count, weir_names names, weir_envelope *envelope,
    weir_json_range *fault) WEIR_NOEXCEPT;

// Validates a document and makes it navigable by the calls below, until the next read with the same parser; `bytes`
// must stay where they are for as long. Values are named by their token; the root is token 0.
weir_json_status weir_json_read(
    weir_json *json, const uint8_t *bytes, size_t count, weir_json_range *fault) WEIR_NOEXCEPT;

#define WEIR_JSON_NONE UINT32_MAX

weir_json_kind weir_json_kind_of(const weir_json *json, uint32_t token) WEIR_NOEXCEPT;
// The bytes of a value; of a string with its quotes.
weir_json_range weir_json_range_of(const weir_json *json, uint32_t token) WEIR_NOEXCEPT;
// The value of an object's first member of that name (compared after unescaping), or WEIR_JSON_NONE.
uint32_t weir_json_find(weir_json *json, uint32_t object, const uint8_t *name, size_t count) WEIR_NOEXCEPT;
// The first key or element in a container, or WEIR_JSON_NONE when it is empty.
uint32_t weir_json_first(const weir_json *json, uint32_t container) WEIR_NOEXCEPT;
// The key or element after the value `token`, or WEIR_JSON_NONE when it was the last.
uint32_t weir_json_next(const weir_json *json, uint32_t token) WEIR_NOEXCEPT;
// The value of the member whose key is `key`.
static inline uint32_t weir_json_value_of(uint32_t key) { return key + 2; }
// False where the number has no finite double.
bool weir_json_number(const weir_json *json, uint32_t token, double *number) WEIR_NOEXCEPT;

// Undoes a valid JSON string's escapes (quotes excluded); `out` needs `count` bytes. A lone surrogate becomes U+FFFD.
// Returns the number of bytes written.
size_t weir_json_unescape(const uint8_t *bytes, size_t count, uint8_t *out) WEIR_NOEXCEPT;

// Writes documents without white space and with the members of every object in one order; used by one thread at a time.
// Keeps its scratch memory between documents.
typedef struct weir_canonical weir_canonical;

// NULL when there is no memory.
weir_canonical *weir_canonical_create(void) WEIR_NOEXCEPT;
void weir_canonical_destroy(weir_canonical *canonical) WEIR_NOEXCEPT;
// Gives scratch memory back when it was made for documents larger than `keep` bytes.
void weir_canonical_trim(weir_canonical *canonical, size_t keep) WEIR_NOEXCEPT;
// Validates a document and writes its canonical form, which has at most `count` bytes, to `*text`; that is valid until
// the next call. Nothing is written for a document that is not valid.
weir_json_status weir_canonical_write(
    weir_canonical *canonical, const uint8_t *bytes, size_t count, const uint8_t **text, size_t *text_count)
    WEIR_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
