// What the C library has and Swift's import of it lacks.
#ifndef CWEIR_SYSTEM_H
#define CWEIR_SYSTEM_H

/// Lets go of the pages of code and constants of every loaded object (madvise(2), MADV_DONTNEED of private file mappings
/// that nobody can write to): what only starting up needed is no longer held for this process, what is needed again comes
/// back from the page cache.
void weir_let_go_of_code(void);

#endif
