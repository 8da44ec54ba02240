# SPDX-License-Identifier: ISC
"""Runs a command on chosen cores and says what it cost: user and system CPU with its children, wall time, peak memory.

Linux gives a child its parent's peak memory as a floor until it has run: figures below about 20 MB are this interpreter's.
"""
import dataclasses
import os
import signal
import time


@dataclasses.dataclass
class Cost:
    """What one run took; `status` is the exit status, negative for a signal."""
    cpu: float
    wall: float
    peak_mb: float
    status: int


def cores():
    """Cores this process may use, the quietest (last) first: interrupts tend to go to the first one."""
    return sorted(os.sched_getaffinity(0), reverse=True)


def child(command, pinned, log):
    """In the forked process: pins itself and becomes the command."""
    try:
        os.sched_setaffinity(0, pinned)
        os.setpgid(0, 0)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.execvp(command[0], command)
    finally:
        os._exit(127)


def run(command, core_count=1, log_path=os.devnull):
    """The cost of one run on `core_count` cores."""
    command = [str(word) for word in command]
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    begin = time.monotonic()
    pid = os.fork()
    if pid == 0:
        child(command, cores()[:core_count], log)
    os.close(log)
    try:
        _, status, usage = os.wait4(pid, 0)
    except BaseException:
        os.killpg(pid, signal.SIGKILL)
        raise
    return Cost(usage.ru_utime + usage.ru_stime, time.monotonic() - begin, usage.ru_maxrss / 1024,
                os.waitstatus_to_exitcode(status))


def median(costs):
    """The run with the median CPU time, with the largest peak of all."""
    ordered = sorted(costs, key=lambda cost: cost.cpu)
    middle = ordered[len(ordered) // 2]
    return dataclasses.replace(middle, peak_mb=max(cost.peak_mb for cost in costs),
                               wall=sorted(cost.wall for cost in costs)[len(costs) // 2])
