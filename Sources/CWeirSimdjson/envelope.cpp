// The request's top-level members: which are there, where, and none twice.
#include <algorithm>
#include <new>

#include "keys.hpp"

namespace {

// The order is that of EnvelopeMember in WeirWire, where a test compares the two.
constexpr std::string_view names[WEIR_ENVELOPE_MEMBERS] = {
    "model", "models", "stream", "stream_options", "user", "safety_identifier", "metadata", "temperature", "top_p",
    "max_tokens", "max_completion_tokens", "max_output_tokens", "n", "tools", "tool_choice", "messages", "input",
    "prompt", "seed", "usage", "functions", "background", "conversation",
};
enum { modelsMember = 1, streamOptionsMember = 3, metadataMember = 6 };

// Few keys are compared pair by pair; many are sorted, so that a hostile body costs n log n and no more.
constexpr size_t fewKeys = 32;

weir_json_range valueRange(const weir_json &json, const weir::Member &member) {
  return {json.tokens[member.key + 2], json.endOf(member.last)};
}

// A key's meaning; escapes are undone into `storage`, which the result then views.
std::string_view meaning(std::string_view raw, std::unique_ptr<uint8_t[]> &storage) {
  if (!weir::hasEscape(raw)) return raw;
  storage.reset(new uint8_t[raw.size()]);
  size_t count = weir_json_unescape(reinterpret_cast<const uint8_t *>(raw.data()), raw.size(), storage.get());
  return weir::text(storage.get(), count);
}

// The later of two equal keys, or WEIR_JSON_NONE.
uint32_t duplicateAmong(std::vector<weir::Key> &keys) {
  uint32_t found = WEIR_JSON_NONE;
  if (keys.size() <= fewKeys) {
    for (size_t later = 1; later < keys.size() && found == WEIR_JSON_NONE; ++later)
      for (size_t earlier = 0; earlier < later; ++earlier)
        if (keys[earlier].name == keys[later].name) found = keys[later].token;
    return found;
  }
  std::sort(keys.begin(), keys.end(), [](const weir::Key &a, const weir::Key &b) {
    int order = a.name.compare(b.name);
    return order != 0 ? order < 0 : a.token < b.token;
  });
  for (size_t i = 1; i < keys.size(); ++i)
    if (keys[i - 1].name == keys[i].name) found = std::min(found, keys[i].token);
  return found;
}

// Calls visit(key, value, last) for each member of an object that is not the root; the walk has validated it.
template <class Visit>
void forEachMember(const weir_json &json, uint32_t object, uint32_t close, Visit visit) {
  uint32_t depth = 0, key = object + 1;
  for (uint32_t token = object + 1; token <= close; ++token) {
    uint8_t byte = json.byteAt(token);
    if (depth == 0 && (byte == ',' || token == close)) {
      if (token > object + 1) visit(key, key + 2, token - 1);
      key = token + 1;
    } else if (byte == '{' || byte == '[') {
      ++depth;
    } else if (byte == '}' || byte == ']') {
      --depth;
    }
  }
}

void readModels(weir_json &json, const weir::Member &member) {
  uint32_t first = member.key + 2, depth = 0;
  if (json.byteAt(first) != '[') return;
  for (uint32_t token = first + 1; token < member.last; ++token) {
    uint8_t byte = json.byteAt(token);
    if (byte == '{' || byte == '[') ++depth;
    if (byte == '}' || byte == ']') --depth;
    if (depth == 0 && byte == '"') json.models.push_back({json.tokens[token], json.endOf(token)});
  }
}

// The value of `name` in a member that is an object; the last one counts where it stands twice.
weir_json_range readNested(weir_json &json, const weir::Member &member, std::string_view name) {
  weir_json_range range{0, 0};
  if (json.byteAt(member.key + 2) != '{') return range;
  forEachMember(json, member.key + 2, member.last, [&](uint32_t key, uint32_t value, uint32_t last) {
    if (weir::means(json, weir::rawText(json, key), name)) range = {json.tokens[value], json.endOf(last)};
  });
  return range;
}

void readMember(weir_json &json, const weir::Member &member, std::string_view name, weir_envelope &envelope) {
  for (size_t i = 0; i < WEIR_ENVELOPE_MEMBERS; ++i) {
    if (names[i] != name) continue;
    envelope.members[i] = valueRange(json, member);
    if (i == modelsMember) readModels(json, member);
    if (i == streamOptionsMember) envelope.include_usage = readNested(json, member, "include_usage");
    if (i == metadataMember) envelope.metadata_user_id = readNested(json, member, "user_id");
    return;
  }
}

// Notes a member that was asked for by name. Each name is there once at most: a doubled key is refused.
void readNamed(weir_json &json, const weir::Member &member, std::string_view name, const weir_names &names) {
  uint32_t start = 0;
  for (uint32_t i = 0; i < names.count; start = names.ends[i++]) {
    if (weir::text(names.bytes + start, names.ends[i] - start) != name) continue;
    json.named.push_back({i, json.tokens[member.key - 1], valueRange(json, member), json.tokens[member.last + 1]});
    return;
  }
}

weir_json_status readEnvelope(
    weir_json &json, const weir_names &names, weir_envelope &envelope, weir_json_range &fault) {
  std::vector<std::unique_ptr<uint8_t[]>> storage;
  json.keys.clear();
  for (const weir::Member &member : json.members) {
    std::unique_ptr<uint8_t[]> unescaped;
    std::string_view name = meaning(weir::rawText(json, member.key), unescaped);
    if (unescaped) storage.push_back(std::move(unescaped));
    json.keys.push_back({name, member.key});
    readMember(json, member, name, envelope);
    if (names.count > 0) readNamed(json, member, name, names);
  }
  uint32_t duplicate = duplicateAmong(json.keys);
  if (duplicate != WEIR_JSON_NONE) {
    fault = {json.tokens[duplicate], json.endOf(duplicate)};
    return weir_json_duplicate_key;
  }
  envelope.object_start = json.tokens[0];
  envelope.object_end = json.tokens[json.tokenCount - 1];
  envelope.member_count = static_cast<uint32_t>(json.members.size());
  envelope.models = json.models.data();
  envelope.model_count = static_cast<uint32_t>(json.models.size());
  envelope.named = json.named.data();
  envelope.named_count = static_cast<uint32_t>(json.named.size());
  return weir_json_valid;
}

}  // namespace

weir_json_status weir_envelope_read(
    weir_json *json, const uint8_t *bytes, size_t count, weir_names names, weir_envelope *envelope,
    weir_json_range *fault) noexcept {
  try {
    *envelope = weir_envelope{};
    weir_json_status status = json->index(bytes, count, false, *fault);
    if (status != weir_json_valid) return status;
    if (json->byteAt(0) != '{') {
      *fault = {json->tokens[0], json->tokens[0]};
      return weir_json_not_an_object;
    }
    return readEnvelope(*json, names, *envelope, *fault);
  } catch (...) {
    return weir_json_out_of_memory;
  }
}
