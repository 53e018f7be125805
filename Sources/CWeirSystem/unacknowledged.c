#include "CWeirSystem.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

int weir_unacknowledged(int socket) {
  int count = 0;
  return ioctl(socket, SIOCOUTQ, &count) == 0 ? count : -1;
}
