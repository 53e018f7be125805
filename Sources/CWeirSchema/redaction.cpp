// Takes out of a text what regular expressions match, in RE2: linear time whatever expression and text.
#include <re2/re2.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "CWeirSchema.h"

struct weir_redactor {
  std::vector<std::unique_ptr<re2::RE2>> patterns;
};

namespace {

constexpr size_t maximumCount = 64;
constexpr size_t maximumBytes = 2048;
constexpr int64_t maximumMemory = 1 << 20;

}  // namespace

weir_redactor *weir_redactor_make(void) noexcept { return new (std::nothrow) weir_redactor; }

void weir_redactor_destroy(weir_redactor *redactor) noexcept { delete redactor; }

weir_redactor_fault weir_redactor_add(weir_redactor *redactor, const uint8_t *pattern, size_t count) noexcept {
  try {
    if (redactor->patterns.size() >= maximumCount || count > maximumBytes) return weir_redactor_too_much;
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(maximumMemory);
    auto compiled = std::make_unique<re2::RE2>(
        re2::StringPiece(reinterpret_cast<const char *>(pattern), count), options);
    if (!compiled->ok()) return weir_redactor_malformed;
    if (re2::RE2::PartialMatch("", *compiled)) return weir_redactor_matches_nothing;
    redactor->patterns.push_back(std::move(compiled));
    return weir_redactor_fine;
  } catch (...) {
    return weir_redactor_too_much;
  }
}

void weir_redactor_give_back(uint8_t *text) noexcept { std::free(text); }

uint8_t *weir_redactor_run(
    const weir_redactor *redactor, const uint8_t *text, size_t count, const char *mark, size_t *result) noexcept {
  try {
    std::string changed(reinterpret_cast<const char *>(text), count);
    for (const auto &pattern : redactor->patterns) re2::RE2::GlobalReplace(&changed, *pattern, mark);
    auto *bytes = static_cast<uint8_t *>(std::malloc(changed.size() + 1));
    if (bytes == nullptr) return nullptr;
    std::memcpy(bytes, changed.data(), changed.size());
    *result = changed.size();
    return bytes;
  } catch (...) {
    return nullptr;
  }
}
