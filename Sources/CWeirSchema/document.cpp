#include "document.hpp"

#include <cstring>
#include <optional>
#include <string>

namespace weir {

namespace {

int hexDigit(uint8_t byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  uint8_t letter = byte | 0x20;
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

// The code unit of a \uXXXX at `at`; -1 where there is none.
int codeUnit(const uint8_t *bytes, size_t count, size_t at) {
  if (count - at < 6 || bytes[at] != '\\' || bytes[at + 1] != 'u') return -1;
  int unit = 0;
  for (size_t digit = at + 2; digit < at + 6; ++digit) {
    if (hexDigit(bytes[digit]) < 0) return -1;
    unit = unit << 4 | hexDigit(bytes[digit]);
  }
  return unit;
}

// nlohmann takes a NUL for the end of the text, whatever follows, and passes over a byte order mark; to a client's parser
// neither is JSON.
bool isReadTooKindly(const uint8_t *bytes, size_t count) {
  if (count == 0) return false;
  return std::memchr(bytes, 0, count) != nullptr || (count >= 3 && std::memcmp(bytes, "\xef\xbb\xbf", 3) == 0);
}

bool isHigh(int unit) { return unit >= 0xd800 && unit <= 0xdbff; }
bool isLow(int unit) { return unit >= 0xdc00 && unit <= 0xdfff; }

// The text with each escaped surrogate that has no partner written as \ufffd; nothing when there is none.
std::optional<std::string> withoutLoneSurrogates(const uint8_t *bytes, size_t count) {
  std::optional<std::string> changed;
  for (size_t at = 0; at < count;) {
    if (bytes[at] != '\\') {
      ++at;
      continue;
    }
    int unit = codeUnit(bytes, count, at);
    if (isHigh(unit) && isLow(codeUnit(bytes, count, at + 6))) {
      at += 12;
    } else if (isHigh(unit) || isLow(unit)) {
      if (!changed) changed.emplace(reinterpret_cast<const char *>(bytes), count);
      changed->replace(at, 6, "\\ufffd");
      at += 6;
    } else {
      at += 2;
    }
  }
  return changed;
}

}  // namespace

size_t nestingDepth(const uint8_t *bytes, size_t count, size_t limit) {
  size_t depth = 0, deepest = 0;
  bool inString = false;
  for (size_t at = 0; at < count && deepest <= limit; ++at) {
    uint8_t byte = bytes[at];
    if (inString) {
      if (byte == '\\') ++at;
      else if (byte == '"') inString = false;
    } else if (byte == '"') {
      inString = true;
    } else if (byte == '{' || byte == '[') {
      deepest = std::max(deepest, ++depth);
    } else if ((byte == '}' || byte == ']') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

Json parseDocument(const uint8_t *bytes, size_t count) {
  if (isReadTooKindly(bytes, count)) return Json::parse("");
  if (auto changed = withoutLoneSurrogates(bytes, count)) return Json::parse(*changed);
  return Json::parse(bytes, bytes + count);
}

}  // namespace weir
