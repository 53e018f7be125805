#ifndef CWEIRSQLITE_H
#define CWEIRSQLITE_H

#include <sqlite3.h>
#include <stdint.h>

/// Once a process, before SQLite's first use; does nothing after.
///
/// SQLite counts no memory: it takes a lock for each allocation to do so. And what it needs to undo one statement stays in
/// memory, where a statement over some hundred rows would otherwise have a temporary file.
void weir_sqlite_set_up(void);

/// Rows of the ledger as they are packed (PackedColumns.swift), for a statement that writes many at once.
struct weir_ledger_rows {
  /// The rows, one behind the other.
  const unsigned char *bytes;
  /// Where each row ends in `bytes`.
  const intptr_t *ends;
  /// The number of each row within the process, which is not packed.
  const int64_t *sequences;
  /// The first row that is wanted.
  intptr_t first;
  /// The one behind the last.
  intptr_t last;
};

/// Columns of a packed row, in the order of the table `requests` without its third, the sequence.
enum { WEIR_LEDGER_PACKED_COLUMNS = 42 };

/// Where the reply's id is among the packed columns.
enum { WEIR_LEDGER_GENERATION_COLUMN = 36 };

/// By what a row is found without an index of names, as it lies in the table `request_names`. In the order of a
/// little-endian machine's bytes, as are all that weir runs on.
struct weir_ledger_names {
  /// The row's time, with which its key begins.
  int64_t time_ms;
  /// Hash of its id; 0 where there is none.
  uint32_t id;
  /// Hash of the reply's id; 0 where there is none.
  uint32_t generation;
};

/// FNV-1a (datatracker.ietf.org/doc/draft-eastlake-fnv), 64 bits folded to 32; never 0. It is stored: another one would
/// not find the rows that are there.
uint32_t weir_ledger_name_hash(const void *name, intptr_t length);

/// Writes the names of each row from the first to the last.
void weir_ledger_names_of(const struct weir_ledger_rows *rows, struct weir_ledger_names *names);

/// Looks for a hash from the end of so many names to their beginning; gives its place, or -1.
intptr_t weir_ledger_find_name(const void *names, intptr_t count, uint32_t hash, struct weir_ledger_names *found);

/// Gives a connection the table-valued function `weir_ledger_rows(rows)`: the rows that were bound to the parameter, with
/// the columns of the table `requests` in its order, called `c0` and so on. Its texts are not copied; they must stay
/// where they are until the statement is over.
///
/// One statement for many rows spares SQLite 42 bindings and the opening of three trees for each, and it goes on where
/// the last row went: measured, 3.9 -> 3.0 us of CPU a row (https://sqlite.org/vtab.html#table_valued_functions).
int weir_sqlite_add_ledger_rows(sqlite3 *connection);

/// Binds rows to the function's parameter; `rows` must stay where it is until the statement is over.
int weir_sqlite_bind_ledger_rows(sqlite3_stmt *statement, int place, const struct weir_ledger_rows *rows);

#endif
