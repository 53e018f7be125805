"""A child process with its output in files, started without this process's environment."""

import os
import select
import signal
import subprocess
import time
from pathlib import Path


class ProcessFailed(AssertionError):
    """A child did not start, or did not end as it should; the text carries its output."""


class Process:
    def __init__(self, command, folder: Path, environment: dict, name: str):
        self.name = name
        self.output_path = folder / f"{name}.out"
        self.errors_path = folder / f"{name}.err"
        # Only what a process needs to run: no proxy variable, key or WEIR_ setting of the developer leaks in.
        bare = {k: os.environ[k] for k in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH") if k in os.environ}
        with open(self.output_path, "wb") as output, open(self.errors_path, "wb") as errors:
            self.child = subprocess.Popen(
                [str(part) for part in command], cwd=folder, env=bare | environment,
                stdin=subprocess.DEVNULL, stdout=output, stderr=errors, start_new_session=True)

    @property
    def pid(self) -> int:
        return self.child.pid

    @property
    def is_alive(self) -> bool:
        return self.child.poll() is None

    def output(self) -> str:
        return self.output_path.read_text(errors="replace")

    def errors(self) -> str:
        return self.errors_path.read_text(errors="replace")

    def story(self) -> str:
        return f"{self.name}: exit {self.child.poll()}\n--- stdout\n{self.output()[-4000:]}" \
               f"\n--- stderr\n{self.errors()[-4000:]}"

    def await_value(self, read, seconds: float = 15, step: float = 0.005):
        """The first value of `read()` that is not None, while the process lives."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = read()
            if value is not None:
                return value
            if not self.is_alive:
                raise ProcessFailed(f"ended before it was ready. {self.story()}")
            time.sleep(step)
        raise ProcessFailed(f"not ready after {seconds} s. {self.story()}")

    def send(self, number: signal.Signals) -> None:
        self.child.send_signal(number)

    def wait(self, seconds: float = 20) -> int:
        self._await_end(seconds)
        try:
            return self.child.wait(0)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ProcessFailed(f"did not end within {seconds} s. {self.story()}") from None

    def _await_end(self, seconds: float) -> None:
        """Returns when it ends; `Popen.wait` only looks now and then, up to 50 ms late."""
        if not self.is_alive:
            return
        descriptor = os.pidfd_open(self.pid)
        try:
            ended = select.poll()  # unlike select(), for any number of open files
            ended.register(descriptor, select.POLLIN)
            ended.poll(seconds * 1000)
        finally:
            os.close(descriptor)

    def kill(self) -> None:
        if self.is_alive:
            self.child.kill()
        self.child.wait()

    def resident_bytes(self) -> int:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise ProcessFailed(f"{self.name} has no VmRSS")

    @property
    def stands_still(self) -> bool:
        """Whether each of its threads is stopped by a signal."""
        states = [(task / "stat").read_text().rpartition(")")[2].split()[0]
                  for task in Path(f"/proc/{self.pid}/task").iterdir()]
        return set(states) == {"T"}

    def processor_seconds(self) -> float:
        """What its threads have used of processors, in the kernel and outside."""
        used = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return sum(map(int, used)) / os.sysconf("SC_CLK_TCK")

    def open_files(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def soft_file_limit(self, number: int) -> None:
        """Lowers the limit on open files that most systems give a service (RLIMIT_NOFILE, soft)."""
        import resource
        _, hard = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (number, hard))
