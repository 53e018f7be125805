#define _GNU_SOURCE
#include "CWeirSystem.h"

#include <errno.h>
#include <semaphore.h>
#include <time.h>

int weir_wait_seconds(void *semaphore, long seconds) {
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_sec += seconds;
  while (sem_clockwait(semaphore, CLOCK_MONOTONIC, &end) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}
