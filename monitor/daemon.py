"""The daemon: the cycle on a schedule, until it is told to stop.

There is no job store: what is due follows from the run table, so a restart forgets nothing and two
daemons cannot both remember the same job. Only the leader acts.
"""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, timedelta

import uvicorn
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, select

from collectors.base import Collector
from collectors.registry import COLLECTORS
from config.errors import ConfigError
from config.settings import SourceSettings
from monitor.alerts.operations import operations_alarm
from monitor.alerts.outbox import take_back
from monitor.asking import collect_one
from monitor.context import Context, open_context
from monitor.cycle import deliver, judge, prepare, worker_name
from monitor.housekeeping import housekeeping
from monitor.leader import RENEW, FileLock, Leadership, LeaseLock
from monitor.schedule import is_overdue, trigger
from monitor.server import serving
from monitor.service import Service
from monitor.sources import GOOD, last_run
from monitor.store.runs import Run, RunState

log = logging.getLogger(__name__)

GRACE_SECONDS = 6.0
"""How long SIGTERM waits for what is in hand; what is not done by then was never visible."""
AGAIN_SECONDS = 10.0
"""Pause before leadership that could not be taken up is tried again."""
DELIVER_EVERY = timedelta(seconds=10)


class Daemon:
    """One process that may lead; `run` returns when it was told to stop."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.stop = threading.Event()
        self.reload = threading.Event()
        self.leadership = leadership_of(context)
        self.scheduler: BackgroundScheduler | None = None
        self.starting: threading.Thread | None = None
        self.tried = 0.0
        self.leads = False
        self.service = Service()
        self.in_hand = 0
        self._count = threading.Lock()

    def run(self) -> int:
        """Lead when possible, follow otherwise; returns the exit code."""
        signal.signal(signal.SIGTERM, lambda *_: self.stop.set())
        signal.signal(signal.SIGINT, lambda *_: self.stop.set())
        signal.signal(signal.SIGHUP, lambda *_: self.reload.set())
        server = self._serve()
        renewing = threading.Thread(target=self._renew, daemon=True, name="lease")
        renewing.start()
        self.service.tell("READY=1")
        try:
            while not self.stop.is_set():
                self._tick()
                if renewing.is_alive():
                    self.service.turning()
                self.stop.wait(0.2)
        finally:
            self.service.tell("STOPPING=1")
            self._stand_down()
            renewing.join(RENEW.total_seconds() * 2)
            self.leadership.release()
            if server is not None:
                server.should_exit = True
        return 0

    def _renew(self) -> None:
        """Ask for leadership and renew it, whatever else is going on."""
        while not self.stop.is_set():
            try:
                self.leads = self.leadership.acquire(self.context.now())
            except SQLAlchemyError as error:
                log.error("lease: %s", type(error).__name__)
                self.leads = False
            self.stop.wait(RENEW.total_seconds())

    def _tick(self) -> None:
        leads = self.leads
        if leads and self._idle():
            log.info("leading as pid %d on %s", os.getpid(), socket.gethostname())
            self._take_up()
        elif not leads and self.scheduler is not None:
            log.warning("another daemon leads now; standing down")
            self._stand_down()
        if self.reload.is_set():
            self.reload.clear()
            self._reload()

    def _idle(self) -> bool:
        """Whether nothing has been taken up, or a try at it failed a while ago."""
        if self.scheduler is not None or (self.starting and self.starting.is_alive()):
            return False
        return self.starting is None or time.monotonic() - self.tried > AGAIN_SECONDS

    def _take_up(self) -> None:
        """Begin to lead, in a thread: SIGTERM and the lease do not wait for a first load."""
        self.tried = time.monotonic()
        self.starting = threading.Thread(target=self._job(self._start), daemon=True, name="take-up")
        self.starting.start()

    def _start(self) -> None:
        self._forget_interrupted()
        take_back(self.context.engine, self.context.now(), worker=worker_name(self.context))
        prepare(self.context)
        if self.stop.is_set() or not self.leads:
            return
        self.scheduler = self._scheduled()
        log.info("on schedule: %d jobs", len(self.scheduler.get_jobs()))

    def _scheduled(self, *, paused: bool = False) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(
            timezone=UTC,
            # Neither a judgement nor a notice waits behind sources that answer slowly.
            executors={
                "default": ThreadPoolExecutor(4),
                "judge": ThreadPoolExecutor(1),
                "deliver": ThreadPoolExecutor(1),
            },
            # The library's default drops a job that is a second late.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        scheduler.add_listener(self._missed, EVENT_JOB_MISSED | EVENT_JOB_ERROR)
        for collector in COLLECTORS:
            self._schedule(scheduler, collector)
        now, settings = self.context.now(), self.context.settings.daemon
        when = trigger(settings.judge, timedelta(hours=1), "daemon.judge", now)
        scheduler.add_job(
            self._job(self._judge), when,
            id="judge", name="judge", executor="judge", next_run_time=now,
        )  # fmt: skip
        scheduler.add_job(
            self._job(self._deliver), "interval", seconds=DELIVER_EVERY.total_seconds(),
            id="deliver", name="deliver", executor="deliver", next_run_time=now,
        )  # fmt: skip
        night = trigger(settings.house, timedelta(days=1), "daemon.house", now)
        scheduler.add_job(self._job(self._keep_house), night, id="house", name="house")
        scheduler.start(paused=paused)
        return scheduler

    def _schedule(self, scheduler: BackgroundScheduler, collector: Collector) -> None:
        source = collector.source
        settings = self.context.settings.sources.get(source.id, SourceSettings())
        if not settings.enabled:
            return
        now = self.context.now()
        with Session(self.context.engine) as session:
            good = last_run(session, source.id, GOOD)
        key = f"sources.{source.id}.schedule"
        when = trigger(settings.schedule, source.every, key, now + source.every)
        overdue = is_overdue(good.started_at if good else None, source.every, now)
        scheduler.add_job(
            self._job(lambda: self._collect(collector)),
            when,
            id=f"collect-{source.id}",
            name=f"collect {source.id}",
            **({"next_run_time": now} if overdue else {}),
        )

    def _job(self, work: Callable[[], None]) -> Callable[[], None]:
        """Return the work inside the one boundary that catches what nobody foresaw."""

        def guarded() -> None:
            if self.stop.is_set():
                return
            with self._count:
                self.in_hand += 1
            try:
                work()
            except Exception:
                log.exception("crashed; the other jobs go on")
                operations_alarm(
                    self.context, "crash", "a job crashed; its traceback is in the log"
                )
            finally:
                with self._count:
                    self.in_hand -= 1

        return guarded

    def _collect(self, collector: Collector) -> None:
        outcome = collect_one(self.context, collector)
        log.info("%s: %s, %d rows %s", outcome.source, outcome.state, outcome.rows, outcome.message)

    def _judge(self) -> None:
        result = judge(self.context, leadership=self.leadership)
        log.info("judged: %s", ", ".join(f"{r.risk} {r.level}" for r in result.assessment.risks))

    def _deliver(self) -> None:
        deliver(self.context)

    def _keep_house(self) -> None:
        housekeeping(self.context)

    def _missed(self, event: JobExecutionEvent) -> None:
        if event.exception is None:
            operations_alarm(
                self.context, "missed", f"{event.job_id} missed its time {event.scheduled_run_time}"
            )

    def _forget_interrupted(self) -> None:
        """Mark runs that a kill left open; nothing of them was visible."""
        with Session(self.context.engine) as session:
            for run in session.exec(select(Run).where(Run.state == RunState.RUNNING)):
                run.state, run.message = RunState.CRASHED, "the process ended in the middle"
                run.finished_at = self.context.now()
            session.commit()

    def _reload(self) -> None:
        """Take over new settings if they are sound; keep the old ones if they are not."""
        try:
            fresh = open_context(self.context.home, self.context.settings_file, self.context.now)
            _ = fresh.method
        except ConfigError as error:
            log.error("settings not taken over: %s", error)
            operations_alarm(self.context, "settings", f"not taken over: {error}")
            return
        self._stand_down()
        self.context = fresh
        log.info("settings read again")

    def _stand_down(self) -> None:
        scheduler, self.scheduler, self.starting = self.scheduler, None, None
        if scheduler is not None:
            scheduler.pause()
        until = time.monotonic() + GRACE_SECONDS
        while self.in_hand and time.monotonic() < until:
            time.sleep(0.05)
        if scheduler is not None:
            scheduler.shutdown(wait=False)
        if self.in_hand and self.stop.is_set():
            log.warning("%d jobs given up; nothing of them was visible", self.in_hand)
            self.leadership.release()
            logging.shutdown()
            os._exit(0)

    def _serve(self) -> uvicorn.Server | None:
        settings = self.context.settings.serve
        if not settings.with_daemon:
            return None
        server = serving(self.context, settings.host, settings.port)
        threading.Thread(target=server.run, daemon=True, name="serve").start()
        return server


def leadership_of(context: Context) -> Leadership:
    """Return the lock that fits the store: a file beside SQLite, a lease on PostgreSQL."""
    if context.engine.dialect.name == "sqlite":
        return FileLock(context.home / "daemon.lock")
    return LeaseLock(context.engine, f"{socket.gethostname()}:{os.getpid()}")
