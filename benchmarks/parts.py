"""The parts of the page: each measures, and returns figures as plain data (kept as JSON)."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks import catalogue, sweep
from benchmarks.judge import figures
from benchmarks.machine import circumstances
from benchmarks.measure import Failed, task, tocsin

Found = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What was asked for on the command line."""

    models: int
    small: int
    snapshots: int
    sizes: tuple[int, ...]
    deliveries: int
    work: Path

    def home(self, name: str) -> Path:
        """Return a home of this name inside the working folder."""
        return self.work / "homes" / name

    @property
    def large(self) -> Path:
        """The home with the one large catalogue: left by the sweep, or made without a network."""
        return self.home(f"large-{self.models}")


def said(line: str) -> None:
    """Tell on stderr what is measured now."""
    print(f"… {line}", file=sys.stderr, flush=True)


def swept(asked: Asked) -> Found:
    """(a) Return the sweep beside its floor and the hub's own client; its home is kept."""
    said(f"sweep of {asked.models:,} models")
    shutil.rmtree(asked.large, ignore_errors=True)
    return sweep.compare(asked.models, asked.large)


def judged(asked: Asked) -> Found:
    """(b) Return the indicators on one catalogue, on snapshots of it, and beside other engines."""
    said(f"a home with {asked.models:,} models")
    catalogue.make_home(asked.large, asked.models)
    found: Found = {
        "models": asked.models, "snapshots": asked.snapshots, "small": asked.small,
        "one": _tasks(asked.large, ("ours", "typed", "typed_in_place")),
    }  # fmt: skip
    many = asked.home(f"snapshots-{asked.models}")
    said(f"{asked.snapshots} snapshots")
    _linked(asked.large, many)
    catalogue.add_snapshots(many, asked.snapshots)
    found["many"] = _tasks(many, ("ours", "typed_in_place"))
    shutil.rmtree(many)
    little = asked.home(f"small-{asked.small}")
    catalogue.make_home(little, asked.small)
    beside = ("ours", "sqlite", *(("pandas",) if find_spec("pandas") else ()))
    return found | {"beside": _tasks(little, beside)}


def _tasks(home: Path, names: Sequence[str]) -> Found:
    """Return each task's figures; one that fails leaves its last words instead."""
    found: Found = {"measured": circumstances()}
    for name in names:
        said(f"indicators: {name}, {home.name}")
        try:
            measured = task(name, str(home))
        except Failed as error:
            found[name] = {"failed": str(error).strip().splitlines()[-1][:200]}
            continue
        found[name] = figures(measured.output) | {"mb": measured.peak_mb}
    return found


def _linked(home: Path, copy: Path) -> None:
    """Copy a home; the lake's files never change, so they are linked."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(home / "lake", copy / "lake", copy_function=os.link)
    for name in home.glob("tocsin.db*"):
        shutil.copy2(name, copy / name.name)


def grown(asked: Asked) -> Found:
    """(c) Return sweep and indicators at each size, each in a home of its own."""
    return {"rows": [_at_size(asked, models) for models in asked.sizes]}


def _at_size(asked: Asked, models: int) -> Found:
    said(f"growth: {models:,} models")
    around = circumstances()
    home = asked.home(f"grown-{models}")
    shutil.rmtree(home, ignore_errors=True)
    with sweep.hub(models, home) as url:
        start = sweep.pipeline(url, home / "empty", enabled=False).cpu_s
        sweeping = sweep.pipeline(url, home)
    judging = task("ours", str(home))
    told = figures(judging.output)
    shutil.rmtree(home)
    return {
        "models": models, "sweep_s": sweeping.cpu_s - start, "sweep_mb": sweeping.peak_mb,
        "judge_s": told["total_s"], "judge_cpu_s": told["cpu_s"], "judge_mb": judging.peak_mb,
        **around,
    }  # fmt: skip


def reported(asked: Asked) -> Found:
    """(d) Return what reports take: on the shipped facts, and with the large catalogue."""
    home = asked.home("everyday")
    _command("run", home, "run", "--offline")
    rows = [
        _command("the whole site, shipped facts", home, "report", "site"),
        _command("annual report 2025, zh", home, "report", "annual", "--year", "2025",
                 "--out", str(home / "out")),
    ]  # fmt: skip
    catalogue.make_home(asked.large, asked.models)
    title = f"with {asked.models:,} models more: "
    rows.append(_command(f"{title}first site", asked.large, "report", "site"))
    rows.append(_command(f"{title}site again", asked.large, "report", "site"))
    return {"rows": rows}


def sent(asked: Asked) -> Found:
    """(e) Return how many signed webhooks one worker delivers a second."""
    said(f"outbox: {asked.deliveries:,} deliveries")
    found: Found = json.loads(task("outbox", str(asked.deliveries)).output)
    return found


def started(asked: Asked) -> Found:
    """(f) Return what commands take on a fresh home and afterwards."""
    home = asked.home("cold")
    shutil.rmtree(home, ignore_errors=True)
    return {
        "rows": [
            _command("`tocsin --version`", home, "--version"),
            _command("first `tocsin run --offline` on a fresh home", home, "run", "--offline"),
            _command("second `tocsin run --offline`", home, "run", "--offline"),
            _command("`tocsin status --json`", home, "status", "--json"),
        ]
    }


def _command(name: str, home: Path, *arguments: str) -> Found:
    said(f"tocsin {' '.join(arguments)}")
    try:
        took = tocsin("--home", str(home), *arguments)
    except Failed as error:
        return {"name": name, "failed": str(error).strip().splitlines()[-1][:120]}
    return {"name": name, "wall_s": took.wall_s, "cpu_s": took.cpu_s, "mb": took.peak_mb}


PARTS: Mapping[str, Callable[[Asked], Found]] = {
    "a": swept, "b": judged, "c": grown, "d": reported, "e": sent, "f": started,
}  # fmt: skip
