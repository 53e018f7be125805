// Asks for /proc before anything of Swift's runs. Without it the Swift runtime finds no arguments, so that every command
// would be `serve`, and libdispatch, which reads /proc/self/task to know its threads, ends the process by SIGILL.
#include <unistd.h>

// EX_UNAVAILABLE of sysexits.h.
enum { unavailable = 69 };

__attribute__((constructor)) static void require_proc(void) {
  static const char message[] =
      "weir: /proc is not mounted here, and weir cannot run without it. Containers have it; for a chroot: mount -t proc "
      "proc ROOT/proc\n";
  if (access("/proc/self/task", R_OK | X_OK) == 0) return;
  // Nobody is there to be told of a message that cannot be written.
  if (write(STDERR_FILENO, message, sizeof message - 1) < 0) _exit(unavailable);
  _exit(unavailable);
}
