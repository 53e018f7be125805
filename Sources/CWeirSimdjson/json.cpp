// The validating pass. simdjson's On-Demand interface does not validate what it skips, and its DOM interface loses the
// positions that splicing needs. So weir takes simdjson's first stage alone (finds every token and validates UTF-8 and
// string bounds, several gigabytes a second) and walks the tokens itself; see DESIGN.md, decision 3.
#include "json.hpp"

#include <cstring>
#include <new>

#include "scalars.hpp"

namespace {

constexpr weir_json_range nowhere{UINT32_MAX, UINT32_MAX};

weir_json_status fail(weir_json_status status, uint32_t offset, weir_json_range &fault) {
  fault = {offset, offset};
  return status;
}

// Powers of two, so that a conversation whose body grows by a little each time does not reallocate each time.
size_t roundedCapacity(size_t count) {
  size_t capacity = 4096;
  while (capacity < count) capacity *= 2;
  return capacity;
}

// simdjson's code for vector units copies the last block before it reads it; its plain code, for processors without
// any, reads on into the padding that it asks for. Seen with a guard page after the document.
bool readsBeyondEnd() {
  static const bool isPlain = simdjson::get_active_implementation()->name() == "fallback";
  return isPlain;
}

}  // namespace

weir_json_status weir_json::index(const uint8_t *newBytes, size_t newCount, bool navigable, weir_json_range &fault) {
  fault = nowhere;
  bytes = newBytes;
  count = 0;
  tokenCount = 0;
  members.clear();
  models.clear();
  named.clear();
  // Two billion bytes: token numbers and offsets then fit 32 bits with room to spare.
  if (newCount > INT32_MAX) return weir_json_out_of_memory;
  count = static_cast<uint32_t>(newCount);
  if (count > 0 && readsBeyondEnd()) {
    padded.assign(count + simdjson::SIMDJSON_PADDING, ' ');
    std::memcpy(padded.data(), newBytes, count);
    bytes = padded.data();
  }
  weir_json_status status = findTokens(fault);
  if (status != weir_json_valid) return status;
  if (navigable && closerCapacity < tokenCount) {
    closers.reset();
    closerCapacity = 0;
    closers.reset(new uint32_t[roundedCapacity(tokenCount)]);
    closerCapacity = roundedCapacity(tokenCount);
  }
  return navigable ? walk<true>(fault) : walk<false>(fault);
}

weir_json_status weir_json::findTokens(weir_json_range &fault) {
  if (count >= 3 && bytes[0] == 0xef && bytes[1] == 0xbb && bytes[2] == 0xbf)
    return fail(weir_json_byte_order_mark, 0, fault);
  if (count == 0) return fail(weir_json_empty, 0, fault);
  if (!indexer) {
    // The depth is bounded by walk(); simdjson's own stacks belong to its second stage, which is not used.
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(roundedCapacity(count), 1, indexer))
      return weir_json_out_of_memory;
  } else if (indexer->capacity() < count && indexer->set_capacity(roundedCapacity(count))) {
    indexer.reset();
    return weir_json_out_of_memory;
  }
  switch (indexer->stage1(bytes, count, simdjson::stage1_mode::regular)) {
    case simdjson::SUCCESS:
      break;
    case simdjson::EMPTY:
      return fail(weir_json_empty, 0, fault);
    case simdjson::UTF8_ERROR:
      return weir_json_invalid_utf8;
    case simdjson::UNESCAPED_CHARS:
      return weir_json_control_character;
    case simdjson::UNCLOSED_STRING:
      return fail(weir_json_unclosed_string, count, fault);
    case simdjson::MEMALLOC:
      return weir_json_out_of_memory;
    default:
      return fail(weir_json_unexpected_token, 0, fault);
  }
  tokens = indexer->structural_indexes.get();
  tokenCount = indexer->n_structural_indexes;
  return tokenCount == 0 ? fail(weir_json_empty, 0, fault) : weir_json_valid;
}

// Why goto: the four states of the grammar, each falling into the next without a dispatch in between.
template <bool navigable>
weir_json_status weir_json::walk(weir_json_range &fault) {
  uint32_t open[WEIR_JSON_MAXIMUM_DEPTH];
  uint32_t depth = 0, token = 0;
  bool inObject = false;
  const uint8_t *at, *end, *bad;
  auto failHere = [&](weir_json_status status) {
    return token < tokenCount ? fail(status, tokens[token], fault) : fail(weir_json_unexpected_end, count, fault);
  };

value:
  if (token == tokenCount) return failHere(weir_json_unexpected_end);
  at = bytes + tokens[token];
  end = bytes + tokens[token + 1];
  switch (*at) {
    case '{':
    case '[':
      if (depth == WEIR_JSON_MAXIMUM_DEPTH) return failHere(weir_json_too_deep);
      inObject = *at == '{';
      open[depth++] = token++;
      if (token != tokenCount && byteAt(token) == (inObject ? '}' : ']')) goto close;
      if (inObject) goto key;
      goto value;
    case '"':
      bad = weir::badEscape(at + 1, bytes + endOf(token) - 1);
      if (bad != nullptr) return fail(weir_json_bad_escape, static_cast<uint32_t>(bad - bytes), fault);
      break;
    case 't':
      if (!weir::isLiteral(at, end, "true", 4)) return failHere(weir_json_bad_literal);
      break;
    case 'f':
      if (!weir::isLiteral(at, end, "false", 5)) return failHere(weir_json_bad_literal);
      break;
    case 'n':
      if (!weir::isLiteral(at, end, "null", 4)) return failHere(weir_json_bad_literal);
      break;
    case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
      if (!weir::isNumber(at, end)) return failHere(weir_json_bad_number);
      break;
    default:
      return failHere(weir_json_unexpected_token);
  }
  ++token;

afterValue:
  if (depth == 0) return token == tokenCount ? weir_json_valid : failHere(weir_json_trailing_content);
  if (!navigable && depth == 1 && inObject) members.back().last = token - 1;
  if (token == tokenCount) return failHere(weir_json_unexpected_end);
  if (byteAt(token) == (inObject ? '}' : ']')) goto close;
  if (byteAt(token) != ',') return failHere(weir_json_unexpected_token);
  ++token;
  if (!inObject) goto value;

key:
  if (token == tokenCount || byteAt(token) != '"') return failHere(weir_json_unexpected_token);
  bad = weir::badEscape(bytes + tokens[token] + 1, bytes + endOf(token) - 1);
  if (bad != nullptr) return fail(weir_json_bad_escape, static_cast<uint32_t>(bad - bytes), fault);
  if (!navigable && depth == 1) {
    if (members.size() == WEIR_JSON_MAXIMUM_MEMBERS) return failHere(weir_json_too_many_members);
    members.push_back({token, token});
  }
  ++token;
  if (token == tokenCount || byteAt(token) != ':') return failHere(weir_json_unexpected_token);
  ++token;
  goto value;

close:
  --depth;
  if (navigable) closers[open[depth]] = token;
  inObject = depth > 0 && byteAt(open[depth - 1]) == '{';
  ++token;
  goto afterValue;
}
