"""Waiting for something another process will do, with a bound."""

import time


def eventually(read, what: str, seconds: float = 5, step: float = 0.01):
    """The first truthy value of `read()`; fails with `what` when the time is up.

    Looks again after a millisecond, then after twice as long each time, up to `step`: most of it comes soon.
    """
    end = time.monotonic() + seconds
    pause = min(0.001, step)
    value = read()
    while not value:
        if time.monotonic() >= end:
            raise AssertionError(f"not within {seconds} s: {what} (last: {value!r})")
        time.sleep(pause)
        pause = min(2 * pause, step)
        value = read()
    return value
