"""A pool of worker processes that outlives them: one that dies or takes too long costs the file in its hands, no more."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .one_file import CRASHED, STOPPED, Job, Outcome, stamp

READY = b"{}"
STARTING = 300.0  # seconds that a process has for its imports


@dataclass(eq=False)
class _Worker:
    process: subprocess.Popen[bytes]
    job: Job | None = None
    since: float = 0.0
    ready: bool = False


def run_pool(jobs: Iterable[Job], workers: int, seconds: float, memory: int) -> Iterator[dict[str, Any]]:
    """The outcome of each job, as they come.

    Args:
        jobs: taken one at a time, as workers are free.
        workers: processes.
        seconds: what one file may take before its worker is killed.
        memory: bytes of address space a worker may have; 0 for no limit.
    """
    waiting = iter(jobs)
    pool = _Pool(memory, seconds)
    try:
        for _ in range(workers):
            if not pool.give(None, waiting):
                break
        while pool.busy:
            for worker, outcome in pool.collect():
                yield outcome
                pool.give(worker, waiting)
    finally:
        pool.close()


class _Pool:
    def __init__(self, memory: int, seconds: float) -> None:
        self._memory, self._seconds = memory, seconds
        self._workers: list[_Worker] = []
        self._lines: queue.SimpleQueue[tuple[_Worker, bytes]] = queue.SimpleQueue()  # empty where a worker has ended

    @property
    def busy(self) -> bool:
        return any(worker.job is not None for worker in self._workers)

    def _start(self) -> _Worker:
        paths = os.pathsep.join(path for path in sys.path if path)
        process = subprocess.Popen(
            [sys.executable, "-m", "anykeras.scanning.worker", str(self._memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths},
        )
        worker = _Worker(process)
        self._workers.append(worker)
        threading.Thread(target=self._listen, args=(worker,), daemon=True).start()
        return worker

    def _listen(self, worker: _Worker) -> None:
        assert worker.process.stdout is not None
        for line in worker.process.stdout:
            self._lines.put((worker, line.strip()))
        self._lines.put((worker, b""))

    def give(self, worker: _Worker | None, waiting: Iterator[Job]) -> bool:
        """Hand the next job to a worker; a new one takes the place of none and of one that is dead. False: no job is left."""
        job = next(waiting, None)
        if job is None:
            return False
        if worker is None or worker not in self._workers:
            worker = self._start()
        worker.job, worker.since = job, time.monotonic()
        assert worker.process.stdin is not None
        with suppress(OSError):  # where it is dead, its end of the other pipe says so
            worker.process.stdin.write(json.dumps(job.as_dict()).encode() + b"\n")
            worker.process.stdin.flush()
        return True

    def collect(self) -> Iterator[tuple[_Worker, dict[str, Any]]]:
        """Outcomes that have come, and those of workers that died or were killed."""
        deadline = min(worker.since + self._allowed(worker) for worker in self._workers if worker.job is not None)
        with suppress(queue.Empty):
            worker, line = self._lines.get(timeout=max(0.01, deadline - time.monotonic()))
            if worker not in self._workers:
                return  # what one that was killed had still said
            if line == READY:
                worker.since, worker.ready = time.monotonic(), True
            elif line:
                worker.job = None
                yield worker, json.loads(line)
            elif worker.job is None:
                self._remove(worker)  # there was no more to do
            else:
                yield worker, self._bury(worker, CRASHED, "the process died while it had this file")
        for worker in list(self._workers):
            if worker.job is not None and time.monotonic() - worker.since > self._allowed(worker):
                yield worker, self._bury(worker, STOPPED, f"it took longer than {self._seconds:g} seconds")

    def _allowed(self, worker: _Worker) -> float:
        return self._seconds if worker.ready else STARTING

    def _bury(self, worker: _Worker, status: str, why: str) -> dict[str, Any]:
        assert worker.job is not None
        path = worker.job.path
        self._remove(worker)
        size, modified = stamp(path)
        code = "AK1003" if status == STOPPED else "AK6009"
        return Outcome(path, status, size, modified, refusal_code=code, refusal=why).as_dict()

    def _remove(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.process.kill()
        worker.process.wait()
        assert worker.process.stdin is not None
        with suppress(OSError):
            worker.process.stdin.close()

    def close(self) -> None:
        """End all workers."""
        for worker in list(self._workers):
            self._remove(worker)
