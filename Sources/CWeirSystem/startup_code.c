#define _GNU_SOURCE
#include "CWeirSystem.h"

#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static int let_go(struct dl_phdr_info *object, size_t size, void *context) {
  (void)size;
  uintptr_t mask = *(const uintptr_t *)context;
  for (int index = 0; index < object->dlpi_phnum; index++) {
    const ElfW(Phdr) *segment = &object->dlpi_phdr[index];
    if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W)) continue;
    uintptr_t start = (object->dlpi_addr + segment->p_vaddr) & ~mask;
    uintptr_t end = object->dlpi_addr + segment->p_vaddr + segment->p_memsz;
    // Fails for what is no file mapping of its own, such as the vDSO: that stays.
    (void)madvise((void *)start, end - start, MADV_DONTNEED);
  }
  return 0;
}

void weir_let_go_of_code(void) {
  uintptr_t mask = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;
  dl_iterate_phdr(let_go, &mask);
}
