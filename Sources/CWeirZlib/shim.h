// zlib, and its initialisers as functions: they are macros, which Swift does not see.
#ifndef CWEIRZLIB_SHIM_H
#define CWEIRZLIB_SHIM_H

#include <zlib.h>

static inline int weir_inflate_init(z_streamp stream, int windowBits) { return inflateInit2(stream, windowBits); }

static inline int weir_deflate_init(z_streamp stream, int level, int windowBits) {
  return deflateInit2(stream, level, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY);
}

#endif
