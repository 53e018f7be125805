// JSON text into nlohmann's documents, under bounds.
#ifndef WEIR_SCHEMA_DOCUMENT_HPP
#define WEIR_SCHEMA_DOCUMENT_HPP

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>

namespace weir {

using Json = nlohmann::json;

// How deep the brackets outside of strings nest, counting no further than `limit` + 1.
size_t nestingDepth(const uint8_t *bytes, size_t count, size_t limit);

// Parses with a lone surrogate in an escape read as U+FFFD, as JavaScript and Python let it pass.
// Throws Json::parse_error; Json::out_of_range for a number beyond double.
Json parseDocument(const uint8_t *bytes, size_t count);

}  // namespace weir

#endif
