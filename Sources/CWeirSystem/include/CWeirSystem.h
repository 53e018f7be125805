// What the C library has and Swift's import of it lacks.
#ifndef CWEIR_SYSTEM_H
#define CWEIR_SYSTEM_H

/// Lets go of the pages of code and constants of every loaded object (madvise(2), MADV_DONTNEED of private file mappings
/// that nobody can write to): what only starting up needed is no longer held for this process, what is needed again comes
/// back from the page cache.
void weir_let_go_of_code(void);

/// The commit that this was built from, as the build was told (`WEIR_COMMIT` in the environment of `swift build`), or "".
/// Lives as long as the process.
const char *weir_commit(void);

/// Sends one datagram to a Unix socket, as sd_notify(3) describes; a path that begins with `@` is an abstract one. Does
/// not block. Returns 0, or the errno.
int weir_notify(const char *path, const char *message);

/// Lets a socket of another process of the same user listen on the address of `socket` (SO_REUSEPORT). Returns 0, or the
/// errno.
int weir_share_address(int socket);

/// Of two listening sockets that share an address, the one that listened last takes all new connections from now on, as
/// SO_ATTACH_REUSEPORT_CBPF of socket(7) says; `socket` is either. When the other closes, the rest takes all. Returns 0,
/// or the errno where the kernel cannot: then it spreads them over both.
int weir_steer_to_last(int socket);

/// Bytes that the kernel has of what was written to a TCP socket, and the other side has not acknowledged (SIOCOUTQ of
/// tcp(7)). Returns -1 where it does not say.
int weir_unacknowledged(int socket);

/// Keeps the system from writing this process's memory to a file, and other processes of the same user from reading it
/// (setrlimit(2), RLIMIT_CORE, and prctl(2), PR_SET_DUMPABLE). Returns 0, or the error number.
int weir_forbid_core_dumps(void);

/// Waits for a semaphore (a `sem_t`) no longer than so many seconds of the clock that nobody sets (sem_clockwait(3); the
/// time of sem_timedwait moves with the clock of the day). Returns 0, or the errno.
int weir_wait_seconds(void *semaphore, long seconds);

/// Names the calling thread for ps(1), top(1) and debuggers; the first 15 bytes are kept (pthread_setname_np(3)).
void weir_name_thread(const char *name);

/// How many processors the process may run on (sched_getaffinity(2)); 0 where the system does not say.
int weir_allowed_processors(void);

#endif
