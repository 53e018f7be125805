// Rewrites a tool's schema into what valijson reads rightly and safely.
//
// valijson 1.0 knows draft 7, follows references by recursion without looking for cycles, and takes the words beside a
// $ref for nothing. Tools come with drafts 4 to 2020-12. So every schema reachable from the root is copied, keyword by
// keyword and only those that validate, in draft 7's spelling, into {"allOf": [reference to 0], "definitions": {...}},
// and every reference points into those definitions. What is left out (format, annotations, unevaluated...) never
// fails.
#ifndef WEIR_SCHEMA_NORMAL_FORM_HPP
#define WEIR_SCHEMA_NORMAL_FORM_HPP

#include <map>
#include <string>
#include <vector>

#include "document.hpp"
#include "patterns.hpp"

namespace weir {

class NormalForm {
 public:
  // Neither may end before this does.
  NormalForm(const Json &source, Patterns &patterns) : source(source), patterns(patterns) {}

  // Throws Unusable, and what nlohmann throws for a keyword of the wrong type.
  Json make();

 private:
  static constexpr size_t maximumSchemas = 20000;
  // valijson descends through references, at some 2.5 KB of stack a level.
  static constexpr size_t maximumSummedDepth = 2000;

  // The schema at a place in the source, copied.
  Json copy(const Json &schema, size_t depth, bool inPlace);
  Json copyKeywords(const Json &schema, size_t depth, bool inPlace);
  void copyItems(const Json &schema, Json &result, size_t depth);
  void copyDependencies(const Json &schema, Json &result, size_t depth, bool inPlace);
  void copyBounds(const Json &schema, Json &result);
  void copyPatterns(const Json &schema, Json &result, size_t depth);
  Json copyAll(const Json &schemas, size_t depth, bool inPlace);
  Json copyNamed(const Json &schemas, size_t depth, bool inPlace);

  Json reference(const Json &target, bool inPlace);
  size_t indexOf(const Json &schema);
  const Json &resolve(const std::string &reference) const;
  void refuseCycles() const;

  const Json &source;
  Patterns &patterns;
  std::vector<const Json *> definitions;
  std::map<const Json *, size_t> indices;
  // By definition: those it applies to the very same value.
  std::vector<std::vector<size_t>> inPlaceReferences;
  size_t current = 0;
  size_t schemaCount = 0;
  size_t deepest = 0;
};

}  // namespace weir

#endif
