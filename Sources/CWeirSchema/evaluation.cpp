// The walk itself: steps, depth, where in the value, and the constraints that apply other schemas.
#include "evaluation.hpp"

#include <set>
#include <string_view>

namespace weir {

namespace {

// Raises a count for as long as a scope lasts, exceptions included.
class Raised {
 public:
  explicit Raised(size_t &count) : count(count) { ++count; }
  ~Raised() { --count; }
  Raised(const Raised &) = delete;

 private:
  size_t &count;
};

// RFC 6901's escapes.
std::string inPointer(const std::string &token) {
  std::string result = "/";
  for (char character : token) {
    if (character == '~') result += "~0";
    else if (character == '/') result += "~1";
    else result += character;
  }
  return result;
}

// A key that the schema does not name may be data.
const std::string unnamed = "*";

}  // namespace

bool Evaluation::satisfies(const Subschema &schema) { return check(schema, *value); }

void Evaluation::pay(size_t cost) {
  steps += cost;
  if (steps > maximumSteps) throw Exhausted();
}

bool Evaluation::check(const Subschema &schema, const Json &target) {
  pay(1);
  if (schema.getAlwaysInvalid()) return violation("false");
  Raised level(depth);
  if (depth > maximumDepth) throw Exhausted();
  const Json *outer = value;
  value = &target;
  Subschema::ApplyFunction apply = [this](const valijson::constraints::Constraint &constraint) {
    pay(1);
    return constraint.accept(*this);
  };
  bool result = schema.applyStrict(apply);
  value = outer;
  return result;
}

bool Evaluation::checkBelow(const Subschema &schema, const Json &target, const std::string &token) {
  path.push_back(token);
  bool result = check(schema, target);
  path.pop_back();
  return result;
}

bool Evaluation::holds(const Subschema &schema, const Json &target) {
  Raised trial(trials);
  return check(schema, target);
}

bool Evaluation::violation(const char *word) {
  if (trials > 0 || keyword) return false;
  keyword = word;
  for (const std::string &token : path) pointer += inPointer(token);
  return false;
}

// MARK: Schemas for the same value

bool Evaluation::visit(const AllOfConstraint &constraint) {
  bool result = true;
  constraint.applyToSubschemas([&](unsigned, const Subschema *schema) { return result = check(*schema, *value); });
  return result;
}

bool Evaluation::visit(const AnyOfConstraint &constraint) {
  bool found = false;
  constraint.applyToSubschemas([&](unsigned, const Subschema *schema) { return !(found = holds(*schema, *value)); });
  return expect(found, "anyOf");
}

bool Evaluation::visit(const OneOfConstraint &constraint) {
  size_t count = 0;
  constraint.applyToSubschemas(
      [&](unsigned, const Subschema *schema) { return (count += holds(*schema, *value)) < 2; });
  return expect(count == 1, "oneOf");
}

bool Evaluation::visit(const NotConstraint &constraint) {
  return expect(!holds(*constraint.getSubschema(), *value), "not");
}

bool Evaluation::visit(const ConditionalConstraint &constraint) {
  const Subschema *branch = holds(*constraint.getIfSubschema(), *value) ? constraint.getThenSubschema()
                                                                         : constraint.getElseSubschema();
  return !branch || check(*branch, *value);
}

bool Evaluation::visit(const DependenciesConstraint &constraint) {
  if (!value->is_object()) return true;
  bool result = true;
  constraint.applyToPropertyDependencies([&](const auto &name, const auto &required) {
    pay(1 + scanCost(name));
    if (value->find(name.c_str()) == value->end()) return true;
    for (const auto &dependency : required) {
      pay(1 + scanCost(dependency));
      result = expect(value->find(dependency.c_str()) != value->end(), "dependentRequired");
      if (!result) break;
    }
    return result;
  });
  if (!result) return false;
  constraint.applyToSchemaDependencies([&](const auto &name, const Subschema *schema) {
    pay(1 + scanCost(name));
    return result = value->find(name.c_str()) == value->end() || check(*schema, *value);
  });
  return result;
}

// MARK: Schemas for what is in the value

bool Evaluation::visit(const PropertiesConstraint &constraint) {
  if (!value->is_object()) return true;
  bool result = true;
  std::set<std::string_view> matched;
  constraint.applyToProperties([&](const auto &name, const Subschema *schema) {
    pay(1 + scanCost(name));
    auto found = value->find(name.c_str());
    if (found == value->end()) return true;
    matched.insert(found.key());
    return result = checkBelow(*schema, *found, found.key());
  });
  if (!result) return false;
  constraint.applyToPatternProperties([&](const auto &pattern, const Subschema *schema) {
    for (auto member = value->begin(); result && member != value->end(); ++member) {
      if (!matches(member.key(), pattern.c_str())) continue;
      matched.insert(member.key());
      result = checkBelow(*schema, *member, unnamed);
    }
    return result;
  });
  if (!result || matched.size() == value->size()) return result;
  const Subschema *additional = constraint.getAdditionalPropertiesSubschema();
  if (!additional) return violation("additionalProperties");
  for (auto member = value->begin(); member != value->end(); ++member) {
    pay(1 + scanCost(member.key()));
    if (matched.count(member.key()) == 0 && !checkBelow(*additional, *member, unnamed)) return false;
  }
  return true;
}

bool Evaluation::visit(const PropertyNamesConstraint &constraint) {
  if (!value->is_object()) return true;
  for (auto member = value->begin(); member != value->end(); ++member) {
    pay(scanCost(member.key()));
    Json name = member.key();
    if (!holds(*constraint.getSubschema(), name)) return violation("propertyNames");
  }
  return true;
}

bool Evaluation::visit(const SingularItemsConstraint &constraint) {
  const Subschema *schema = constraint.getItemsSubschema();
  if (!value->is_array() || !schema) return true;
  size_t index = 0;
  for (const Json &item : *value)
    if (!checkBelow(*schema, item, std::to_string(index++))) return false;
  return true;
}

bool Evaluation::visit(const LinearItemsConstraint &constraint) {
  if (!value->is_array()) return true;
  bool result = true;
  constraint.applyToItemSubschemas([&](unsigned index, const Subschema *schema) {
    if (index >= value->size()) return false;
    return result = checkBelow(*schema, (*value)[index], std::to_string(index));
  });
  size_t index = constraint.getItemSubschemaCount();
  if (!result || index >= value->size()) return result;
  const Subschema *additional = constraint.getAdditionalItemsSubschema();
  if (!additional) return violation("items");
  for (; result && index < value->size(); ++index)
    result = checkBelow(*additional, (*value)[index], std::to_string(index));
  return result;
}

bool Evaluation::visit(const ContainsConstraint &constraint) {
  if (!value->is_array()) return true;
  for (const Json &item : *value)
    if (holds(*constraint.getSubschema(), item)) return true;
  return violation("contains");
}

}  // namespace weir
