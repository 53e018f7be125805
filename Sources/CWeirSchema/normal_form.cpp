#include "normal_form.hpp"

#include "CWeirSchema.h"

namespace weir {

namespace {

// The member, or NULL.
const Json *member(const Json &object, const char *name) {
  auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

// valijson keeps C strings, so a name with a NUL would be cut.
const std::string &plainName(const std::string &name) {
  if (name.find('\0') != std::string::npos) throw Unusable();
  return name;
}

void requireStrings(const Json &list) {
  if (!list.is_array()) throw Unusable();
  for (const Json &item : list) {
    if (!item.is_string()) throw Unusable();
    plainName(item.get_ref<const std::string &>());
  }
}

void also(Json &schema, Json further) {
  if (schema.find("allOf") == schema.end()) schema["allOf"] = Json::array();
  schema["allOf"].push_back(std::move(further));
}

}  // namespace

Json NormalForm::make() {
  indexOf(source);
  Json copies = Json::object();
  size_t summedDepth = 0;
  for (current = 0; current < definitions.size(); ++current) {
    deepest = 0;
    Json &definition = copies[std::to_string(current)] = Json::object();
    // Wrapped, since valijson looks up the schemas of `if` and `propertyNames` under the path of the schema around
    // them, and would find that one where it is a definition.
    also(definition, copy(*definitions[current], 1, true));
    summedDepth += 1 + deepest;
    if (summedDepth > maximumSummedDepth) throw Unusable();
  }
  refuseCycles();
  Json root = Json::object();
  root["definitions"] = std::move(copies);
  also(root, {{"$ref", "#/definitions/0"}});
  return root;
}

Json NormalForm::copy(const Json &schema, size_t depth, bool inPlace) {
  if (++schemaCount > maximumSchemas || depth > WEIR_SCHEMA_MAXIMUM_DEPTH) throw Unusable();
  deepest = std::max(deepest, depth);
  if (schema.is_boolean()) return schema;
  if (!schema.is_object()) throw Unusable();
  if (member(schema, "$dynamicRef") || member(schema, "$recursiveRef")) throw Unusable();
  Json result = copyKeywords(schema, depth, inPlace);
  if (const Json *target = member(schema, "$ref")) {
    Json link = reference(resolve(target->get_ref<const std::string &>()), inPlace);
    if (result.empty()) return link;
    // Since 2019-09 the words beside a reference count too.
    also(result, std::move(link));
  }
  return result;
}

Json NormalForm::copyKeywords(const Json &schema, size_t depth, bool inPlace) {
  Json result = Json::object();
  for (const char *name : {"allOf", "anyOf", "oneOf"})
    if (const Json *schemas = member(schema, name)) result[name] = copyAll(*schemas, depth, inPlace);
  for (const char *name : {"not", "if", "then", "else"})
    if (const Json *child = member(schema, name)) result[name] = copy(*child, depth + 1, inPlace);
  for (const char *name : {"additionalProperties", "propertyNames"})
    if (const Json *child = member(schema, name)) result[name] = copy(*child, depth + 1, false);
  if (const Json *properties = member(schema, "properties"))
    result["properties"] = copyNamed(*properties, depth, false);
  for (const char *name : {"const", "uniqueItems"})
    if (const Json *value = member(schema, name)) result[name] = *value;
  if (const Json *values = member(schema, "enum")) {
    if (!values->is_array()) throw Unusable();
    result["enum"] = *values;
  }
  if (const Json *required = member(schema, "required")) {
    requireStrings(*required);
    result["required"] = *required;
  }
  if (const Json *type = member(schema, "type")) {
    if (!type->is_string()) requireStrings(*type);
    result["type"] = *type;
  }
  copyItems(schema, result, depth);
  copyDependencies(schema, result, depth, inPlace);
  copyBounds(schema, result);
  copyPatterns(schema, result, depth);
  return result;
}

// Draft 2020-12's prefixItems and items are draft 7's items and additionalItems.
void NormalForm::copyItems(const Json &schema, Json &result, size_t depth) {
  const Json *prefix = member(schema, "prefixItems"), *items = member(schema, "items");
  const Json *rest = items;
  if (items && items->is_array()) {
    prefix = items;
    rest = member(schema, "additionalItems");
  }
  if (prefix) {
    result["items"] = copyAll(*prefix, depth, false);
    if (rest) result["additionalItems"] = copy(*rest, depth + 1, false);
  } else if (items) {
    result["items"] = copy(*items, depth + 1, false);
  }
  const Json *least = member(schema, "minContains");
  bool isOptional = least && least->is_number() && least->get<double>() <= 0;
  if (const Json *contained = member(schema, "contains"); contained && !isOptional)
    result["contains"] = copy(*contained, depth + 1, false);
}

// Draft 2019-09 split dependencies in two.
void NormalForm::copyDependencies(const Json &schema, Json &result, size_t depth, bool inPlace) {
  for (const char *name : {"dependencies", "dependentRequired", "dependentSchemas"}) {
    const Json *dependencies = member(schema, name);
    if (!dependencies) continue;
    if (!dependencies->is_object()) throw Unusable();
    Json copied = Json::object();
    for (auto &item : dependencies->items()) {
      if (item.value().is_array()) requireStrings(item.value());
      copied[plainName(item.key())] =
          item.value().is_array() ? item.value() : copy(item.value(), depth + 2, inPlace);
    }
    also(result, {{"dependencies", std::move(copied)}});
  }
}

void NormalForm::copyBounds(const Json &schema, Json &result) {
  for (const char *name : {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"}) {
    const Json *bound = member(schema, name);
    if (!bound) continue;
    if (!bound->is_number()) throw Unusable();
    double number = bound->get<double>();
    if (!(number >= 0 && number <= 9e15)) throw Unusable();
    result[name] = static_cast<int64_t>(number);
  }
  for (const char *name : {"minimum", "maximum", "multipleOf"}) {
    const Json *bound = member(schema, name);
    if (!bound) continue;
    if (!bound->is_number()) throw Unusable();
    result[name] = *bound;
  }
  if (auto divisor = result.find("multipleOf"); divisor != result.end()) {
    if (!(divisor->get<double>() > 0)) throw Unusable();
    // valijson keeps whole divisors in 64 bits with a sign: a larger one would come out as another, 2^64 - 1 as -1, by which
    // the smallest number cannot be divided (SIGFPE).
    if (divisor->is_number_unsigned() && divisor->get<uint64_t>() > INT64_MAX) *divisor = divisor->get<double>();
  }
  for (auto [exclusive, plain] : {std::pair{"exclusiveMinimum", "minimum"}, {"exclusiveMaximum", "maximum"}}) {
    const Json *bound = member(schema, exclusive);
    if (!bound) continue;
    if (bound->is_number()) {
      result[exclusive] = *bound;
    } else if (!bound->is_boolean()) {
      throw Unusable();
    } else if (bound->get<bool>() && member(result, plain)) {
      // Draft 4, and OpenAPI 3.0 after it, turn the plain bound into an exclusive one.
      result[exclusive] = result[plain];
      result.erase(plain);
    }
  }
}

void NormalForm::copyPatterns(const Json &schema, Json &result, size_t depth) {
  if (const Json *pattern = member(schema, "pattern")) {
    patterns.add(pattern->get_ref<const std::string &>());
    result["pattern"] = *pattern;
  }
  if (const Json *named = member(schema, "patternProperties")) {
    result["patternProperties"] = copyNamed(*named, depth, false);
    for (auto &item : named->items()) patterns.add(item.key());
  }
}

Json NormalForm::copyAll(const Json &schemas, size_t depth, bool inPlace) {
  if (!schemas.is_array()) throw Unusable();
  Json result = Json::array();
  for (const Json &schema : schemas) result.push_back(copy(schema, depth + 1, inPlace));
  return result;
}

Json NormalForm::copyNamed(const Json &schemas, size_t depth, bool inPlace) {
  if (!schemas.is_object()) throw Unusable();
  Json result = Json::object();
  for (auto &item : schemas.items()) result[plainName(item.key())] = copy(item.value(), depth + 1, inPlace);
  return result;
}

// MARK: References

Json NormalForm::reference(const Json &target, bool inPlace) {
  size_t index = indexOf(target);
  if (inPlace) inPlaceReferences[current].push_back(index);
  return {{"$ref", "#/definitions/" + std::to_string(index)}};
}

size_t NormalForm::indexOf(const Json &schema) {
  auto [entry, isNew] = indices.emplace(&schema, definitions.size());
  if (isNew) {
    definitions.push_back(&schema);
    inPlaceReferences.emplace_back();
  }
  return entry->second;
}

// Only places in this very document: "#" or "#/...", percent-encoding undone.
const Json &NormalForm::resolve(const std::string &reference) const {
  if (reference.empty() || reference[0] != '#') throw Unusable();
  std::string pointer;
  for (size_t at = 1; at < reference.size(); ++at) {
    bool isEncoded = reference[at] == '%' && at + 2 < reference.size() && std::isxdigit(reference[at + 1]) &&
                     std::isxdigit(reference[at + 2]);
    pointer += isEncoded ? static_cast<char>(std::stoi(reference.substr(at + 1, 2), nullptr, 16)) : reference[at];
    if (isEncoded) at += 2;
  }
  // Throws what is no pointer, an anchor for one, and what points nowhere.
  return source.at(Json::json_pointer(pointer));
}

// A schema that comes back to itself without going down into the value would never end.
void NormalForm::refuseCycles() const {
  enum State { fresh, open, done };
  std::vector<State> states(definitions.size(), fresh);
  std::vector<std::pair<size_t, size_t>> path;
  for (size_t start = 0; start < definitions.size(); ++start) {
    if (states[start] != fresh) continue;
    path.push_back({start, 0});
    states[start] = open;
    while (!path.empty()) {
      auto &[index, next] = path.back();
      if (next == inPlaceReferences[index].size()) {
        states[index] = done;
        path.pop_back();
        continue;
      }
      size_t target = inPlaceReferences[index][next++];
      if (states[target] == open) throw Unusable();
      if (states[target] == fresh) {
        states[target] = open;
        path.push_back({target, 0});
      }
    }
  }
}

}  // namespace weir
