#include "CWeirSystem.h"

#ifndef WEIR_COMMIT
#define WEIR_COMMIT ""
#endif

const char *weir_commit(void) { return WEIR_COMMIT; }
