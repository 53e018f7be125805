#include "connection.h"

#include <stdlib.h>
#include <string.h>

/// A head with more bytes than this is an attack or a fault. The same over HTTP/1.1.
enum { MAX_HEAD = 256 * 1024, FIRST_LINES = 2048 };

/// More frames than this that wait to be sent are answers to a server that reads none.
enum { MAX_WAITING = 10000 };

static void *stream_of(nghttp2_session *session, int32_t id) {
  return nghttp2_session_get_stream_user_data(session, id);
}

static int refuse(weir_h2 *connection, int32_t id, weir_h2_fault fault) {
  void *stream = stream_of(connection->session, id);
  if (stream != NULL) connection->events.refused(connection->owner, stream, fault);
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

// MARK: Heads. One at a time: the frames of a head come together.

static bool put(weir_h2 *connection, const void *bytes, size_t length) {
  size_t needed = connection->lines_length + length;
  if (needed > connection->lines_capacity) {
    size_t capacity = needed * 2 < FIRST_LINES ? FIRST_LINES : needed * 2;
    uint8_t *grown = realloc(connection->lines, capacity);
    if (grown == NULL) return false;
    connection->lines = grown;
    connection->lines_capacity = capacity;
  }
  memcpy(connection->lines + connection->lines_length, bytes, length);
  connection->lines_length += length;
  return true;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *context) {
  (void)session;
  (void)frame;
  weir_h2 *connection = context;
  connection->lines_length = 0;
  connection->head_bytes = 0;
  connection->status = 0;
  return 0;
}

static bool is_blank(uint8_t byte) { return byte == ' ' || byte == '\t'; }

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_length,
                     const uint8_t *value, size_t value_length, uint8_t flags, void *context) {
  (void)session;
  (void)flags;
  weir_h2 *connection = context;
  connection->head_bytes += name_length + value_length + 4;
  if (connection->head_bytes > MAX_HEAD) return refuse(connection, frame->hd.stream_id, WEIR_H2_HEAD_TOO_LARGE);
  if (name_length > 0 && name[0] == ':') {
    // nghttp2 lets `:status` through alone, with three digits.
    if (value_length == 3) connection->status = (value[0] - '0') * 100 + (value[1] - '0') * 10 + (value[2] - '0');
    return connection->status >= 100 ? 0 : refuse(connection, frame->hd.stream_id, WEIR_H2_HEAD_INVALID);
  }
  while (value_length > 0 && is_blank(value[0])) value++, value_length--;
  while (value_length > 0 && is_blank(value[value_length - 1])) value_length--;
  bool fits = put(connection, name, name_length) && put(connection, ": ", 2) && put(connection, value, value_length) &&
              put(connection, "\r\n", 2);
  return fits ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_invalid_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                             size_t name_length, const uint8_t *value, size_t value_length, uint8_t flags,
                             void *context) {
  (void)session;
  (void)name;
  (void)name_length;
  (void)value;
  (void)value_length;
  (void)flags;
  return refuse(context, frame->hd.stream_id, WEIR_H2_HEAD_INVALID);
}

static int on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame, int error, void *context) {
  (void)session;
  (void)error;
  (void)refuse(context, frame->hd.stream_id, WEIR_H2_MESSAGE_INVALID);
  return 0;
}

// MARK: Frames

static void take_head(weir_h2 *connection, void *stream) {
  const weir_h2_events *events = &connection->events;
  if (connection->status >= 200) {
    events->head(connection->owner, stream, connection->status, connection->lines, connection->lines_length);
  } else {
    events->other_head(connection->owner, stream, connection->head_bytes);
  }
  if (connection->lines_capacity > 16 * 1024) {
    free(connection->lines);
    connection->lines = NULL;
    connection->lines_capacity = 0;
  }
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context) {
  weir_h2 *connection = context;
  switch (frame->hd.type) {
    case NGHTTP2_HEADERS: {
      void *stream = stream_of(session, frame->hd.stream_id);
      if (stream != NULL) take_head(connection, stream);
      break;
    }
    case NGHTTP2_DATA: break;
    case NGHTTP2_GOAWAY: connection->events.going_away(connection->owner); return 0;
    case NGHTTP2_SETTINGS:
      if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) connection->events.settings(connection->owner);
      return 0;
    default: return 0;
  }
  if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
  // The event before may have had the stream forgotten.
  void *stream = stream_of(session, frame->hd.stream_id);
  if (stream != NULL) connection->events.whole(connection->owner, stream);
  return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes, size_t length,
                   void *context) {
  (void)flags;
  weir_h2 *connection = context;
  void *stream = stream_of(session, id);
  if (stream != NULL) {
    connection->events.body(connection->owner, stream, bytes, length);
  } else {
    nghttp2_session_consume_connection(session, length);
  }
  return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *context) {
  weir_h2 *connection = context;
  void *stream = stream_of(session, id);
  if (stream != NULL) connection->events.closed(connection->owner, stream, code);
  return 0;
}

static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *context) {
  (void)session;
  weir_h2 *connection = context;
  if (frame->hd.type == NGHTTP2_HEADERS) connection->last_left = frame->hd.stream_id;
  return 0;
}

static int on_frame_not_sent(nghttp2_session *session, const nghttp2_frame *frame, int error, void *context) {
  (void)session;
  (void)error;
  weir_h2 *connection = context;
  if (frame->hd.type == NGHTTP2_HEADERS) connection->events.unsent(connection->owner, frame->hd.stream_id);
  return 0;
}

// MARK: The connection

static bool set_up(weir_h2 *connection, nghttp2_session_callbacks *callbacks, nghttp2_option *option) {
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, on_invalid_header);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid_frame);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, on_frame_not_sent);
  nghttp2_option_set_no_auto_window_update(option, 1);
  // Closed streams are kept for priorities, which nobody uses here.
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_option_set_max_send_header_block_length(option, 1024 * 1024);
  // Servers send values with blanks around them, which HTTP/1.1 allows.
  nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(option, 1);
  return nghttp2_session_client_new2(&connection->session, callbacks, connection, option) == 0;
}

static bool begin(weir_h2 *connection, int32_t window, int32_t connection_window) {
  nghttp2_session_callbacks *callbacks = NULL;
  nghttp2_option *option = NULL;
  bool made = nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&option) == 0 &&
              set_up(connection, callbacks, option);
  nghttp2_session_callbacks_del(callbacks);
  nghttp2_option_del(option);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, (uint32_t)window},
  };
  return made && nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, settings, 2) == 0 &&
         nghttp2_session_set_local_window_size(connection->session, NGHTTP2_FLAG_NONE, 0, connection_window) == 0;
}

weir_h2 *weir_h2_new(const weir_h2_events *events, void *owner, int32_t window, int32_t connection_window) {
  weir_h2 *connection = calloc(1, sizeof(weir_h2));
  if (connection == NULL) return NULL;
  connection->events = *events;
  connection->owner = owner;
  if (!begin(connection, window, connection_window)) {
    weir_h2_free(connection);
    return NULL;
  }
  return connection;
}

void weir_h2_free(weir_h2 *connection) {
  if (connection == NULL) return;
  nghttp2_session_del(connection->session);
  free(connection->lines);
  free(connection);
}

bool weir_h2_receive(weir_h2 *connection, const void *bytes, size_t length) {
  return nghttp2_session_mem_recv(connection->session, bytes, length) == (ssize_t)length &&
         nghttp2_session_get_outbound_queue_size(connection->session) <= MAX_WAITING;
}

long weir_h2_send(weir_h2 *connection, void *room, size_t length) {
  size_t filled = 0;
  while (filled < length) {
    if (connection->left_length == 0) {
      ssize_t made = nghttp2_session_mem_send(connection->session, &connection->left);
      if (made < 0) return -1;
      if (made == 0) break;
      connection->left_length = (size_t)made;
    }
    size_t count = connection->left_length < length - filled ? connection->left_length : length - filled;
    memcpy((uint8_t *)room + filled, connection->left, count);
    connection->left += count;
    connection->left_length -= count;
    filled += count;
  }
  return (long)filled;
}

bool weir_h2_is_open(weir_h2 *connection) {
  return connection->left_length > 0 || nghttp2_session_want_read(connection->session) ||
         nghttp2_session_want_write(connection->session);
}

bool weir_h2_has_left(const weir_h2 *connection, int32_t id) { return id <= connection->last_left; }

void weir_h2_resume(weir_h2 *connection, int32_t id) { (void)nghttp2_session_resume_data(connection->session, id); }

void weir_h2_reset(weir_h2 *connection, int32_t id) {
  (void)nghttp2_session_set_stream_user_data(connection->session, id, NULL);
  (void)nghttp2_submit_rst_stream(connection->session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
}

uint32_t weir_h2_stream_limit(weir_h2 *connection) {
  return nghttp2_session_get_remote_settings(connection->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

bool weir_h2_takes_requests(weir_h2 *connection) {
  return nghttp2_session_check_request_allowed(connection->session) != 0;
}

void weir_h2_consume(weir_h2 *connection, int32_t id, size_t length) {
  (void)nghttp2_session_consume(connection->session, id, length);
}

void weir_h2_consume_for_connection(weir_h2 *connection, size_t length) {
  (void)nghttp2_session_consume_connection(connection->session, length);
}

void weir_h2_consume_for_stream(weir_h2 *connection, int32_t id, size_t length) {
  (void)nghttp2_session_consume_stream(connection->session, id, length);
}

const char *weir_h2_code_name(uint32_t code) { return nghttp2_http2_strerror(code); }
