#ifndef CWEIRYAML_H
#define CWEIRYAML_H

#include <stddef.h>

/// Reads a YAML text in UTF-8, event by event. Not for more than one thread at a time.
typedef struct weir_yaml weir_yaml;

typedef enum {
  /// The beginning or end of a document, or the beginning of the text.
  WEIR_YAML_BORDER,
  /// The end of the text.
  WEIR_YAML_END,
  /// A single value, in `text`.
  WEIR_YAML_SCALAR,
  /// The value whose name is in `anchor`, once more.
  WEIR_YAML_ALIAS,
  /// The begin of a list, and of keys with values; both end by `WEIR_YAML_CLOSE`.
  WEIR_YAML_SEQUENCE,
  WEIR_YAML_MAPPING,
  WEIR_YAML_CLOSE,
  /// `text` says what is wrong. Nothing may be read after this, nor after the two that follow.
  WEIR_YAML_INVALID,
  /// The byte at `offset` may not be in YAML; `text` says why.
  WEIR_YAML_UNREADABLE,
  WEIR_YAML_NO_MEMORY,
} weir_yaml_kind;

/// Pointers stay as long as the event: until the next is read.
typedef struct {
  weir_yaml_kind kind;
  /// Where it begins, from 1; where the fault is.
  size_t line;
  size_t offset;
  /// Not ended by a zero, which it may hold.
  const char *text;
  size_t length;
  /// Whether the value has neither quotes nor a block's sign.
  int is_plain;
  /// The value's name, or null.
  const char *anchor;
} weir_yaml_event;

/// The bytes must stay until the reader is closed. Null where memory is lacking.
weir_yaml *weir_yaml_open(const unsigned char *bytes, size_t count);
weir_yaml_event weir_yaml_next(weir_yaml *yaml);
void weir_yaml_close(weir_yaml *yaml);

#endif
