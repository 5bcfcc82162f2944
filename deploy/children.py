"""Processes that we start: they die with us, and those that crash come back."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def die_with_parent(last_signal: signal.Signals) -> Callable[[], None]:
    """What a child runs between fork and exec, so that `last_signal` reaches it when the thread that started it ends, however it ends.

    Start children from a thread that lives as long as they should: the main one. Where the system has no such signal, nothing happens.
    """
    parent = os.getpid()
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def bind() -> None:
        if libc is None:
            return
        libc.prctl(_PR_SET_PDEATHSIG, int(last_signal))
        if os.getppid() != parent:  # it died before we could ask to be told
            os._exit(1)

    return bind
