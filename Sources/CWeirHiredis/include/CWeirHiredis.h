// hiredis' reader of RESP2 replies, bounded: a store that answers nonsense or without end costs a connection, no more.
#ifndef CWEIR_HIREDIS_H
#define CWEIR_HIREDIS_H

#include <netdb.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/un.h>

/// The replies of one connection. One thread.
typedef struct weir_reader weir_reader;
/// A reply, or one within it. Lives as long as the reply that `weir_reader_next` gave.
typedef struct weir_value weir_value;

enum { WEIR_VALUE_NULL, WEIR_VALUE_INTEGER, WEIR_VALUE_BYTES, WEIR_VALUE_STATUS, WEIR_VALUE_ARRAY, WEIR_VALUE_ERROR };

enum { WEIR_READER_WAITS, WEIR_READER_REPLY, WEIR_READER_BROKEN, WEIR_READER_TOO_LARGE };

/// A reader that takes replies of up to `max_bytes`, with up to `max_elements` in all their arrays together. NULL without
/// memory.
weir_reader *weir_reader_new(size_t max_bytes, size_t max_elements);
void weir_reader_free(weir_reader *reader);

/// Takes bytes of the connection. They are looked at by `weir_reader_next`.
void weir_reader_feed(weir_reader *reader, const void *bytes, size_t count);

/// The next whole reply, to be given back with `weir_value_free`. What is not a reply stays so: the connection is over.
int weir_reader_next(weir_reader *reader, weir_value **value);
void weir_value_free(weir_value *value);

int weir_value_kind(const weir_value *value);
int64_t weir_value_integer(const weir_value *value);
/// The bytes of texts, statuses and errors; NULL for others.
const char *weir_value_bytes(const weir_value *value, size_t *count);
/// How many replies an array holds; 0 for others.
size_t weir_value_count(const weir_value *value);
/// NULL beyond the end.
const weir_value *weir_value_element(const weir_value *value, size_t index);

#endif
