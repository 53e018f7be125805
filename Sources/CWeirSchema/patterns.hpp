// The regular expressions of one schema, in RE2, whose time is linear in the text whatever the pattern.
#ifndef WEIR_SCHEMA_PATTERNS_HPP
#define WEIR_SCHEMA_PATTERNS_HPP

#include <re2/re2.h>

#include <map>
#include <memory>
#include <string>

namespace weir {

// A schema that cannot be used, whatever the reason.
struct Unusable {};

class Patterns {
 public:
  // Compiles a pattern of ECMA-262. Throws Unusable when RE2 cannot (look-around, back references), and beyond bounds.
  void add(const std::string &pattern);

  // What the expressions may come to take, in bytes.
  size_t memory() const { return compiled.size() * maximumMemory; }

  // NULL when it was never added.
  const re2::RE2 *find(const std::string &pattern) const;

 private:
  static constexpr size_t maximumCount = 64;
  static constexpr size_t maximumBytes = 2048;
  // Of each compiled pattern, its automaton's cache included; bounds the size of its program too.
  static constexpr size_t maximumMemory = 256 * 1024;

  std::map<std::string, std::unique_ptr<re2::RE2>> compiled;
};

}  // namespace weir

#endif
