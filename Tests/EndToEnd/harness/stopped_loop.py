"""One event loop of a running weir that does nothing for a while, as a debugger stops a thread; the others go on."""

import contextlib
import ctypes
import os
from pathlib import Path

# Of linux/ptrace.h and linux/wait.h.
SEIZE, INTERRUPT, DETACH, ANY_CHILD = 0x4206, 0x4207, 17, 0x40000000

_system = ctypes.CDLL(None, use_errno=True)
_system.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_system.ptrace.restype = ctypes.c_long


def _trace(request: int, thread: int) -> None:
    if _system.ptrace(request, thread, None, None) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"ptrace: {os.strerror(number)}")


def _thread(pid: int, name: str) -> int:
    (found,) = [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()
                if (task / "comm").read_text().strip() == name]
    return found


@contextlib.contextmanager
def stopped_loop(weir, name: str = "NIO-ELT-1-#1"):
    """Without more than one for traffic, nobody serves meanwhile; the admin listener has a loop of its own."""
    thread = _thread(weir.process.pid, name)
    _trace(SEIZE, thread)
    try:
        _trace(INTERRUPT, thread)
        os.waitpid(thread, ANY_CHILD)
        yield
    finally:
        _trace(DETACH, thread)
