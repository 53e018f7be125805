// The canonical form of a document: white space goes, the members of each object come in the order of their names, and
// everything else stays as it is spelled. So two documents have one form exactly when nothing else tells them apart.
#include "canonical.hpp"

#include <algorithm>
#include <new>

#include "keys.hpp"

namespace {

constexpr uint32_t unescapedName = uint32_t{1} << 31;

// Few members are put in order by insertion, which is quick where they already are in order.
constexpr size_t fewMembers = 16;

}  // namespace

const uint8_t *weir_canonical::nameOf(const weir::OrderedMember &member) const {
  return member.name & unescapedName ? unescaped.data() + (member.name & ~unescapedName) : json.bytes + member.name;
}

// Names are compared as they read, so that members of one meaning keep their order however they are spelled: an
// upstream that takes the last one answers by it.
bool weir_canonical::precedes(const weir::OrderedMember &a, const weir::OrderedMember &b) const {
  int order = std::memcmp(nameOf(a), nameOf(b), std::min(a.nameCount, b.nameCount));
  if (order != 0) return order < 0;
  return a.nameCount != b.nameCount ? a.nameCount < b.nameCount : a.key < b.key;
}

uint32_t weir_canonical::lastToken(uint32_t token) const {
  uint8_t byte = json.byteAt(token);
  return byte == '{' || byte == '[' ? json.closers[token] : token;
}

void weir_canonical::addMember(uint32_t key) {
  uint32_t start = json.tokens[key] + 1, count = json.endOf(key) - 1 - start;
  if (!weir::hasEscape(weir::text(json.bytes + start, count))) {
    members.push_back({start, count, key});
    return;
  }
  uint32_t place = static_cast<uint32_t>(unescaped.size());
  unescaped.resize(place + count);
  size_t written = weir_json_unescape(json.bytes + start, count, unescaped.data() + place);
  unescaped.resize(place + written);
  members.push_back({place | unescapedName, static_cast<uint32_t>(written), key});
}

void weir_canonical::sort(size_t first) {
  auto begin = members.begin() + static_cast<ptrdiff_t>(first);
  auto comesBefore = [this](const weir::OrderedMember &a, const weir::OrderedMember &b) { return precedes(a, b); };
  if (members.size() - first > fewMembers) {
    if (!std::is_sorted(begin, members.end(), comesBefore)) std::sort(begin, members.end(), comesBefore);
    return;
  }
  for (size_t next = first + 1; next < members.size(); ++next) {
    weir::OrderedMember member = members[next];
    size_t place = next;
    for (; place > first && precedes(member, members[place - 1]); --place) members[place] = members[place - 1];
    members[place] = member;
  }
}

// Appends the members of an object that is not empty.
void weir_canonical::collect(uint32_t object) {
  size_t first = members.size();
  uint32_t close = json.closers[object];
  for (uint32_t key = object + 1; key < close; key = lastToken(weir_json_value_of(key)) + 2) addMember(key);
  sort(first);
}

// Writes a scalar whole, of a container its opening.
void weir_canonical::writeValue(uint32_t token, weir::RunWriter &writer) {
  uint8_t byte = json.byteAt(token);
  if (byte == '[') {
    writer.copy(at(token), at(token) + 1);
    open.push_back({token + 1, token + 1, json.closers[token], false});
  } else if (byte == '{') {
    writer.copy(at(token), at(token) + 1);
    uint32_t first = static_cast<uint32_t>(members.size());
    collect(token);
    open.push_back({first, first, static_cast<uint32_t>(members.size()), true});
  } else {
    writer.copy(at(token), json.bytes + json.endOf(token));
  }
}

size_t weir_canonical::write() {
  members.clear();
  open.clear();
  unescaped.clear();
  weir::RunWriter writer(json.bytes, json.count, text.get());
  writeValue(0, writer);
  while (!open.empty()) {
    weir::OpenContainer &container = open.back();
    // An array's end is passed by one when its last element has no comma behind it.
    if (container.next >= container.end) {
      writer.put(container.isObject ? '}' : ']');
      if (container.isObject) members.resize(container.first);
      open.pop_back();
      continue;
    }
    if (container.next != container.first) writer.put(',');
    uint32_t value = container.next;
    if (container.isObject) {
      uint32_t key = members[container.next++].key;
      writer.copy(at(key), json.bytes + json.endOf(key));
      writer.put(':');
      value = weir_json_value_of(key);
    } else {
      container.next = lastToken(value) + 2;
    }
    writeValue(value, writer);
  }
  return static_cast<size_t>(writer.finish() - text.get());
}

weir_canonical *weir_canonical_create(void) noexcept { return new (std::nothrow) weir_canonical; }

void weir_canonical_destroy(weir_canonical *canonical) noexcept { delete canonical; }

void weir_canonical_trim(weir_canonical *canonical, size_t keep) noexcept {
  weir_json_trim(&canonical->json, keep);
  if (canonical->textCapacity > keep) {
    canonical->text.reset();
    canonical->textCapacity = 0;
  }
  if (canonical->members.capacity() * sizeof(weir::OrderedMember) > keep)
    std::vector<weir::OrderedMember>().swap(canonical->members);
  if (canonical->unescaped.capacity() > keep) std::vector<uint8_t>().swap(canonical->unescaped);
}

weir_json_status weir_canonical_write(
    weir_canonical *canonical, const uint8_t *bytes, size_t count, const uint8_t **text,
    size_t *text_count) noexcept {
  try {
    weir_json_range fault;
    weir_json_status status = canonical->json.index(bytes, count, true, fault);
    if (status != weir_json_valid) return status;
    if (canonical->textCapacity < count) {
      canonical->text.reset();
      canonical->textCapacity = 0;
      size_t capacity = count + count / 2;
      canonical->text.reset(new uint8_t[capacity]);
      canonical->textCapacity = capacity;
    }
    *text_count = canonical->write();
    *text = canonical->text.get();
    return weir_json_valid;
  } catch (...) {
    return weir_json_out_of_memory;
  }
}
