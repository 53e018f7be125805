#include "CWeirSQLite.h"

// sqlite3_config takes a variable number of arguments, which Swift cannot call.
void weir_sqlite_set_up(void) {
  (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1);
}
