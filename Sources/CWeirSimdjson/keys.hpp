// Object keys compared as what they mean: with their escapes undone.
#ifndef WEIR_KEYS_HPP
#define WEIR_KEYS_HPP

#include <cstring>
#include <string_view>

#include "json.hpp"

namespace weir {

inline std::string_view text(const uint8_t *bytes, size_t count) {
  return {reinterpret_cast<const char *>(bytes), count};
}

// What stands between the quotes of a key or string, escapes as written.
inline std::string_view rawText(const weir_json &json, uint32_t token) {
  uint32_t start = json.tokens[token] + 1;
  return text(json.bytes + start, json.endOf(token) - 1 - start);
}

inline bool hasEscape(std::string_view raw) { return std::memchr(raw.data(), '\\', raw.size()) != nullptr; }

// True when the key's meaning is `name`. May throw std::bad_alloc.
inline bool means(weir_json &json, std::string_view raw, std::string_view name) {
  // An escape is longer than what it stands for, and the names asked for have none.
  if (raw.size() <= name.size()) return raw == name;
  if (!hasEscape(raw)) return false;
  json.unescaped.resize(raw.size());
  size_t count =
      weir_json_unescape(reinterpret_cast<const uint8_t *>(raw.data()), raw.size(), json.unescaped.data());
  return text(json.unescaped.data(), count) == name;
}

}  // namespace weir

#endif
