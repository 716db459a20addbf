"""Run one collector: fetch, parse, quarantine, and commits that make whole batches visible."""

import gzip
import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import msgspec
from sqlmodel import Session, select

from collectors.base import Collector, Options, Payload
from collectors.errors import CollectError, PayloadChanged, SourceRefused, SourceUnavailable
from collectors.http import Client
from collectors.quarantine import Finding, Severity
from collectors.redaction import without_secrets
from collectors.unpacking import Packed
from collectors.validators import Validator
from config.settings import SourceSettings
from monitor.context import Context
from monitor.runs import noted, turn_of
from monitor.sources import is_loopback, skip_reason
from monitor.store.runs import Mark, Refusal, RunState, ValidatorRow
from monitor.sweep import Sweeping, resume_all
from monitor.turn import turn

log = logging.getLogger(__name__)

KEPT_BYTES = 8 << 20
"""How much of a refused payload is kept."""

Progress = Callable[[str, int], None]
"""Called with the source and the rows so far."""


@dataclass(frozen=True)
class Outcome:
    """How one source fared, for the cycle, the log and the operator."""

    source: str
    state: RunState
    message: str = ""
    rows: int = 0
    findings: tuple[Finding, ...] = ()

    def document(self) -> dict[str, object]:
        """Return the outcome as JSON values."""
        return {
            "source": self.source,
            "state": self.state.value,
            "message": self.message,
            "rows": self.rows,
            "findings": [msgspec.to_builtins(f) for f in self.findings],
        }

    @property
    def told(self) -> tuple[RunState, str, int]:
        """What the run table is told: state, message, rows."""
        return self.state, self.message, self.rows

    @property
    def failed(self) -> bool:
        """Whether the exit code of a run must say so."""
        return self.state not in (RunState.DONE, RunState.UNCHANGED, RunState.SKIPPED)


class StoreValidators:
    """ETag and Last-Modified by address, kept in the store; written only with the batch."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.new: dict[str, Validator] = {}

    def get(self, url: str) -> Validator | None:
        """Return what came with the last answer that is safely in the lake."""
        with Session(self.context.engine) as session:
            row = session.get(ValidatorRow, url)
            return Validator(row.etag, row.last_modified) if row else None

    def put(self, url: str, validator: Validator) -> None:
        """Remember until the batch is committed."""
        self.new[url] = validator

    def save(self, session: Session) -> None:
        """Write what this run learned into the caller's transaction."""
        for url, found in self.new.items():
            session.merge(ValidatorRow(url=url, etag=found.etag, last_modified=found.last_modified))
        self.new.clear()


def collect(
    context: Context,
    collector: Collector,
    run_id: str,
    *,
    offline: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Return how the source fared; whatever fails here spoils nothing else.

    A source that another run has in hand is skipped: two would take the same pages twice.
    """
    source = collector.source
    settings = context.settings.sources.get(source.id, SourceSettings())
    if reason := skip_reason(collector, settings, offline=offline):
        return Outcome(source.id, RunState.SKIPPED, reason)
    live = not is_loopback(settings.base_url)
    with turn(context, turn_of(run_id, source.id)) as ours:
        if not ours:
            return Outcome(source.id, RunState.SKIPPED, "another run of it is in hand")
        with noted(context, run_id, source.id, is_live=live) as noting:
            outcome = _Attempt(context, collector, settings, run_id, progress).outcome()
            noting.state, noting.message, noting.rows = outcome.told
        return outcome


class _Attempt:
    """One attempt at one source: its sweeps in turn, each committed when it is whole."""

    def __init__(
        self,
        context: Context,
        collector: Collector,
        settings: SourceSettings,
        run_id: str,
        progress: Progress | None,
    ) -> None:
        self.context, self.collector, self.settings = context, collector, settings
        self.source, self.run_id = collector.source, run_id
        self.key = settings.secret()
        self.packed: Callable[[bytes], Packed | None] = lambda _: None
        self.progress = progress or (lambda _source, _rows: None)
        self.validators = StoreValidators(context)
        self.is_live = not is_loopback(settings.base_url)
        self.open: dict[str, Sweeping] = resume_all(context, self.source, run_id, self.is_live)
        self.findings: list[Finding] = []
        self.rows = 0
        self.changed: PayloadChanged | None = None

    def outcome(self) -> Outcome:
        """Run to the end and say how it went; whole sweeps stay, whatever befell later ones."""
        try:
            for payload in self._payloads():
                self._take(payload)
            for sweep in list(self.open.values()):
                if not sweep.name:
                    self._commit(sweep)
            return self._failed(self.changed) if self.changed else self._done()
        except CollectError as error:
            return self._failed(error)
        finally:
            for sweep in self.open.values():
                sweep.pause()

    def _payloads(self) -> Iterator[Payload]:
        base_url = (self.settings.base_url or self.source.base_url).rstrip("/")
        seconds = self.settings.deadline_seconds
        more = self.settings.extra.get("hosts", "").replace(",", " ").split()
        http = Client(
            replace(self.source, hosts=(*self.source.hosts, *more)),
            base_url,
            now=self.context.now,
            validators=self.validators,
            deadline=timedelta(seconds=seconds) if seconds else self.source.deadline,
        )
        self.packed = http.packed
        options = Options(
            now=self.context.now(),
            base_url=base_url,
            key=self.key,
            floor=self.settings.floor,
            passes=self.settings.passes,
            watch=self.settings.watch,
            extra=self.settings.extra,
        )
        yield from self.collector.fetch(http, self._marks(), options)

    def _marks(self) -> dict[str, str]:
        with Session(self.context.engine) as session:
            rows = session.exec(select(Mark).where(Mark.source == self.source.id))
            marks = {row.name: row.value for row in rows}
        for sweep in self.open.values():
            marks |= sweep.marks
        return marks

    def _take(self, payload: Payload) -> None:
        sweep = self.open.get(payload.sweep)
        if sweep is None:
            sweep = self.open[payload.sweep] = Sweeping.fresh(
                self.context, self.source, payload.sweep, self.run_id, self.is_live
            )
        sweep.keep(without_secrets(payload, self.key), self.packed(payload.body))
        sweep.answer(payload)
        try:
            parsed = list(self.collector.parse(payload))
        except PayloadChanged as error:
            self._keep(payload, error)
            if not (payload.sweep and payload.last):
                raise
            # A document whole in itself: it is left out, the others go on, and the run says so.
            self.changed = self.changed or error
            self.validators.new.clear()  # or the next run would be told that nothing is new
            self.open.pop(payload.sweep).pause()
            return
        sweep.add(payload, parsed)
        self.progress(self.source.id, self.rows + sweep.rows)
        if payload.last:
            self._commit(sweep)

    def _commit(self, sweep: Sweeping) -> None:
        self.findings += sweep.commit(self.validators.save)
        self.rows += sweep.rows
        del self.open[sweep.name]

    def _keep(self, payload: Payload, error: PayloadChanged) -> None:
        """Keep a payload that could not be read, compressed, for a developer to look at."""
        digest = hashlib.sha256(payload.body).hexdigest()[:16]
        folder = self.context.home / "refused" / self.source.id
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{digest}.gz"
        file.write_bytes(gzip.compress(payload.body[:KEPT_BYTES], mtime=0))
        with Session(self.context.engine) as session:
            session.add(
                Refusal(
                    run_id=self.run_id,
                    source=self.source.id,
                    at=payload.fetched_at,
                    url=payload.url,
                    reason=str(error),
                    kept_as=str(file.relative_to(self.context.home)),
                )
            )
            session.commit()

    def _done(self) -> Outcome:
        holding = [f for f in self.findings if f.severity is Severity.HOLD]
        if holding:
            said = "; ".join(dict.fromkeys(f.en for f in holding))
            return self._outcome(RunState.QUARANTINED, said)
        if not self.rows:
            return self._outcome(RunState.UNCHANGED, "nothing new")
        return self._outcome(RunState.DONE, "")

    def _failed(self, error: CollectError) -> Outcome:
        states = {SourceUnavailable: RunState.UNAVAILABLE, SourceRefused: RunState.REFUSED}
        return self._outcome(states.get(type(error), RunState.CHANGED), str(error))

    def _outcome(self, state: RunState, message: str) -> Outcome:
        return Outcome(self.source.id, state, message, self.rows, tuple(self.findings))
