// The writer behind weir_canonical: a parser of its own, and what it writes into.
#ifndef WEIR_CANONICAL_HPP
#define WEIR_CANONICAL_HPP

#include <cstring>
#include <memory>
#include <vector>

#include "json.hpp"

namespace weir {

// A member of an object that is being written. `name` is an offset in the document or, with the highest bit set, among
// the names whose escapes were undone.
struct OrderedMember {
  uint32_t name;
  uint32_t nameCount;
  uint32_t key;
};

// A container that is being written; places are in the list of members for an object, tokens for an array.
struct OpenContainer {
  uint32_t first;
  uint32_t next;
  uint32_t end;
  bool isObject;
};

// Copies parts of a document; those that follow each other there are copied at once.
class RunWriter {
 public:
  RunWriter(const uint8_t *source, size_t count, uint8_t *out)
      : sourceEnd(source + count), runStart(source), runEnd(source), out(out) {}

  void copy(const uint8_t *start, const uint8_t *end) {
    if (start != runEnd) {
      flush();
      runStart = start;
    }
    runEnd = end;
  }

  void put(uint8_t byte) {
    if (runEnd != sourceEnd && *runEnd == byte) {
      ++runEnd;
      return;
    }
    flush();
    *out++ = byte;
    runStart = runEnd;
  }

  // One past the last byte written.
  uint8_t *finish() {
    flush();
    return out;
  }

 private:
  void flush() {
    size_t count = static_cast<size_t>(runEnd - runStart);
    if (count > 0) std::memcpy(out, runStart, count);
    out += count;
  }

  const uint8_t *const sourceEnd;
  const uint8_t *runStart;
  const uint8_t *runEnd;
  uint8_t *out;
};

}  // namespace weir

struct weir_canonical {
  weir_json json;
  std::unique_ptr<uint8_t[]> text;
  size_t textCapacity = 0;
  // The members of the objects that are open, each object's in order, the outermost object's first.
  std::vector<weir::OrderedMember> members;
  std::vector<weir::OpenContainer> open;
  // Names that had escapes, one after the other.
  std::vector<uint8_t> unescaped;

  // Writes the document that `json` has read; returns how many bytes. May throw std::bad_alloc.
  size_t write();

 private:
  const uint8_t *at(uint32_t token) const { return json.bytes + json.tokens[token]; }
  const uint8_t *nameOf(const weir::OrderedMember &member) const;
  bool precedes(const weir::OrderedMember &a, const weir::OrderedMember &b) const;
  uint32_t lastToken(uint32_t token) const;
  void writeValue(uint32_t token, weir::RunWriter &writer);
  void collect(uint32_t object);
  void addMember(uint32_t key);
  void sort(size_t first);
};

#endif
