#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "CWeirPatterns.h"

namespace {

// Of one compiled pattern, its automaton's cache included, which grows with use; and of all together.
constexpr int64_t maximumMemory = 2 << 20;
constexpr int64_t maximumSetMemory = 16 << 20;

re2::RE2::Options options(int64_t memory) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(memory);
  options.set_never_capture(true);
  return options;
}

re2::StringPiece piece(const uint8_t *bytes, size_t count) {
  return re2::StringPiece(reinterpret_cast<const char *>(bytes), count);
}

bool findsNothing(const re2::RE2 &expression, const char *probe) {
  re2::StringPiece match;
  re2::StringPiece text(probe);
  return expression.Match(text, 0, text.size(), re2::RE2::UNANCHORED, &match, 1) && match.empty();
}

// \C stands for one byte, so that a match could end within a character.
bool splitsCharacters(const uint8_t *bytes, size_t count) {
  for (size_t at = 0; at + 1 < count; ++at) {
    if (bytes[at] != '\\') continue;
    if (bytes[++at] == 'C') return true;
  }
  return false;
}

void tell(const std::string &text, char *reason, size_t capacity) {
  if (capacity == 0) return;
  size_t length = std::min(text.size(), capacity - 1);
  std::memcpy(reason, text.data(), length);
  reason[length] = 0;
}

weir_pattern_status judge(const re2::RE2 &expression) {
  if (expression.ProgramSize() > WEIR_PATTERN_MAXIMUM_PROGRAM) return weir_pattern_too_large;
  for (const char *probe : {"", "a", " a", "a b", "1", ".", "\n", "\xC3\xA9"})
    if (findsNothing(expression, probe)) return weir_pattern_matches_empty;
  for (const char *probe : {"a", "Z", "7", " ", ".", "\xC3\xA9", "\xE4\xB8\xAD"})
    if (!re2::RE2::FullMatch(probe, expression)) return weir_pattern_valid;
  return weir_pattern_matches_all;
}

}  // namespace

struct weir_patterns {
  std::vector<std::unique_ptr<re2::RE2>> expressions;
  std::unique_ptr<re2::RE2::Set> set;
};

weir_patterns *weir_patterns_create(void) noexcept { return new (std::nothrow) weir_patterns; }

void weir_patterns_destroy(weir_patterns *patterns) noexcept { delete patterns; }

weir_pattern_status weir_patterns_add(
    weir_patterns *patterns, const uint8_t *bytes, size_t count, char *reason, size_t reason_capacity) noexcept {
  tell("", reason, reason_capacity);
  try {
    if (count > WEIR_PATTERN_MAXIMUM_BYTES) return weir_pattern_too_large;
    auto expression = std::make_unique<re2::RE2>(piece(bytes, count), options(maximumMemory));
    if (!expression->ok()) {
      if (expression->error_code() == re2::RE2::ErrorPatternTooLarge) return weir_pattern_too_large;
      tell(expression->error(), reason, reason_capacity);
      return weir_pattern_invalid;
    }
    if (splitsCharacters(bytes, count)) {
      tell("\\C matches a part of a character", reason, reason_capacity);
      return weir_pattern_invalid;
    }
    weir_pattern_status status = judge(*expression);
    if (status == weir_pattern_valid) patterns->expressions.push_back(std::move(expression));
    return status;
  } catch (...) {
    return weir_pattern_out_of_memory;
  }
}

bool weir_patterns_seal(weir_patterns *patterns) noexcept {
  try {
    auto set = std::make_unique<re2::RE2::Set>(options(maximumSetMemory), re2::RE2::UNANCHORED);
    for (const auto &expression : patterns->expressions)
      if (set->Add(expression->pattern(), nullptr) < 0) return false;
    // Without a set each pattern is looked for by itself.
    if (set->Compile()) patterns->set = std::move(set);
    return true;
  } catch (...) {
    return false;
  }
}

size_t weir_patterns_match(
    const weir_patterns *patterns, const uint8_t *text, size_t count, uint32_t *matched) noexcept {
  try {
    std::vector<int> found;
    re2::RE2::Set::ErrorInfo error{re2::RE2::Set::kNoError};
    if (patterns->set && (patterns->set->Match(piece(text, count), &found, &error) ||
                          error.kind == re2::RE2::Set::kNoError)) {
      for (size_t index = 0; index < found.size(); ++index) matched[index] = static_cast<uint32_t>(found[index]);
      return found.size();
    }
  } catch (...) {
    // As where the set's automaton is out of memory.
  }
  size_t all = patterns->expressions.size();
  for (size_t index = 0; index < all; ++index) matched[index] = static_cast<uint32_t>(index);
  return all;
}

bool weir_patterns_find(
    const weir_patterns *patterns, uint32_t number, const uint8_t *text, size_t count, size_t from, size_t to,
    size_t *start, size_t *end) noexcept {
  if (number >= patterns->expressions.size() || from > to || to > count) return false;
  try {
    re2::StringPiece match;
    re2::StringPiece whole = piece(text, count);
    if (!patterns->expressions[number]->Match(whole, from, to, re2::RE2::UNANCHORED, &match, 1)) return false;
    *start = static_cast<size_t>(match.data() - whole.data());
    *end = *start + match.size();
    return true;
  } catch (...) {
    return false;
  }
}
