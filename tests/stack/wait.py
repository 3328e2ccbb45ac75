# SPDX-License-Identifier: Apache-2.0
"""Waiting for a condition with a deadline: the only place of the test stack that sleeps."""

import time
from typing import Callable, TypeVar

Found = TypeVar("Found")


def wait_for(
    condition: Callable[[], Found], timeout: float, what: str, pause: float = 0.02
) -> Found:
    """Asks `condition` until it answers something true, and returns that answer."""
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout:g} s in vain for {what}")
        time.sleep(pause)
    return found
