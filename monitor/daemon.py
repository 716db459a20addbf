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
from contextlib import suppress
from functools import partial

import uvicorn
from apscheduler.events import (
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    JobExecutionEvent,
    JobSubmissionEvent,
)
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError

from collectors.base import Collector
from config.errors import ConfigError
from config.secret import secrets_of
from monitor.alerts.opening import open_desk
from monitor.alerts.operations import alarm, operations_alarm
from monitor.asking import collect_one
from monitor.context import Context, open_context
from monitor.cycle import deliver, judge, prepare, take_back_claims
from monitor.housekeeping import housekeeping
from monitor.leader import LIFE, RENEW, FileLock, Leadership, LeaseLock
from monitor.logs import hide
from monitor.memory import settle
from monitor.server import serving
from monitor.service import Service
from monitor.timetable import Work, check, missed_runs, timetable

log = logging.getLogger(__name__)

GRACE_SECONDS = 6.0
"""How long SIGTERM waits for what is in hand; what is not done by then was never visible."""
AGAIN_SECONDS = 10.0
"""Pause before leadership that could not be taken up is tried again."""


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
        self.leads_until = 0.0
        self.service = Service()
        self.in_hand = 0
        self.stint = 0
        """How often we began to lead; what an earlier stint left in line is not begun any more."""
        self._count = threading.Lock()

    def run(self) -> int:
        """Lead when possible, follow otherwise; returns the exit code."""
        settle()
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
        waits_for = ""
        while not self.stop.is_set():
            asked = time.monotonic()
            try:
                leads = self.leadership.acquire()
                leader = "" if leads else self.leadership.leader()
            except SQLAlchemyError as error:
                log.error("lease: %s", type(error).__name__)
                leads, leader = False, waits_for
            self.leads_until = asked + LIFE.total_seconds() if leads else 0.0
            if leader and leader != waits_for:
                log.info("waiting: %s leads", leader)
            waits_for = leader
            self.stop.wait(RENEW.total_seconds())

    @property
    def leads(self) -> bool:
        """Whether we may act: one who cannot renew stops by itself, however the asking hangs."""
        return time.monotonic() < self.leads_until

    def _tick(self) -> None:
        leads = self.leads
        if leads and self._idle():
            log.info("leading as pid %d on %s", os.getpid(), socket.gethostname())
            self._take_up()
        elif not leads and self.scheduler is not None:
            log.warning("no longer leading; standing down")
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
        self.stint += 1
        self.starting = threading.Thread(
            target=self._guarded,
            args=(self.stint, partial(self._start, self.stint)),
            daemon=True,
            name="take-up",
        )
        self.starting.start()

    def _start(self, stint: int) -> None:
        take_back_claims(self.context)
        prepare(self.context)
        if not self.leads:
            return
        if away := missed_runs(self.context):
            said = ", ".join(f"{name} {count}" for name, count in away.items())
            log.warning("missed while nobody ran: %s", said)
            alarm(self.context, "missed", f"{self.context.now():%Y-%m-%d}:{said}", {"runs": said})
        with self._count:
            if self.stop.is_set() or stint != self.stint:
                return  # stood down meanwhile
            self.scheduler = self._scheduled(stint)
            log.info("on schedule: %d jobs", len(self.scheduler.get_jobs()))

    def _scheduled(self, stint: int) -> BackgroundScheduler:
        guarded = partial(self._guarded, stint)
        work = Work(
            collect=lambda collector: guarded(lambda: self._collect(collector)),
            judge=lambda: guarded(self._judge),
            deliver=lambda: guarded(lambda: deliver(self.context)),
            house=lambda: guarded(lambda: housekeeping(self.context)),
        )
        scheduler = timetable(self.context, work)
        scheduler.add_listener(self._missed, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        scheduler.start()
        return scheduler

    def _guarded(self, stint: int, work: Callable[[], object]) -> None:
        """Do the work inside the one boundary that catches what nobody foresaw."""
        with self._count:
            if self.stop.is_set() or stint != self.stint:
                return
            self.in_hand += 1
        try:
            work()
        except Exception:
            log.exception("crashed; the other jobs go on")
            with suppress(SQLAlchemyError):  # a store that is away is told by who watches us
                operations_alarm(
                    self.context, "crash", "a job crashed; its traceback is in the log"
                )
        finally:
            with self._count:
                self.in_hand -= 1

    def _collect(self, collector: Collector) -> None:
        outcome = collect_one(self.context, collector)
        log.info("%s: %s, %d rows %s", outcome.source, outcome.state, outcome.rows, outcome.message)

    def _judge(self) -> None:
        result = judge(self.context, leadership=self.leadership)
        log.info("judged: %s", ", ".join(f"{r.risk} {r.level}" for r in result.assessment.risks))

    def _missed(self, event: JobExecutionEvent | JobSubmissionEvent) -> None:
        """Tell of a run that was left out, because the one before it is still going on."""
        if event.job_id == "deliver":
            return  # a slow mail server; what waits in the outbox too long is told by itself
        log.warning("%s: a run was left out; the one before it goes on", event.job_id)
        about = f"{event.job_id}:{self.context.now():%Y-%m-%d}"
        alarm(self.context, "left_out", about, {"job": event.job_id})

    def _reload(self) -> None:
        """Take over new settings if they are sound; keep the old ones if they are not."""
        try:
            fresh = checked(self.context)
        except ConfigError as error:
            log.error("settings not taken over: %s", error)
            operations_alarm(self.context, "settings", f"not taken over: {error}")
            return
        for name in bound_at_start(self.context, fresh):
            log.warning("%s was changed; it counts from the next start of the daemon", name)
        self._stand_down()
        self.context = fresh
        hide(secrets_of(fresh.settings))
        log.info("settings read again")

    def _stand_down(self) -> None:
        with self._count:
            scheduler, self.scheduler, self.starting = self.scheduler, None, None
            self.stint += 1
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


def checked(context: Context) -> Context:
    """Return the installation with its settings read again.

    Raises ConfigError where anything is unsound, or where only a restart can take it over.
    """
    fresh = open_context(context.home, context.settings_file, context.now)
    file = str(fresh.settings_file or "environment")
    if fresh.store_url != context.store_url:
        raise ConfigError(file, "store", "the store that is in use; another one needs a restart")
    if fresh.settings.lake.url != context.settings.lake.url:
        raise ConfigError(file, "lake.url", "the lake that is in use; another one needs a restart")
    fresh.__dict__["engine"] = context.engine
    _ = fresh.method
    check(fresh)
    open_desk(fresh)  # roster and procedure
    return fresh


def bound_at_start(old: Context, new: Context) -> list[str]:
    """Return the settings that differ and that count only from the next start on."""
    pairs = {
        "serve": (old.settings.serve, new.settings.serve),
        "daemon.log": (old.settings.daemon.log, new.settings.daemon.log),
    }
    return [name for name, (before, after) in pairs.items() if before != after]


def leadership_of(context: Context) -> Leadership:
    """Return the lock that fits the store: a file beside SQLite, a lease on PostgreSQL."""
    if context.engine.dialect.name == "sqlite":
        return FileLock(context.home / "daemon.lock")
    return LeaseLock(context.engine, f"{socket.gethostname()}:{os.getpid()}")
