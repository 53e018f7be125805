// The C interface: everything that may throw ends here.
#include "CWeirSchema.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "evaluation.hpp"
#include "library.hpp"
#include "normal_form.hpp"

struct weir_schema {
  weir::Patterns patterns;
  valijson::Schema constraints;
  size_t textBytes = 0;
};

weir_schema *weir_schema_compile(const uint8_t *bytes, size_t count) noexcept {
  if (count > WEIR_SCHEMA_MAXIMUM_BYTES) return nullptr;
  // Literals in a schema count too, and are compared by recursion.
  constexpr size_t deepest = 2 * WEIR_SCHEMA_MAXIMUM_DEPTH;
  if (weir::nestingDepth(bytes, count, deepest) > deepest) return nullptr;
  try {
    auto schema = std::make_unique<weir_schema>();
    schema->textBytes = count;
    const weir::Json document = weir::parseDocument(bytes, count);
    const weir::Json normal = weir::NormalForm(document, schema->patterns).make();
    // Without a function that fetches documents, valijson reads none.
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(normal), schema->constraints);
    return schema.release();
  } catch (...) {
    return nullptr;
  }
}

size_t weir_schema_stack_bytes() noexcept {
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(undefined_behavior_sanitizer)
  return 128U << 20U;
#else
  return 6U << 20U;
#endif
}

// Measured: 20 bytes a byte of usual schemas, 80 where a schema is little but empty ones.
size_t weir_schema_memory(const weir_schema *schema) noexcept {
  return 1024 + 80 * schema->textBytes + schema->patterns.memory();
}

void weir_schema_destroy(weir_schema *schema) noexcept { delete schema; }

namespace {

void tell(const weir::Evaluation &evaluation, weir_schema_place *place) {
  place->keyword = evaluation.keyword;
  place->path_count = std::min(place->path_capacity, evaluation.pointer.size());
  std::memcpy(place->path, evaluation.pointer.data(), place->path_count);
}

}  // namespace

weir_schema_result weir_schema_check(
    const weir_schema *schema, const uint8_t *arguments, size_t count, weir_schema_place *place) noexcept {
  place->path_count = 0;
  place->keyword = nullptr;
  if (count > WEIR_SCHEMA_MAXIMUM_ARGUMENT_BYTES) return weir_schema_unchecked;
  constexpr size_t deepest = WEIR_SCHEMA_MAXIMUM_ARGUMENT_DEPTH;
  if (weir::nestingDepth(arguments, count, deepest) > deepest) return weir_schema_unchecked;
  try {
    const weir::Json document = weir::parseDocument(arguments, count);
    if (!document.is_object()) {
      place->keyword = "type";
      return weir_schema_mismatch;
    }
    weir::Evaluation evaluation(schema->patterns, document);
    if (evaluation.satisfies(schema->constraints)) return weir_schema_valid;
    tell(evaluation, place);
    return weir_schema_mismatch;
  } catch (const weir::Json::parse_error &) {
    return weir_schema_invalid_json;
  } catch (const weir::Exhausted &) {
    return weir_schema_unusable;
  } catch (...) {
    return weir_schema_unchecked;
  }
}
