// Checks a value against valijson's compiled constraints.
//
// valijson's own validator matches patterns with std::regex, which recurses once a character and backtracks without
// end, and puts values into its messages. This visitor of its constraints has none of it: patterns go to RE2, every
// step is paid from a budget, and what it remembers of a violation is a pointer made of the schema's own names.
#ifndef WEIR_SCHEMA_EVALUATION_HPP
#define WEIR_SCHEMA_EVALUATION_HPP

#include <string>
#include <vector>

#include "document.hpp"
#include "library.hpp"
#include "patterns.hpp"

namespace weir {

// The budget is spent, or references went deeper than the value can explain.
struct Exhausted {};

class Evaluation final : public valijson::constraints::ConstraintVisitor {
 public:
  Evaluation(const Patterns &patterns, const Json &value) : patterns(patterns), value(&value) {}

  // Throws Exhausted. Afterwards, where it is false, `pointer` and `keyword` tell the first violation.
  bool satisfies(const valijson::Subschema &schema);

  std::string pointer;
  const char *keyword = nullptr;

  bool visit(const AllOfConstraint &) override;
  bool visit(const AnyOfConstraint &) override;
  bool visit(const ConditionalConstraint &) override;
  bool visit(const ConstConstraint &) override;
  bool visit(const ContainsConstraint &) override;
  bool visit(const DependenciesConstraint &) override;
  bool visit(const EnumConstraint &) override;
  bool visit(const FormatConstraint &) override;
  bool visit(const LinearItemsConstraint &) override;
  bool visit(const MaximumConstraint &) override;
  bool visit(const MaxItemsConstraint &) override;
  bool visit(const MaxLengthConstraint &) override;
  bool visit(const MaxPropertiesConstraint &) override;
  bool visit(const MinimumConstraint &) override;
  bool visit(const MinItemsConstraint &) override;
  bool visit(const MinLengthConstraint &) override;
  bool visit(const MinPropertiesConstraint &) override;
  bool visit(const MultipleOfDoubleConstraint &) override;
  bool visit(const MultipleOfIntConstraint &) override;
  bool visit(const NotConstraint &) override;
  bool visit(const OneOfConstraint &) override;
  bool visit(const PatternConstraint &) override;
  bool visit(const PolyConstraint &) override;
  bool visit(const PropertiesConstraint &) override;
  bool visit(const PropertyNamesConstraint &) override;
  bool visit(const RequiredConstraint &) override;
  bool visit(const SingularItemsConstraint &) override;
  bool visit(const TypeConstraint &) override;
  bool visit(const UniqueItemsConstraint &) override;

 private:
  // A step is at most some 150 nanoseconds, so that no check takes more than one or two seconds.
  static constexpr size_t maximumSteps = 10'000'000;
  static constexpr size_t maximumDepth = 256;

  using Subschema = valijson::Subschema;

  void pay(size_t cost);
  // What comparing or scanning a text costs beyond a step.
  template <class Text>
  static size_t scanCost(const Text &text) {
    return text.size() / 64;
  }
  // What comparing a value with another one costs beyond a step, all that is in it included.
  static size_t compareCost(const Json &value);

  // Checks the same value, another one, or one below the current, which the pointer then names by `token`.
  bool check(const Subschema &schema, const Json &target);
  bool checkBelow(const Subschema &schema, const Json &target, const std::string &token);
  // As check, but a failure is no violation yet.
  bool holds(const Subschema &schema, const Json &target);
  bool matches(const std::string &text, const std::string &pattern);
  bool allUnique();

  // Notes the first violation; false.
  bool violation(const char *word);
  bool expect(bool isMet, const char *word) { return isMet || violation(word); }

  const Patterns &patterns;
  const Json *value;
  std::vector<std::string> path;
  size_t steps = 0;
  size_t depth = 0;
  // Above zero within branches that may fail, as those of anyOf.
  size_t trials = 0;
};

}  // namespace weir

#endif
