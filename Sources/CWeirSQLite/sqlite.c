#include "CWeirSQLite.h"

// sqlite3_config takes a variable number of arguments, which Swift cannot call.
void weir_sqlite_count_no_memory(void) { (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }
