// Life of a parser, and lookups in a document that weir_json_read has validated.
#include <charconv>
#include <cmath>
#include <new>

#include "keys.hpp"

weir_json *weir_json_create(void) noexcept { return new (std::nothrow) weir_json; }

void weir_json_destroy(weir_json *json) noexcept { delete json; }

void weir_json_trim(weir_json *json, size_t keep) noexcept {
  if (json->indexer && json->indexer->capacity() > keep) {
    json->indexer.reset();
    json->tokenCount = 0;
  }
  if (json->closerCapacity > keep) {
    json->closers.reset();
    json->closerCapacity = 0;
  }
  if (json->members.capacity() * sizeof(weir::Member) > keep) std::vector<weir::Member>().swap(json->members);
  if (json->models.capacity() * sizeof(weir_json_range) > keep) std::vector<weir_json_range>().swap(json->models);
  if (json->padded.capacity() > keep) std::vector<uint8_t>().swap(json->padded);
  if (json->unescaped.capacity() > keep) std::vector<uint8_t>().swap(json->unescaped);
}

weir_json_status weir_json_read(
    weir_json *json, const uint8_t *bytes, size_t count, weir_json_range *fault) noexcept {
  try {
    return json->index(bytes, count, true, *fault);
  } catch (...) {
    return weir_json_out_of_memory;
  }
}

weir_json_kind weir_json_kind_of(const weir_json *json, uint32_t token) noexcept {
  switch (json->byteAt(token)) {
    case '{': return weir_json_kind_object;
    case '[': return weir_json_kind_array;
    case '"': return weir_json_kind_string;
    case 't': return weir_json_kind_true;
    case 'f': return weir_json_kind_false;
    case 'n': return weir_json_kind_null;
    default: return weir_json_kind_number;
  }
}

// The last token of the value that begins at `token`.
static uint32_t lastToken(const weir_json *json, uint32_t token) {
  uint8_t byte = json->byteAt(token);
  return byte == '{' || byte == '[' ? json->closers[token] : token;
}

weir_json_range weir_json_range_of(const weir_json *json, uint32_t token) noexcept {
  return {json->tokens[token], json->endOf(lastToken(json, token))};
}

uint32_t weir_json_first(const weir_json *json, uint32_t container) noexcept {
  uint8_t byte = json->byteAt(container);
  if (byte != '{' && byte != '[') return WEIR_JSON_NONE;
  return json->closers[container] == container + 1 ? WEIR_JSON_NONE : container + 1;
}

uint32_t weir_json_next(const weir_json *json, uint32_t token) noexcept {
  uint32_t after = lastToken(json, token) + 1;
  return after < json->tokenCount && json->byteAt(after) == ',' ? after + 1 : WEIR_JSON_NONE;
}

uint32_t weir_json_find(weir_json *json, uint32_t object, const uint8_t *name, size_t count) noexcept {
  if (json->byteAt(object) != '{') return WEIR_JSON_NONE;
  try {
    uint32_t key = weir_json_first(json, object);
    while (key != WEIR_JSON_NONE) {
      // A key that begins with another letter, not escaped, is another one: nearly all are told apart so.
      uint8_t first = json->bytes[json->tokens[key] + 1];
      bool mayMean = count == 0 || first == name[0] || first == '\\';
      if (mayMean && weir::means(*json, weir::rawText(*json, key), weir::text(name, count))) return weir_json_value_of(key);
      key = weir_json_next(json, weir_json_value_of(key));
    }
  } catch (...) {
  }
  return WEIR_JSON_NONE;
}

bool weir_json_number(const weir_json *json, uint32_t token, double *number) noexcept {
  const char *bytes = reinterpret_cast<const char *>(json->bytes);
  const char *end = bytes + json->endOf(token);
  auto result = std::from_chars(bytes + json->tokens[token], end, *number);
  return result.ec == std::errc() && result.ptr == end && std::isfinite(*number);
}
