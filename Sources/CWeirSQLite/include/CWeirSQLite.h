#ifndef CWEIRSQLITE_H
#define CWEIRSQLITE_H

#include <sqlite3.h>

/// Tells SQLite not to count its memory: it takes a lock for each allocation to do so. Works before its first use in the
/// process, and does nothing after.
void weir_sqlite_count_no_memory(void);

#endif
