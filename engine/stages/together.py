"""Jobs side by side, a few at a time, until one fails. Stands on the standard library only. Next: `stages/extract`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

Result = TypeVar("Result")


def together(
    jobs: Iterable[Callable[[], Result]], connections: int, name: str, stop: Callable[[], None]
) -> list[Result]:
    """Return what jobs give, in their order; `stop` ends the others when one fails."""
    waiting = enumerate(jobs)
    if connections == 1:
        return [job() for _, job in waiting]
    found: dict[int, Result] = {}
    with ThreadPoolExecutor(connections, thread_name_prefix=name) as pool:
        under_way: dict[Future[Result], int] = {}
        try:
            while True:
                for number, job in waiting:
                    under_way[pool.submit(job)] = number
                    if len(under_way) >= 2 * connections:
                        break
                if not under_way:
                    return [found[number] for number in sorted(found)]
                for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                    found[under_way.pop(future)] = future.result()
        except BaseException:  # of any kind, Ctrl-C too: the other threads must not go on asking
            stop()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
