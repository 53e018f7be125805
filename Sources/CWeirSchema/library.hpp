// valijson, with exceptions: without this word its headers end the process at the first schema that is wrong.
#ifndef WEIR_SCHEMA_LIBRARY_HPP
#define WEIR_SCHEMA_LIBRARY_HPP

#define VALIJSON_USE_EXCEPTIONS 1

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/constraints/concrete_constraints.hpp>
#include <valijson/constraints/constraint_visitor.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>

#endif
