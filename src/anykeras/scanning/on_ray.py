"""The same work on a Ray cluster: the extra ``anykeras[ray]``.

Ray starts a task anew where its worker or node dies, and bounds its memory. The files of a task that fails for good are
done one by one, each in a process of its own below the task, so that the one that hangs or dies is told from the others, and
``stopped`` from ``crashed``, as without Ray. The driver alone writes the results.
"""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from ..errors import import_extra
from .one_file import CRASHED, Job, Outcome, process
from .pool import run_pool

RETRIES = 2
BATCH = 16  # files of one task, so that Ray's own work for a task is small against theirs
AHEAD = 4  # tasks that wait for each processor


def _process_all(jobs: list[dict[str, Any]], seconds: float) -> list[dict[str, Any]]:
    """A task. The alarm ends the process, whatever it does, and Ray starts the task anew or gives it up."""
    found = []
    for job in jobs:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        found.append(process(job))
    signal.setitimer(signal.ITIMER_REAL, 0)
    return found


def _process_alone(job: dict[str, Any], seconds: float, memory: int) -> list[dict[str, Any]]:
    """A task of one file that is under suspicion: the pool kills its process, not that of Ray, and says why."""
    return list(run_pool([Job(**job)], 1, seconds, memory))


def run_ray(jobs: Iterable[Job], address: str, workers: int, seconds: float, memory: int) -> Iterator[dict[str, Any]]:
    """The outcome of each job, as they come.

    Args:
        jobs: taken as the cluster has room.
        address: of a running cluster, ``"auto"``, or ``"local"`` for one on this machine that is ended afterwards.
        workers: processors of the local cluster.
        seconds: what one file may take.
        memory: bytes of address space for a file that is tried alone; 0 for no limit.

    Raises TargetError (AK6051) where Ray is not installed.
    """
    ray = import_extra("ray", "ray", "--ray needs")
    local = address == "local"
    if not ray.is_initialized():
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "error", "include_dashboard": False}
        ray.init(num_cpus=workers, **quiet) if local else ray.init(address=address, **quiet)
    else:
        local = False
    try:
        yield from _drive(ray, iter(jobs), seconds, memory)
    finally:
        if local:
            ray.shutdown()


def _drive(ray: Any, waiting: Iterator[Job], seconds: float, memory: int) -> Iterator[dict[str, Any]]:
    task = ray.remote(max_retries=RETRIES, num_cpus=1)(_process_all)
    alone = ray.remote(max_retries=RETRIES, num_cpus=1)(_process_alone)
    most = AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
    running: dict[Any, list[Job]] = {}
    suspects: set[Any] = set()

    while True:
        while len(running) < most and (batch := list(islice(waiting, BATCH))):
            running[task.remote([job.as_dict() for job in batch], seconds)] = batch
        if not running:
            return
        for done in ray.wait(list(running), num_returns=1)[0]:
            batch = running.pop(done)
            try:
                yield from ray.get(done)
            except ray.exceptions.RayError as error:
                if done in suspects:  # the node itself, time and again
                    why = f"{type(error).__name__} after {RETRIES} retries"
                    yield Outcome(batch[0].path, CRASHED, refusal_code="AK6009", refusal=why).as_dict()
                    continue
                for job in batch:
                    single = alone.remote(job.as_dict(), seconds, memory)
                    running[single] = [job]
                    suspects.add(single)
