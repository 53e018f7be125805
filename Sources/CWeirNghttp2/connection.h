#ifndef CWEIR_NGHTTP2_CONNECTION_H
#define CWEIR_NGHTTP2_CONNECTION_H

#include "CWeirNghttp2.h"

#include <nghttp2/nghttp2.h>

struct weir_h2 {
  nghttp2_session *session;
  weir_h2_events events;
  void *owner;
  /// The head that is being read, and what was read of it, left out lines included.
  uint8_t *lines;
  size_t lines_length;
  size_t lines_capacity;
  size_t head_bytes;
  int status;
  /// The last request that was given out; they leave in the order of their numbers.
  int32_t last_left;
  /// What nghttp2 made and nobody has taken yet; its own memory, until it is asked for more.
  const uint8_t *left;
  size_t left_length;
};

#endif
