"""A pool of worker processes that outlives them: one that dies or takes too long costs the file in its hands, no more."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from .one_file import CRASHED, STOPPED, Job, Outcome, stamp

READY = b"{}"
STARTING = 300.0  # seconds that a process has for its imports


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    job: Job | None = None
    since: float = 0.0
    ready: bool = False
    answer: bytearray = field(default_factory=bytearray)


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
            if not pool.give(pool.start(), waiting):
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
        self._selector = selectors.DefaultSelector()
        self._workers: list[_Worker] = []

    @property
    def busy(self) -> bool:
        return any(worker.job is not None for worker in self._workers)

    def start(self) -> _Worker:
        command = [sys.executable, "-m", "anykeras.scanning.worker", str(self._memory)]
        paths = os.pathsep.join(path for path in sys.path if path)
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env={**os.environ, "PYTHONPATH": paths},
        )
        worker = _Worker(process)
        self._workers.append(worker)
        assert process.stdout is not None
        self._selector.register(process.stdout, selectors.EVENT_READ, worker)
        return worker

    def give(self, worker: _Worker, waiting: Iterator[Job]) -> bool:
        """Hand the next job to a worker; a new one takes the place of one that is dead. False where no job is left."""
        job = next(waiting, None)
        if job is None:
            return False
        if worker not in self._workers:
            worker = self.start()
        worker.job, worker.since = job, time.monotonic()
        assert worker.process.stdin is not None
        with suppress(OSError):  # where it is dead, its end of the other pipe says so to `collect`
            worker.process.stdin.write(json.dumps(job.as_dict()).encode() + b"\n")
        return True

    def collect(self) -> Iterator[tuple[_Worker, dict[str, Any]]]:
        """Outcomes that have come, and those of workers that died or were killed."""
        now = time.monotonic()
        deadline = min(worker.since + self._allowed(worker) for worker in self._workers if worker.job is not None)
        for key, _ in self._selector.select(max(0.0, deadline - now)):
            worker: _Worker = key.data
            data = os.read(key.fd, 1 << 20)
            worker.answer += data
            if not data:
                yield worker, self._bury(worker, CRASHED, "the process died while it had this file")
            elif worker.answer.endswith(b"\n"):
                lines = bytes(worker.answer).splitlines()
                worker.answer.clear()
                for line in lines:
                    if line == READY:
                        worker.since, worker.ready = time.monotonic(), True
                    else:
                        worker.job = None
                        yield worker, json.loads(line)
        now = time.monotonic()
        for worker in list(self._workers):
            if worker.job is not None and now - worker.since > self._allowed(worker):
                yield worker, self._bury(worker, STOPPED, f"it took longer than {self._seconds:g} seconds")

    def _allowed(self, worker: _Worker) -> float:
        return self._seconds if worker.ready else STARTING

    def _bury(self, worker: _Worker, status: str, why: str) -> dict[str, Any]:
        job = worker.job
        self._remove(worker)
        assert job is not None
        size, modified = stamp(job.path)
        return Outcome(
            job.path, status, size, modified, refusal_code="AK1003" if status == STOPPED else "AK6009", refusal=why
        ).as_dict()

    def _remove(self, worker: _Worker) -> None:
        process = worker.process
        assert process.stdout is not None and process.stdin is not None
        self._selector.unregister(process.stdout)
        self._workers.remove(worker)
        process.kill()
        process.wait()
        process.stdout.close()
        process.stdin.close()

    def close(self) -> None:
        """End all workers."""
        for worker in list(self._workers):
            self._remove(worker)
        self._selector.close()
