/// What jemalloc reads when the process starts (jemalloc(3), "TUNING"), where deploy/prepare.sh has linked it in; nobody
/// reads it in other builds. Blocks up to 64 KiB, as large as the buffers of a body, are kept by the thread that freed
/// them; what nobody has used for five seconds goes back to the system, so that a burst leaves nothing behind.
extern const char *malloc_conf;
const char *malloc_conf = "lg_tcache_max:16,dirty_decay_ms:5000,muzzy_decay_ms:0";
