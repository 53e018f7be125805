#include "CWeirSQLite.h"

#include <stdio.h>
#include <string.h>

// A virtual table that exists without being made (https://sqlite.org/vtab.html#eponymous_virtual_tables), for reading only.

enum {
  SEQUENCE = 2,
  COLUMNS = WEIR_LEDGER_PACKED_COLUMNS + 1,
  // The hidden column that the function's argument is.
  ROWS = COLUMNS,
};

// As in PackedColumns.swift.
enum { INTEGER = 1, DOUBLE = 2, TEXT = 3 };

static const char pointer_type[] = "weir_ledger_rows";

struct cursor {
  sqlite3_vtab_cursor base;
  const struct weir_ledger_rows *rows;
  intptr_t row;
  // Where the columns of the row begin.
  const unsigned char *columns[WEIR_LEDGER_PACKED_COLUMNS];
};

static int connect_table(
    sqlite3 *connection, void *aux, int count, const char *const *arguments, sqlite3_vtab **table, char **problem) {
  (void)aux, (void)count, (void)arguments, (void)problem;
  char declaration[32 + 8 * COLUMNS] = "CREATE TABLE x(";
  size_t length = strlen(declaration);
  for (int column = 0; column < COLUMNS; column++) {
    length += (size_t)snprintf(declaration + length, sizeof declaration - length, "c%d,", column);
  }
  snprintf(declaration + length, sizeof declaration - length, "rows HIDDEN)");
  int status = sqlite3_declare_vtab(connection, declaration);
  if (status != SQLITE_OK) return status;
  *table = sqlite3_malloc(sizeof **table);
  if (*table == NULL) return SQLITE_NOMEM;
  memset(*table, 0, sizeof **table);
  return SQLITE_OK;
}

static int disconnect_table(sqlite3_vtab *table) {
  sqlite3_free(table);
  return SQLITE_OK;
}

static int best_index(sqlite3_vtab *table, sqlite3_index_info *index) {
  (void)table;
  for (int each = 0; each < index->nConstraint; each++) {
    if (index->aConstraint[each].iColumn != ROWS || index->aConstraint[each].op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
    if (!index->aConstraint[each].usable) return SQLITE_CONSTRAINT;
    index->aConstraintUsage[each].argvIndex = 1;
    index->aConstraintUsage[each].omit = 1;
  }
  return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **made) {
  (void)table;
  struct cursor *cursor = sqlite3_malloc(sizeof *cursor);
  if (cursor == NULL) return SQLITE_NOMEM;
  memset(cursor, 0, sizeof *cursor);
  *made = &cursor->base;
  return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *cursor) {
  sqlite3_free(cursor);
  return SQLITE_OK;
}

static const unsigned char *row_start(const struct weir_ledger_rows *rows, intptr_t row) {
  return rows->bytes + (row == 0 ? 0 : rows->ends[row - 1]);
}

// What weir has packed is whole.
static const unsigned char *after_column(const unsigned char *place) {
  uint32_t length;
  switch (*place++) {
    case INTEGER:
    case DOUBLE: return place + 8;
    case TEXT: memcpy(&length, place, sizeof length); return place + sizeof length + length;
    default: return place;
  }
}

static void read_row(struct cursor *cursor) {
  if (cursor->row >= cursor->rows->last) return;
  const unsigned char *place = row_start(cursor->rows, cursor->row);
  for (int column = 0; column < WEIR_LEDGER_PACKED_COLUMNS; column++) {
    cursor->columns[column] = place;
    place = after_column(place);
  }
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *name, int count, sqlite3_value **arguments) {
  (void)number, (void)name;
  struct cursor *cursor = (struct cursor *)base;
  cursor->rows = count == 1 ? sqlite3_value_pointer(arguments[0], pointer_type) : NULL;
  if (cursor->rows == NULL) return SQLITE_MISUSE;
  cursor->row = cursor->rows->first;
  read_row(cursor);
  return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *base) {
  struct cursor *cursor = (struct cursor *)base;
  cursor->row++;
  read_row(cursor);
  return SQLITE_OK;
}

static int is_over(sqlite3_vtab_cursor *base) {
  struct cursor *cursor = (struct cursor *)base;
  return cursor->row >= cursor->rows->last;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column) {
  struct cursor *cursor = (struct cursor *)base;
  if (column == SEQUENCE) {
    sqlite3_result_int64(context, cursor->rows->sequences[cursor->row]);
    return SQLITE_OK;
  }
  // The hidden column is never asked for.
  if (column >= COLUMNS) return SQLITE_OK;
  const unsigned char *place = cursor->columns[column < SEQUENCE ? column : column - 1];
  int64_t integer;
  double number;
  uint32_t length;
  switch (*place++) {
    case INTEGER:
      memcpy(&integer, place, sizeof integer);
      sqlite3_result_int64(context, integer);
      break;
    case DOUBLE:
      memcpy(&number, place, sizeof number);
      sqlite3_result_double(context, number);
      break;
    case TEXT:
      memcpy(&length, place, sizeof length);
      sqlite3_result_text(context, (const char *)place + sizeof length, (int)length, SQLITE_STATIC);
      break;
    default: break;
  }
  return SQLITE_OK;
}

static int row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *id) {
  *id = ((struct cursor *)base)->row;
  return SQLITE_OK;
}

static const sqlite3_module module = {
    .xConnect = connect_table,
    .xBestIndex = best_index,
    .xDisconnect = disconnect_table,
    .xOpen = open_cursor,
    .xClose = close_cursor,
    .xFilter = filter,
    .xNext = next,
    .xEof = is_over,
    .xColumn = column,
    .xRowid = row_id,
};

int weir_sqlite_add_ledger_rows(sqlite3 *connection) {
  return sqlite3_create_module(connection, "weir_ledger_rows", &module, NULL);
}

int weir_sqlite_bind_ledger_rows(sqlite3_stmt *statement, int place, const struct weir_ledger_rows *rows) {
  return sqlite3_bind_pointer(statement, place, (void *)(uintptr_t)rows, pointer_type, NULL);
}

uint32_t weir_ledger_name_hash(const void *name, intptr_t length) {
  uint64_t hash = 0xcbf29ce484222325;
  for (intptr_t index = 0; index < length; index++) {
    hash = (hash ^ ((const unsigned char *)name)[index]) * 0x100000001b3;
  }
  uint32_t folded = (uint32_t)(hash ^ hash >> 32);
  return folded == 0 ? 1 : folded;
}

static uint32_t hash_of_column(const unsigned char *place) {
  if (*place != TEXT) return 0;
  uint32_t length;
  memcpy(&length, place + 1, sizeof length);
  return weir_ledger_name_hash(place + 1 + sizeof length, length);
}

void weir_ledger_names_of(const struct weir_ledger_rows *rows, struct weir_ledger_names *names) {
  for (intptr_t row = rows->first; row < rows->last; row++, names++) {
    const unsigned char *place = row_start(rows, row);
    names->time_ms = 0;
    if (*place == INTEGER) memcpy(&names->time_ms, place + 1, sizeof names->time_ms);
    place = after_column(place);
    names->id = hash_of_column(place);
    for (int column = 1; column < WEIR_LEDGER_GENERATION_COLUMN; column++) place = after_column(place);
    names->generation = hash_of_column(place);
  }
}

intptr_t weir_ledger_find_name(const void *names, intptr_t count, uint32_t hash, struct weir_ledger_names *found) {
  while (count-- > 0) {
    // A blob of a file lies anywhere.
    memcpy(found, (const char *)names + count * (intptr_t)sizeof *found, sizeof *found);
    if (found->id == hash || found->generation == hash) return count;
  }
  return -1;
}
