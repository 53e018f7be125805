// libcurl's variadic calls, one typed function each, so that Swift can make them.
#ifndef CWEIRCURL_H
#define CWEIRCURL_H

#include <curl/curl.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

static inline CURLcode weir_easy_set_long(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}
static inline CURLcode weir_easy_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(easy, option, value);
}
static inline CURLcode weir_easy_set_pointer(CURL *easy, CURLoption option, const void *value) {
  return curl_easy_setopt(easy, option, value);
}
static inline CURLcode weir_easy_set_string(CURL *easy, CURLoption option, const char *value) {
  return curl_easy_setopt(easy, option, value);
}

typedef size_t (*weir_data_function)(char *bytes, size_t size, size_t count, void *context);
static inline CURLcode weir_easy_set_data_function(CURL *easy, CURLoption option, weir_data_function function) {
  return curl_easy_setopt(easy, option, function);
}

typedef int (*weir_seek_function)(void *context, curl_off_t offset, int origin);
static inline CURLcode weir_easy_set_seek_function(CURL *easy, weir_seek_function function, void *context) {
  curl_easy_setopt(easy, CURLOPT_SEEKDATA, context);
  return curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, function);
}

typedef int (*weir_opened_function)(void *context, curl_socket_t socket, curlsocktype purpose);
typedef int (*weir_closed_function)(void *context, curl_socket_t socket);
// Calls `opened` for each socket of a connection that libcurl opens, and `closed` instead of closing it. Both must return 0.
static inline CURLcode weir_easy_set_socket_life(
    CURL *easy, weir_opened_function opened, weir_closed_function closed, void *context) {
  curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, context);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, context);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, opened);
  return curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, closed);
}

static inline CURLcode weir_easy_get_long(CURL *easy, CURLINFO info, long *value) {
  return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode weir_easy_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
  return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode weir_easy_get_pointer(CURL *easy, CURLINFO info, void **value) {
  return curl_easy_getinfo(easy, info, value);
}

typedef int (*weir_socket_function)(CURL *easy, curl_socket_t socket, int what, void *context, void *socketContext);
typedef int (*weir_timer_function)(CURLM *multi, long milliseconds, void *context);
static inline CURLMcode weir_multi_set_socket_function(CURLM *multi, weir_socket_function function, void *context) {
  CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, function);
  return code != CURLM_OK ? code : curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
}
static inline CURLMcode weir_multi_set_timer_function(CURLM *multi, weir_timer_function function, void *context) {
  CURLMcode code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, function);
  return code != CURLM_OK ? code : curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
}
static inline CURLMcode weir_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}

// Makes the handles that take part in a share have this in common.
static inline CURLSHcode weir_share_set_data(CURLSH *share, curl_lock_data data) {
  return curl_share_setopt(share, CURLSHOPT_SHARE, data);
}

// A finished transfer, copied out of the CURLMsg whose memory libcurl owns.
typedef struct {
  CURL *easy;
  CURLcode result;
} weir_finished;

// Takes one finished transfer from the multi handle; false when there is none.
bool weir_multi_next_finished(CURLM *multi, weir_finished *finished);

// An address to give libcurl for a body of no bytes: a null one would mean "read the body from a callback".
static inline const void *weir_no_bytes(void) { return ""; }

// The file descriptor of one epoll event, hidden in a union that Swift reads awkwardly.
static inline int weir_event_descriptor(struct epoll_event event) { return event.data.fd; }
static inline int weir_epoll_control(int epoll, int operation, int descriptor, uint32_t events) {
  struct epoll_event event = {.events = events, .data = {.fd = descriptor}};
  return epoll_ctl(epoll, operation, descriptor, &event);
}

// A one-shot poll by asynchronous I/O, with Linux's own calls (io_setup(2), io_submit(2)). Each returns 0, or the errno.

// Makes a context for polls of which `ring` may have ended before `weir_alarm_empty`.
int weir_alarm_open(unsigned ring, unsigned long *context);
// Counts up `signal`, an eventfd, once `watched` is readable, or at once where it is.
int weir_alarm_arm(unsigned long context, int watched, int signal);
// Takes the polls that have ended out of the kernel's ring.
void weir_alarm_empty(unsigned long context);
// Ends the polls that wait; nothing for a context of 0.
void weir_alarm_close(unsigned long context);

#endif
