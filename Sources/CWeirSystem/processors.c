#define _GNU_SOURCE
#include "CWeirSystem.h"

#include <sched.h>

int weir_allowed_processors(void) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 0;
  return CPU_COUNT(&allowed);
}
