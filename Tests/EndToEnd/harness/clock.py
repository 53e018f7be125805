"""A clock of the day that a test sets for one process, while that runs; the clocks that nobody sets stay as they are.

A small library, loaded before all others, adds the seconds that stand in a file to what the system says.
"""

import calendar
import mmap
import shutil
import struct
import subprocess
import time
from pathlib import Path

SOURCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile long long *ahead;

static long long seconds_ahead(void) {
  static int tried;
  const char *path;
  if (!ahead && !tried && (tried = 1) && (path = getenv("TEST_CLOCK"))) {
    int file = open(path, O_RDONLY);
    void *map = file < 0 ? MAP_FAILED : mmap(0, 8, PROT_READ, MAP_SHARED, file, 0);
    if (map != MAP_FAILED) ahead = map;
    if (file >= 0) close(file);
  }
  return ahead ? *ahead : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int result = syscall(SYS_clock_gettime, clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += seconds_ahead();
  return result;
}

int gettimeofday(struct timeval *now, void *zone) {
  struct timespec exact;
  clock_gettime(CLOCK_REALTIME, &exact);
  now->tv_sec = exact.tv_sec;
  now->tv_usec = exact.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *now) {
  struct timespec exact;
  clock_gettime(CLOCK_REALTIME, &exact);
  if (now) *now = exact.tv_sec;
  return exact.tv_sec;
}
"""


def compiler() -> str:
    """A compiler of C; empty where there is none."""
    return next((found for name in ("cc", "clang", "gcc") if (found := shutil.which(name))), "")


class Clock:
    """`Clock(folder)`: right at first. `environment` is what a process needs to go by it."""

    def __init__(self, folder: Path):
        library, source, seconds = folder / "clock.so", folder / "clock.c", folder / "clock"
        source.write_text(SOURCE)
        subprocess.run([compiler(), "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
        seconds.write_bytes(bytes(8))
        with open(seconds, "r+b") as file:
            self.ahead = mmap.mmap(file.fileno(), 8)
        self.environment = {"LD_PRELOAD": str(library), "TEST_CLOCK": str(seconds)}

    def set(self, moment: str) -> None:
        """`2027-01-31 23:59:58`, UTC."""
        self._put(calendar.timegm(time.strptime(moment, "%Y-%m-%d %H:%M:%S")) - int(time.time()))

    def move(self, seconds: int) -> None:
        self._put(struct.unpack("<q", self.ahead[:8])[0] + seconds)

    def _put(self, seconds: int) -> None:
        self.ahead[:8] = struct.pack("<q", seconds)
