"""What the operating system says of processes and of this machine."""

import contextlib
import os
import platform
import re
import subprocess
from pathlib import Path


def family(pid: int) -> list:
    """The process and its descendants."""
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{found[-1]}/task"):
                todo += [int(child) for child in Path(f"/proc/{found[-1]}/task/{task}/children").read_text().split()]
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads of the process and its descendants; in nanoseconds where the kernel says so."""
    used = 0.0
    for each in family(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
            ticks = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            exact = 0.0
            for task in os.listdir(f"/proc/{each}/task"):
                with contextlib.suppress(OSError):
                    exact += int(Path(f"/proc/{each}/task/{task}/schedstat").read_text().split()[0]) / 1e9
            # Threads that have ended are in the ticks only.
            used += exact if abs(exact - ticks) < 0.05 * ticks + 0.02 else ticks
    return used


def resident_mb(pid: int) -> float:
    kilobytes = 0
    for each in family(pid):
        with contextlib.suppress(OSError):
            if found := re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{each}/status").read_text()):
                kilobytes += int(found.group(1))
    return kilobytes / 1024


def first_line(*command) -> str:
    """What a tool says of its version."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run(command, capture_output=True, text=True, timeout=20)
        return ((said.stdout + said.stderr).strip().splitlines() or [""])[0]
    return ""


def description(weir: Path) -> dict:
    processor = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    return {
        "processor": processor.group(1) if processor else platform.machine(), "cores": os.cpu_count(),
        "kernel": platform.release(), "weir": first_line(weir, "--version"), "nginx": first_line("nginx", "-v"),
        "load_before": round(os.getloadavg()[0], 2),
    }
