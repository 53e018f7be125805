#define _GNU_SOURCE
#include "CWeirCurl.h"

#include <errno.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int weir_alarm_open(unsigned ring, unsigned long *context) {
  aio_context_t made = 0;
  if (syscall(SYS_io_setup, ring, &made) != 0) return errno;
  *context = made;
  return 0;
}

int weir_alarm_arm(unsigned long context, int watched, int signal) {
  struct iocb poll = {
      .aio_lio_opcode = IOCB_CMD_POLL,
      .aio_fildes = (__u32)watched,
      .aio_buf = POLLIN,
      .aio_flags = IOCB_FLAG_RESFD,
      .aio_resfd = (__u32)signal,
  };
  struct iocb *list[1] = {&poll};
  return syscall(SYS_io_submit, (aio_context_t)context, 1L, list) == 1 ? 0 : errno;
}

void weir_alarm_empty(unsigned long context) {
  struct io_event ended[64];
  struct timespec at_once = {0, 0};
  while (syscall(SYS_io_getevents, (aio_context_t)context, 0L, 64L, ended, &at_once) == 64) {
  }
}

void weir_alarm_close(unsigned long context) {
  if (context != 0) (void)syscall(SYS_io_destroy, (aio_context_t)context);
}
