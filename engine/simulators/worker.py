"""What is done in the background: one thing after another, in the order in which it was asked for. Next: `batch`."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

Job = Callable[[], None]


class Worker:
    """One thread, which begins with the first job and ends with `stop`."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1)

    def put(self, job: Job) -> None:
        """Do a job when those before it are done."""
        self._pool.submit(_carry_out, job)

    def wait(self) -> None:
        """Come back when everything that was asked for before is done."""
        self._pool.submit(int).result()

    def stop(self) -> None:
        """Finish the job that is being done, and begin no other."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _carry_out(job: Job) -> None:
    try:
        job()
    except Exception:  # a bug in a simulator must be seen by the test that meets it
        traceback.print_exc(file=sys.stderr)
