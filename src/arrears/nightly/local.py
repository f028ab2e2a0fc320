"""The engine of one machine: a function over partition names, on as many threads as there are cores.

Threads, not processes: the walk and Polars let go of the interpreter lock, so two threads fill two cores, and a
killed run leaves no orphan behind. Each partition's result depends on nothing but the partition.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TypeVar

Result = TypeVar("Result")


def each(work: Callable[[str], Result], partitions: Iterable[str]) -> Iterator[tuple[str, Result]]:
    """Partition and result, as they get ready; the first failure ends the run and is raised."""
    waiting = iter(partitions)
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        running = {}
        try:
            while True:
                while len(running) < workers and (partition := next(waiting, None)) is not None:
                    running[pool.submit(work, partition)] = partition
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield running.pop(future), future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
