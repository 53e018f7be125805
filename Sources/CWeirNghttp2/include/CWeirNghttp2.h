// One HTTP/2 connection to a server (RFC 9113), by nghttp2: bytes in, events out, and the other way round.
#ifndef CWEIR_NGHTTP2_H
#define CWEIR_NGHTTP2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The connection. One thread. Its calls, but for `weir_h2_receive` and `weir_h2_send`, may be made from within events.
typedef struct weir_h2 weir_h2;

/// Why a reply was refused, after which its stream is reset.
typedef enum {
  WEIR_H2_HEAD_TOO_LARGE,
  WEIR_H2_HEAD_INVALID,
  WEIR_H2_MESSAGE_INVALID,
} weir_h2_fault;

/// What a connection tells its owner. `stream` is what `weir_h2_submit` was given; nothing is told of a stream that was
/// forgotten.
typedef struct {
  /// The final head is whole: its status, and its lines `name: value\r\n`, valid during the call.
  void (*head)(void *owner, void *stream, int status, const void *lines, size_t length);
  /// Bytes of the body, valid during the call. Each is to be given to `weir_h2_consume` or its kin.
  void (*body)(void *owner, void *stream, const void *bytes, size_t length);
  /// Another head of a reply came, of so many bytes: an informational one, or trailers.
  void (*other_head)(void *owner, void *stream, size_t length);
  /// The reply is whole.
  void (*whole)(void *owner, void *stream);
  void (*refused)(void *owner, void *stream, weir_h2_fault fault);
  /// The stream is over, with a code of RFC 9113, section 7.
  void (*closed)(void *owner, void *stream, uint32_t code);
  /// The request could not leave: the server takes no more.
  void (*unsent)(void *owner, int32_t id);
  /// The server has said what it allows.
  void (*settings)(void *owner);
  /// The server takes no more requests over the connection.
  void (*going_away)(void *owner);
  /// Moves bytes of the request's body into the room; says how many, or -1 where there are none for now. `*is_end` is to be
  /// set where they are the last.
  long (*fill)(void *owner, void *stream, void *room, size_t length, bool *is_end);
} weir_h2_events;

/// NULL without memory. The first bytes to send then wait for `weir_h2_send`.
///
/// - window: bytes of each reply's body that the server may send ahead of `weir_h2_consume`.
/// - connection_window: the same for all replies together.
weir_h2 *weir_h2_new(const weir_h2_events *events, void *owner, int32_t window, int32_t connection_window);
void weir_h2_free(weir_h2 *connection);

/// Takes bytes from the server. False where the connection is of no use any more.
bool weir_h2_receive(weir_h2 *connection, const void *bytes, size_t length);
/// Moves bytes for the server into the room and says how many; -1 where the connection is of no use any more.
long weir_h2_send(weir_h2 *connection, void *room, size_t length);
/// Whether anything is still to be read or sent.
bool weir_h2_is_open(weir_h2 *connection);

/// Begins a request; its stream's number, or less than 1.
///
/// - head: method, target and authority, each with its CRLF, then the lines `Name: value\r\n`. Lines that belong to a
///   connection of HTTP/1.1 (RFC 9113, section 8.2.2) are left out.
int32_t weir_h2_submit(weir_h2 *connection, const void *head, size_t length, bool has_body, void *stream);
/// Whether any of the request has been given out by `weir_h2_send`.
bool weir_h2_has_left(const weir_h2 *connection, int32_t id);
/// There is more of a body of which `fill` had none.
void weir_h2_resume(weir_h2 *connection, int32_t id);
/// Ends a stream, of which nothing is told from now on.
void weir_h2_reset(weir_h2 *connection, int32_t id);
/// How many streams the server allows at once.
uint32_t weir_h2_stream_limit(weir_h2 *connection);
/// Whether the connection may take another stream at all.
bool weir_h2_takes_requests(weir_h2 *connection);

/// The server may send as many bytes more: of the stream and of all together, of all together, of the stream.
void weir_h2_consume(weir_h2 *connection, int32_t id, size_t length);
void weir_h2_consume_for_connection(weir_h2 *connection, size_t length);
void weir_h2_consume_for_stream(weir_h2 *connection, int32_t id, size_t length);

/// The name of a code of RFC 9113, section 7.
const char *weir_h2_code_name(uint32_t code);

#endif
