// The constraints on a value by itself.
#include <algorithm>
#include <cmath>

#include "evaluation.hpp"

namespace weir {

namespace {

size_t codePoints(const std::string &text) {
  return std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xc0) != 0x80; });
}

bool isInteger(const Json &value) {
  if (value.is_number_integer()) return true;
  return value.is_number_float() && std::trunc(value.get<double>()) == value.get<double>();
}

// Decimal fractions are no binary ones: 0.3 counts as a multiple of 0.1.
bool isMultiple(double number, double divisor) {
  double quotient = number / divisor, nearest = std::round(quotient);
  if (!std::isfinite(quotient)) return false;
  // What is much smaller than the divisor is close to its 0th multiple, and none.
  if (nearest == 0) return number == 0;
  return std::abs(quotient - nearest) <= 1e-9 * std::abs(nearest);
}

// How much of a value there is to look at: 4 for a step.
size_t extent(const Json &value) {
  if (value.is_string()) return 1 + value.get_ref<const std::string &>().size() / 16;
  size_t sum = 1;
  if (value.is_array())
    for (const Json &item : value) sum += extent(item);
  if (value.is_object())
    for (auto member = value.begin(); member != value.end(); ++member)
      sum += member.key().size() / 16 + extent(*member);
  return sum;
}

bool hasType(const Json &value, valijson::constraints::TypeConstraint::JsonType type) {
  using Type = valijson::constraints::TypeConstraint;
  switch (type) {
    case Type::kAny: return true;
    case Type::kArray: return value.is_array();
    case Type::kBoolean: return value.is_boolean();
    case Type::kInteger: return isInteger(value);
    case Type::kNull: return value.is_null();
    case Type::kNumber: return value.is_number();
    case Type::kObject: return value.is_object();
    case Type::kString: return value.is_string();
  }
  return false;
}

}  // namespace

size_t Evaluation::compareCost(const Json &value) { return extent(value) / 4; }

bool Evaluation::visit(const TypeConstraint &constraint) {
  bool found = false;
  constraint.applyToNamedTypes([&](auto type) { return !(found = hasType(*value, type)); });
  return expect(found, "type");
}

bool Evaluation::visit(const ConstConstraint &constraint) {
  pay(1 + compareCost(*value));
  return expect(constraint.getValue()->equalTo(valijson::adapters::NlohmannJsonAdapter(*value), true), "const");
}

bool Evaluation::visit(const EnumConstraint &constraint) {
  valijson::adapters::NlohmannJsonAdapter adapter(*value);
  size_t cost = 1 + compareCost(*value);
  bool found = false;
  constraint.applyToValues([&](const valijson::adapters::FrozenValue &allowed) {
    pay(cost);
    return !(found = allowed.equalTo(adapter, true));
  });
  return expect(found, "enum");
}

// An annotation, as JSON Schema has it by default.
bool Evaluation::visit(const FormatConstraint &) { return true; }

// None is ever made, since no constraint builder is registered.
bool Evaluation::visit(const PolyConstraint &) { return true; }

// MARK: Numbers

bool Evaluation::visit(const MaximumConstraint &constraint) {
  if (!value->is_number()) return true;
  double number = value->get<double>(), bound = constraint.getMaximum();
  if (constraint.getExclusiveMaximum()) return expect(number < bound, "exclusiveMaximum");
  return expect(number <= bound, "maximum");
}

bool Evaluation::visit(const MinimumConstraint &constraint) {
  if (!value->is_number()) return true;
  double number = value->get<double>(), bound = constraint.getMinimum();
  if (constraint.getExclusiveMinimum()) return expect(number > bound, "exclusiveMinimum");
  return expect(number >= bound, "minimum");
}

bool Evaluation::visit(const MultipleOfDoubleConstraint &constraint) {
  return expect(!value->is_number() || isMultiple(value->get<double>(), constraint.getDivisor()), "multipleOf");
}

bool Evaluation::visit(const MultipleOfIntConstraint &constraint) {
  if (!value->is_number()) return true;
  if (value->is_number_unsigned() || !value->is_number_integer())
    return expect(
        value->is_number_unsigned() ? value->get<uint64_t>() % static_cast<uint64_t>(constraint.getDivisor()) == 0
                                    : std::fmod(value->get<double>(), constraint.getDivisor()) == 0,
        "multipleOf");
  return expect(value->get<int64_t>() % constraint.getDivisor() == 0, "multipleOf");
}

// MARK: Strings

bool Evaluation::visit(const MaxLengthConstraint &constraint) {
  if (!value->is_string()) return true;
  const auto &text = value->get_ref<const std::string &>();
  pay(scanCost(text));
  return expect(codePoints(text) <= constraint.getMaxLength(), "maxLength");
}

bool Evaluation::visit(const MinLengthConstraint &constraint) {
  if (!value->is_string()) return true;
  const auto &text = value->get_ref<const std::string &>();
  pay(scanCost(text));
  return expect(codePoints(text) >= constraint.getMinLength(), "minLength");
}

bool Evaluation::visit(const PatternConstraint &constraint) {
  if (!value->is_string()) return true;
  std::string pattern;
  constraint.getPattern(pattern);
  return expect(matches(value->get_ref<const std::string &>(), pattern), "pattern");
}

bool Evaluation::matches(const std::string &text, const std::string &pattern) {
  const re2::RE2 *expression = patterns.find(pattern);
  if (!expression) throw Exhausted();
  // At worst RE2 walks its whole program for each byte, at some nanoseconds an instruction.
  pay(1 + text.size() * static_cast<size_t>(expression->ProgramSize()) / 16);
  return re2::RE2::PartialMatch(text, *expression);
}

// MARK: Containers

bool Evaluation::visit(const MaxItemsConstraint &constraint) {
  return expect(!value->is_array() || value->size() <= constraint.getMaxItems(), "maxItems");
}

bool Evaluation::visit(const MinItemsConstraint &constraint) {
  return expect(!value->is_array() || value->size() >= constraint.getMinItems(), "minItems");
}

bool Evaluation::visit(const MaxPropertiesConstraint &constraint) {
  return expect(!value->is_object() || value->size() <= constraint.getMaxProperties(), "maxProperties");
}

bool Evaluation::visit(const MinPropertiesConstraint &constraint) {
  return expect(!value->is_object() || value->size() >= constraint.getMinProperties(), "minProperties");
}

bool Evaluation::visit(const RequiredConstraint &constraint) {
  if (!value->is_object()) return true;
  bool result = true;
  constraint.applyToRequiredProperties([&](const auto &name) {
    pay(1 + scanCost(name));
    if (value->find(name.c_str()) != value->end()) return true;
    path.push_back(name.c_str());
    result = violation("required");
    path.pop_back();
    return result;
  });
  return result;
}

bool Evaluation::visit(const UniqueItemsConstraint &) {
  return expect(!value->is_array() || allUnique(), "uniqueItems");
}

// Sorted, so that a long array does not cost its square.
bool Evaluation::allUnique() {
  std::vector<const Json *> items;
  items.reserve(value->size());
  for (const Json &item : *value) items.push_back(&item);
  // Each is compared some so many times, whatever it holds.
  pay((1 + compareCost(*value)) * (1 + static_cast<size_t>(std::log2(items.size() + 1))));
  std::sort(items.begin(), items.end(), [](const Json *left, const Json *right) { return *left < *right; });
  return std::adjacent_find(items.begin(), items.end(), [](const Json *left, const Json *right) {
           return *left == *right;
         }) == items.end();
}

}  // namespace weir
