// The thread sanitizer sees an atomic that Swift inlines into our code, but not what the standard library was compiled to do
// when a Mutex is contended: to take it, or give it up, there. Without these it reports a race for whatever a contended
// Mutex guards. They stand before the library's functions of the same names (their mangled names, as of Swift 6.3) and tell
// it what happens. Compiled only under the sanitizer.

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define SWIFT_METHOD __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self
#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK_SLOW "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

static void *library_function(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) abort();
  return found;
}

SWIFT_METHOD void weir_lock_slow(uint32_t thread, SELF) __asm__(LOCK_SLOW);
SWIFT_METHOD bool weir_try_lock_slow(SELF) __asm__(TRY_LOCK_SLOW);
SWIFT_METHOD void weir_unlock_slow(SELF) __asm__(UNLOCK_SLOW);

SWIFT_METHOD void weir_lock_slow(uint32_t thread, SELF) {
  SWIFT_METHOD void (*lock)(uint32_t, SELF) = library_function(LOCK_SLOW);
  lock(thread, self);
  __tsan_acquire(self);
}

SWIFT_METHOD bool weir_try_lock_slow(SELF) {
  SWIFT_METHOD bool (*lock)(SELF) = library_function(TRY_LOCK_SLOW);
  bool is_taken = lock(self);
  if (is_taken) __tsan_acquire(self);
  return is_taken;
}

SWIFT_METHOD void weir_unlock_slow(SELF) {
  SWIFT_METHOD void (*unlock)(SELF) = library_function(UNLOCK_SLOW);
  __tsan_release(self);
  unlock(self);
}

#endif
#endif
