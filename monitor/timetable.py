"""The daemon's timetable: what runs when, made anew at each start from settings and run table."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from sqlmodel import Session, col, func, select

from collectors.base import Collector
from collectors.registry import COLLECTORS
from config.errors import ConfigError
from config.settings import SourceSettings
from monitor.context import Context
from monitor.schedule import due, missed, rhythm, spread
from monitor.sources import GOOD, last_run
from monitor.store.engine import reading
from monitor.store.runs import Run, RunState

DELIVER_EVERY = timedelta(seconds=10)
COLLECTING = 4
"""Sources asked at once by the daemon; the others wait for a free place."""
_NONE = timedelta(0)


@dataclass(frozen=True)
class Work:
    """What the daemon does when the time has come."""

    collect: Callable[[Collector], None]
    judge: Callable[[], None]
    deliver: Callable[[], None]
    house: Callable[[], None]


@dataclass(frozen=True)
class Entry:
    """One line of the timetable."""

    name: str
    """`huggingface`, `judge`, `house`."""
    rhythm: BaseTrigger
    jitter: timedelta | None
    """How much later a run may be; None = a share of the rhythm."""
    collector: Collector | None = None


def entries(context: Context) -> Iterator[Entry]:
    """Yield what is to run when, enabled sources first; ConfigError where a setting is no time."""
    daemon = context.settings.daemon
    for collector in COLLECTORS:
        source = collector.source
        said = context.settings.sources.get(source.id, SourceSettings())
        key = f"sources.{source.id}.schedule"
        when = rhythm(said.schedule, source.every, key, daemon.zone)
        jitter = None if said.jitter_seconds is None else timedelta(seconds=said.jitter_seconds)
        if said.enabled:
            yield Entry(source.id, when, jitter, collector)
    yield Entry("judge", rhythm(daemon.judge, _NONE, "daemon.judge", daemon.zone), _NONE)
    yield Entry("house", rhythm(daemon.house, _NONE, "daemon.house", daemon.zone), _NONE)


def check(context: Context) -> None:
    """Raise ConfigError where the settings name a source that nobody knows, or no time."""
    known = {c.source.id for c in COLLECTORS}
    for name in context.settings.sources:
        if name not in known:
            file = str(context.settings_file or "environment")
            raise ConfigError(file, f"sources.{name}", f"one of {', '.join(sorted(known))}")
    list(entries(context))


def missed_runs(context: Context) -> dict[str, int]:
    """Return what fell due while nobody ran, by name: runs that nothing makes up for.

    One run of each is made up for at the start; these are the others.
    """
    now = context.now()
    with reading(context.engine) as session:
        alive = session.exec(select(func.max(Run.started_at))).one()
        counted = {
            e.name: missed(e.rhythm, alive, now)
            for e in entries(context)
            if _last(session, e) is not None
        }
    return {name: count for name, count in counted.items() if count}


def _last(session: Session, entry: Entry) -> datetime | None:
    """Return when this last began of what ended well."""
    if entry.collector is not None:
        good = last_run(session, entry.name, GOOD)
        return good.started_at if good else None
    kind = "cycle" if entry.name == "judge" else entry.name
    query = select(func.max(Run.started_at)).where(
        col(Run.id).startswith(f"{kind}-"), Run.state == RunState.DONE
    )
    return session.exec(query).one()


def timetable(context: Context, work: Work) -> BackgroundScheduler:
    """Return a scheduler with every job on it, not yet started.

    What is overdue runs at once, once; judging always does, for its inputs may have moved.
    """
    scheduler = BackgroundScheduler(
        timezone=UTC,
        # Neither a judgement nor a notice waits behind sources that answer slowly.
        executors={
            "default": ThreadPoolExecutor(COLLECTING),
            "judge": ThreadPoolExecutor(1),
            "deliver": ThreadPoolExecutor(1),
        },
        # The library's default drops a job that is a second late.
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
    )
    now = context.now()
    with reading(context.engine) as session:
        for entry in entries(context):
            first = now if entry.name == "judge" else due(entry.rhythm, _last(session, entry), now)
            scheduler.add_job(
                _job(work, entry), spread(entry.rhythm, now, entry.jitter),
                id=entry.name, name=entry.name, next_run_time=first,
                executor="judge" if entry.name == "judge" else "default",
            )  # fmt: skip
    scheduler.add_job(
        work.deliver, "interval", seconds=DELIVER_EVERY.total_seconds(),
        id="deliver", name="deliver", executor="deliver", next_run_time=now,
    )  # fmt: skip
    return scheduler


def _job(work: Work, entry: Entry) -> Callable[[], None]:
    if entry.collector is None:
        return work.judge if entry.name == "judge" else work.house
    return partial(work.collect, entry.collector)
