#include "connection.h"

#include <stdlib.h>
#include <string.h>

enum { USUAL_LINES = 48, USUAL_NAMES = 2048 };

/// The head's fields as nghttp2 takes them, which copies them.
typedef struct {
  nghttp2_nv *fields;
  size_t count;
  /// Where the next name is written, in small letters.
  uint8_t *names;
} field_list;

typedef struct {
  const uint8_t *start;
  size_t length;
} span;

static bool is(span text, const char *word) {
  return text.length == strlen(word) && memcmp(text.start, word, text.length) == 0;
}

/// Takes a line off the front of what is left, without its CRLF.
static bool next_line(const uint8_t **place, const uint8_t *end, span *line) {
  const uint8_t *feed = *place < end ? memchr(*place, '\n', (size_t)(end - *place)) : NULL;
  if (feed == NULL || feed == *place) return false;
  line->start = *place;
  line->length = (size_t)(feed - *place) - 1;
  *place = feed + 1;
  return true;
}

static bool is_blank(uint8_t byte) { return byte == ' ' || byte == '\t'; }

static span trimmed(const uint8_t *start, const uint8_t *end) {
  while (start < end && is_blank(*start)) start++;
  while (end > start && is_blank(end[-1])) end--;
  span text = {start, (size_t)(end - start)};
  return text;
}

static void add(field_list *list, span name, span value, uint8_t flags) {
  nghttp2_nv field = {(uint8_t *)name.start, (uint8_t *)value.start, name.length, value.length, flags};
  list->fields[list->count++] = field;
}

static void add_pseudo(field_list *list, const char *name, span value) {
  span key = {(const uint8_t *)name, strlen(name)};
  add(list, key, value, NGHTTP2_NV_FLAG_NO_COPY_NAME);
}

/// RFC 9113, section 8.2.2: what speaks of one connection has no place here. The host stands in `:authority`.
static bool is_of_connection(span name, span value) {
  switch (name.length) {
    case 2: return is(name, "te") && !is(value, "trailers");
    case 4: return is(name, "host");
    case 7: return is(name, "upgrade");
    case 10: return is(name, "connection") || is(name, "keep-alive");
    case 16: return is(name, "proxy-connection");
    case 17: return is(name, "transfer-encoding");
    default: return false;
  }
}

/// What is the same for most requests and no secret goes into the table that both sides keep, and nothing else
/// (RFC 7541, section 7.1.3): keys come under names that nobody can list.
static bool is_worth_keeping(span name) {
  switch (name.length) {
    case 6: return is(name, "accept");
    case 7: return is(name, "referer") || is(name, "x-title");
    case 10: return is(name, "user-agent");
    case 12: return is(name, "content-type") || is(name, "http-referer");
    case 14: return is(name, "anthropic-beta");
    case 15: return is(name, "accept-encoding") || is(name, "accept-language");
    case 17: return is(name, "anthropic-version");
    default: return name.length > 12 && memcmp(name.start, "x-stainless-", 12) == 0;
  }
}

static void add_line(field_list *list, span line) {
  const uint8_t *end = line.start + line.length;
  const uint8_t *colon = memchr(line.start, ':', line.length);
  if (colon == NULL || colon == line.start) return;
  span name = {list->names, (size_t)(colon - line.start)};
  for (size_t index = 0; index < name.length; index++) {
    uint8_t byte = line.start[index];
    list->names[index] = byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
  }
  span value = trimmed(colon + 1, end);
  if (is_of_connection(name, value)) return;
  list->names += name.length;
  add(list, name, value, is_worth_keeping(name) ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_INDEX);
}

static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *room, size_t length, uint32_t *flags,
                         nghttp2_data_source *source, void *context) {
  (void)source;
  weir_h2 *connection = context;
  void *stream = nghttp2_session_get_stream_user_data(session, id);
  if (stream == NULL) return NGHTTP2_ERR_DEFERRED;
  bool is_end = false;
  long count = connection->events.fill(connection->owner, stream, room, length, &is_end);
  if (count < 0) return NGHTTP2_ERR_DEFERRED;
  if (is_end) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return count;
}

static size_t count_lines(const uint8_t *start, const uint8_t *end) {
  size_t count = 0;
  while (start < end && (start = memchr(start, '\n', (size_t)(end - start))) != NULL) {
    count++;
    start++;
  }
  return count;
}

static int32_t submit(weir_h2 *connection, field_list *list, const uint8_t *place, const uint8_t *end, bool has_body,
                      void *stream) {
  span method, target, authority, line;
  if (!next_line(&place, end, &method) || !next_line(&place, end, &target) || !next_line(&place, end, &authority)) {
    return NGHTTP2_ERR_INVALID_ARGUMENT;
  }
  span scheme = {(const uint8_t *)"https", 5};
  add_pseudo(list, ":method", method);
  add_pseudo(list, ":scheme", scheme);
  add_pseudo(list, ":authority", authority);
  add_pseudo(list, ":path", target);
  while (next_line(&place, end, &line)) add_line(list, line);
  nghttp2_data_provider body = {.read_callback = read_body};
  return nghttp2_submit_request(connection->session, NULL, list->fields, list->count, has_body ? &body : NULL, stream);
}

int32_t weir_h2_submit(weir_h2 *connection, const void *head, size_t length, bool has_body, void *stream) {
  const uint8_t *start = head;
  const uint8_t *end = start + length;
  // `:scheme` has no line of its own.
  size_t lines = count_lines(start, end) + 1;
  nghttp2_nv usual_fields[USUAL_LINES];
  uint8_t usual_names[USUAL_NAMES];
  bool is_usual = lines <= USUAL_LINES && length <= USUAL_NAMES;
  nghttp2_nv *fields = is_usual ? usual_fields : malloc(lines * sizeof(nghttp2_nv));
  uint8_t *names = is_usual ? usual_names : malloc(length);
  int32_t id = NGHTTP2_ERR_NOMEM;
  if (fields != NULL && names != NULL) {
    field_list list = {fields, 0, names};
    id = submit(connection, &list, start, end, has_body, stream);
  }
  if (!is_usual) {
    free(fields);
    free(names);
  }
  return id;
}
