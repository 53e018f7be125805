// The parser behind the C interface: simdjson's token index over one document, and scratch memory kept between them.
#ifndef WEIR_JSON_HPP
#define WEIR_JSON_HPP

#include <simdjson.h>

#include <memory>
#include <string_view>
#include <vector>

#include "CWeirSimdjson.h"

namespace weir {

// A top-level member: the token of its key (its value's first token is two further) and its value's last token.
struct Member {
  uint32_t key;
  uint32_t last;
};

// A top-level key's meaning, escapes undone.
struct Key {
  std::string_view name;
  uint32_t token;
};

inline bool isSpace(uint8_t byte) { return byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09; }

}  // namespace weir

struct weir_json {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> indexer;
  const uint8_t *bytes = nullptr;
  uint32_t count = 0;
  // Where each token begins; one more entry follows, which is `count`.
  const uint32_t *tokens = nullptr;
  uint32_t tokenCount = 0;
  // By the token that opens a container: the token that closes it. Filled only for navigable documents.
  std::unique_ptr<uint32_t[]> closers;
  size_t closerCapacity = 0;
  std::vector<weir::Member> members;
  std::vector<weir::Key> keys;
  std::vector<weir_json_range> models;
  std::vector<weir_member> named;
  std::vector<uint8_t> unescaped;
  // A copy of the document, on processors where simdjson reads beyond the end.
  std::vector<uint8_t> padded;

  uint8_t byteAt(uint32_t token) const { return bytes[tokens[token]]; }

  // One past a token's last byte: what lies between it and the next token is white space only.
  uint32_t endOf(uint32_t token) const {
    uint32_t end = tokens[token + 1];
    while (weir::isSpace(bytes[end - 1])) --end;
    return end;
  }

  // Finds the tokens and validates encoding, then the grammar. May throw std::bad_alloc.
  weir_json_status index(const uint8_t *newBytes, size_t newCount, bool navigable, weir_json_range &fault);

 private:
  weir_json_status findTokens(weir_json_range &fault);
  template <bool navigable>
  weir_json_status walk(weir_json_range &fault);
};

#endif
