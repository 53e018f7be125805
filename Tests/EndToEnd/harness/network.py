"""A network of its own, as on another host, that a firewall can come before."""

import os
import subprocess


class Network:
    """One host at `address`; `within` before a command runs it there. Needs root and network namespaces."""

    address = "198.18.77.2"
    _gateway = "198.18.77.1"

    def __init__(self):
        self._name = f"weir-{os.getpid()}"
        self.within = ["ip", "netns", "exec", self._name]
        near, far = f"wn{os.getpid()}", f"wf{os.getpid()}"
        self._ip("netns", "add", self._name)
        self._ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", self._name)
        self._ip("address", "add", f"{self._gateway}/30", "dev", near)
        self._ip("link", "set", near, "up")
        self._ip("-n", self._name, "address", "add", f"{self.address}/30", "dev", far)
        self._ip("-n", self._name, "link", "set", far, "up")

    @staticmethod
    def is_to_be_had() -> bool:
        try:
            return os.geteuid() == 0 and subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode == 0
        except OSError:
            return False

    def drop(self) -> None:
        """No packet leaves it any more; nobody is told."""
        self._ip("-n", self._name, "route", "add", "blackhole", self._gateway)

    def restore(self) -> None:
        self._ip("-n", self._name, "route", "del", "blackhole", self._gateway)

    def end(self) -> None:
        subprocess.run(["ip", "netns", "delete", self._name], check=False)

    @staticmethod
    def _ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True)
