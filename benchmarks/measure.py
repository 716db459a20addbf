"""Measure a process of its own: CPU, wall time and memory over time, from outside."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
_SAMPLE_S = 0.1


@dataclass(frozen=True)
class Measured:
    """What one process took; times in seconds, memory in MB, `samples` as (second, MB)."""

    cpu_s: float
    wall_s: float
    peak_mb: float
    output: str
    samples: tuple[tuple[float, float], ...] = field(default=(), repr=False)

    def thin(self, count: int = 9) -> list[tuple[float, float]]:
        """Return about `count` samples, evenly spread over the run."""
        step = max(1, len(self.samples) // count)
        return list(self.samples[::step])


class Failed(Exception):  # noqa: N818  (the name says what is the case)
    """A measured process ended with an error; its last words are the message."""


def _resident_mb(pid: int) -> tuple[float, float] | None:
    """Return what a process holds now and the most it held since it began to run its program."""
    try:
        text = Path(f"/proc/{pid}/status").read_text("ascii")
    except OSError:
        return None
    lines = dict(line.split(":", 1) for line in text.splitlines())
    if "VmRSS" not in lines:
        return None
    return int(lines["VmRSS"].split()[0]) / 1024, int(lines["VmHWM"].split()[0]) / 1024


def _watch(
    pid: int,
    begun: float,
    samples: list[tuple[float, float]],
    peak: list[float],
    done: threading.Event,
) -> None:
    while not done.wait(_SAMPLE_S):
        found = _resident_mb(pid)
        if found is None:
            return
        samples.append((round(time.monotonic() - begun, 2), round(found[0], 1)))
        peak[:] = [found[1]]


def _environment() -> dict[str, str]:
    """Return the environment with compiled modules kept, as every installed program has them."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def run(
    command: Sequence[str], env: Mapping[str, str] | None = None, *, accept: tuple[int, ...] = (0,)
) -> Measured:
    """Run a command to its end and return what it took; raises Failed for other exit codes."""
    samples: list[tuple[float, float]] = []
    # The kernel's own maximum (ru_maxrss) counts what we held when the process was forked.
    peak = [0.0]
    done = threading.Event()
    begun = time.monotonic()
    process = subprocess.Popen(
        command, cwd=ROOT, env=_environment() | dict(env or {}), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    watcher = threading.Thread(target=_watch, args=(process.pid, begun, samples, peak, done))
    watcher.start()
    output, complaint = "", ""
    # both pipes are read to their end before the process is reaped, so that wait4 gets its usage
    assert process.stdout is not None
    assert process.stderr is not None
    reader = threading.Thread(target=lambda: _fill(process.stderr, errors))
    errors: list[str] = []
    reader.start()
    output = process.stdout.read()
    reader.join()
    _, status, usage = os.wait4(process.pid, 0)
    done.set()
    watcher.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    process.stderr.close()
    complaint = "".join(errors)
    if process.returncode not in accept:
        raise Failed(f"{' '.join(command[:6])}: exit {process.returncode}: {complaint[-2000:]}")
    return Measured(
        cpu_s=usage.ru_utime + usage.ru_stime,
        wall_s=time.monotonic() - begun,
        peak_mb=peak[0],
        output=output,
        samples=tuple(samples),
    )


def _fill(stream: object, into: list[str]) -> None:
    into.append(stream.read())  # type: ignore[attr-defined]


def task(name: str, *arguments: str, env: Mapping[str, str] | None = None) -> Measured:
    """Run one of our own tasks (`python -m benchmarks.tasks NAME …`) in a process of its own."""
    return run([sys.executable, "-m", "benchmarks.tasks", name, *arguments], env)


def tocsin(*arguments: str, env: Mapping[str, str] | None = None) -> Measured:
    """Run the console script; 3 (done, but not everything was reached) counts as done."""
    script = str(Path(sys.executable).with_name("tocsin"))
    return run([script, *arguments], env, accept=(0, 3))
