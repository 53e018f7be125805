"""Waiting for something another process will do, with a bound."""

import time


def eventually(read, what: str, seconds: float = 5, step: float = 0.01):
    """The first truthy value of `read()`; fails with `what` when the time is up."""
    end = time.monotonic() + seconds
    value = read()
    while not value:
        if time.monotonic() >= end:
            raise AssertionError(f"not within {seconds} s: {what} (last: {value!r})")
        time.sleep(step)
        value = read()
    return value
