#include "patterns.hpp"

#include <cctype>

namespace weir {

namespace {

// ECMA-262's spellings that RE2 has under another name: \uXXXX, \u{X}, (?<name>.
std::string inRE2(const std::string &pattern) {
  std::string result;
  for (size_t at = 0; at < pattern.size();) {
    bool isNamed = pattern.compare(at, 3, "(?<") == 0 && at + 3 < pattern.size() && pattern[at + 3] != '=' &&
                   pattern[at + 3] != '!';
    if (isNamed) {
      result += "(?P<";
      at += 3;
    } else if (pattern[at] == '\\' && pattern.compare(at, 3, "\\u{") == 0) {
      result += "\\x{";
      at += 3;
    } else if (pattern[at] == '\\' && at + 6 <= pattern.size() && pattern[at + 1] == 'u') {
      result += "\\x{" + pattern.substr(at + 2, 4) + "}";
      at += 6;
    } else if (pattern[at] == '\\' && at + 1 < pattern.size()) {
      result.append(pattern, at, 2);
      at += 2;
    } else {
      result += pattern[at++];
    }
  }
  return result;
}

}  // namespace

void Patterns::add(const std::string &pattern) {
  if (compiled.count(pattern) != 0) return;
  // valijson keeps C strings, so a pattern with a NUL would be cut.
  if (compiled.size() == maximumCount || pattern.size() > maximumBytes || pattern.find('\0') != std::string::npos)
    throw Unusable();
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(static_cast<int64_t>(maximumMemory));
  options.set_never_capture(true);
  auto expression = std::make_unique<re2::RE2>(inRE2(pattern), options);
  if (!expression->ok()) throw Unusable();
  compiled.emplace(pattern, std::move(expression));
}

const re2::RE2 *Patterns::find(const std::string &pattern) const {
  auto found = compiled.find(pattern);
  return found == compiled.end() ? nullptr : found->second.get();
}

}  // namespace weir
