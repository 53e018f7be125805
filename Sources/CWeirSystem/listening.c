#define _GNU_SOURCE
#include "CWeirSystem.h"

#include <errno.h>
#include <linux/filter.h>
#include <sys/socket.h>

#ifndef SO_ATTACH_REUSEPORT_CBPF
#define SO_ATTACH_REUSEPORT_CBPF 51
#endif

int weir_share_address(int socket) {
  int on = 1;
  return setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0 ? 0 : errno;
}

int weir_steer_to_last(int socket) {
  // Sockets are numbered in the order in which they began to listen; a number that is not there means "any".
  struct sock_filter code[] = {{BPF_RET | BPF_K, 0, 0, 1}};
  struct sock_fprog program = {.len = 1, .filter = code};
  return setsockopt(socket, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program) == 0 ? 0 : errno;
}
