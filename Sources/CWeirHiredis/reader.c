#include "CWeirHiredis.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

struct weir_reader {
  redisReader *reader;
  redisReplyObjectFunctions functions;
  void *(*create_array)(const redisReadTask *, int);
  size_t max_bytes;
  size_t max_elements;
  /// Bytes taken since the last whole reply.
  size_t taken;
  /// Elements that the arrays of the reply at hand have announced.
  size_t elements;
  int state;
};

/// hiredis gives room for as many elements as an array announces; each takes more memory than the few bytes that it came
/// as, and arrays within arrays have elements of their own.
static void *bounded_array(const redisReadTask *task, int elements) {
  weir_reader *reader = task->privdata;
  if (elements > 0) {
    if ((size_t)elements > reader->max_elements - reader->elements) return NULL;
    reader->elements += (size_t)elements;
  }
  return reader->create_array(task, elements);
}

weir_reader *weir_reader_new(size_t max_bytes, size_t max_elements) {
  weir_reader *reader = calloc(1, sizeof *reader);
  if (reader == NULL) return NULL;
  reader->reader = redisReaderCreate();
  if (reader->reader == NULL) {
    free(reader);
    return NULL;
  }
  reader->functions = *reader->reader->fn;
  reader->create_array = reader->functions.createArray;
  reader->functions.createArray = bounded_array;
  reader->reader->fn = &reader->functions;
  reader->reader->privdata = reader;
  reader->max_bytes = max_bytes;
  reader->max_elements = max_elements;
  return reader;
}

void weir_reader_free(weir_reader *reader) {
  if (reader == NULL) return;
  redisReaderFree(reader->reader);
  free(reader);
}

void weir_reader_feed(weir_reader *reader, const void *bytes, size_t count) {
  if (reader->state != WEIR_READER_WAITS) return;
  reader->taken += count;
  if (redisReaderFeed(reader->reader, bytes, count) != REDIS_OK) reader->state = WEIR_READER_BROKEN;
}

int weir_reader_next(weir_reader *reader, weir_value **value) {
  void *reply = NULL;
  if (reader->state != WEIR_READER_WAITS) return reader->state;
  if (redisReaderGetReply(reader->reader, &reply) != REDIS_OK) {
    // No room for an array is what bounded_array says.
    reader->state = reader->reader->err == REDIS_ERR_OOM ? WEIR_READER_TOO_LARGE : WEIR_READER_BROKEN;
  } else if (reply != NULL) {
    reader->taken = reader->reader->len - reader->reader->pos;
    reader->elements = 0;
    *value = reply;
    return WEIR_READER_REPLY;
  } else if (reader->taken > reader->max_bytes) {
    reader->state = WEIR_READER_TOO_LARGE;
  }
  return reader->state;
}

void weir_value_free(weir_value *value) { freeReplyObject(value); }

static const redisReply *reply_of(const weir_value *value) { return (const redisReply *)value; }

int weir_value_kind(const weir_value *value) {
  switch (reply_of(value)->type) {
    case REDIS_REPLY_INTEGER: return WEIR_VALUE_INTEGER;
    case REDIS_REPLY_STRING: return WEIR_VALUE_BYTES;
    case REDIS_REPLY_STATUS: return WEIR_VALUE_STATUS;
    case REDIS_REPLY_ARRAY: return WEIR_VALUE_ARRAY;
    case REDIS_REPLY_ERROR: return WEIR_VALUE_ERROR;
    default: return WEIR_VALUE_NULL;
  }
}

int64_t weir_value_integer(const weir_value *value) { return reply_of(value)->integer; }

const char *weir_value_bytes(const weir_value *value, size_t *count) {
  const redisReply *reply = reply_of(value);
  *count = reply->str == NULL ? 0 : reply->len;
  return reply->str;
}

size_t weir_value_count(const weir_value *value) {
  const redisReply *reply = reply_of(value);
  return reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
}

const weir_value *weir_value_element(const weir_value *value, size_t index) {
  const redisReply *reply = reply_of(value);
  if (reply->type != REDIS_REPLY_ARRAY || index >= reply->elements) return NULL;
  return (const weir_value *)reply->element[index];
}
