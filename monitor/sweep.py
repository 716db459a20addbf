"""One batch in the making: its files, what quarantine has seen of it, and its one commit.

A sweep long enough to be killed half-way is written in parts; the store remembers the parts and
where to go on, and nobody reads them before the sweep is whole.
"""

import json
import logging
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from sqlmodel import Session, col, delete, select

from collectors.base import Parsed, Payload, Refused, Source
from collectors.quarantine import Finding, check, held
from collectors.quarantine_facts import BatchFacts, CounterChange, decode, encode, merge
from collectors.quarantine_gather import Gathering, compare_counters
from collectors.record import Counter
from collectors.unpacking import Packed
from monitor.batch import BatchWriter
from monitor.context import Context
from monitor.lake import LakeFile
from monitor.raw import Begin, Ends, RawWriter
from monitor.store.runs import Batch, BatchFile, BatchState, Mark, Refusal, Sweep

log = logging.getLogger(__name__)

COMPARED = ["model_id", "downloads_30d", "downloads_all_time", "likes"]
PART_PAYLOADS = 100
"""Payloads after which a resumable sweep closes a part: what a kill can cost."""
EXPIRES = timedelta(days=3)
"""A sweep older than this begins again: half of it would be too old to be one picture."""


class Sweeping:
    """A batch that is being written; `commit` makes all of it visible, or nothing.

    `instead_of` names the batch that it is made anew from, out of kept pages: those are kept once.
    """

    def __init__(
        self, context: Context, source: Source, name: str, run_id: str, batch_id: str,
        started_at: datetime, is_live: bool, parts: Sequence[LakeFile] = (), instead_of: str = "",
    ) -> None:  # fmt: skip
        self.context, self.source, self.name, self.run_id = context, source.id, name, run_id
        self.batch_id, self.started_at, self.is_live = batch_id, started_at, is_live
        self.instead_of = instead_of
        self.parts = list(parts)
        self.marks: dict[str, str] = {}
        self.before: BatchFacts | None = None  # gathered by the process that was killed
        self.gathering = Gathering(source, name)
        self.rows = self.payloads = 0
        self.newest: datetime | None = None
        self.url = ""
        self.resumable = False
        self.writer = self._writer()
        self.raw_parts = self.writer.part
        self.raw = self._raw_writer()

    @classmethod
    def fresh(
        cls, context: Context, source: Source, name: str, run_id: str, is_live: bool,
        instead_of: str = "",
    ) -> "Sweeping":  # fmt: skip
        """Return a new batch under an identifier that sorts by time."""
        now = context.now()
        plain = re.sub(r"[^A-Za-z0-9_.]+", "-", name).strip("-.")  # it becomes a file name
        pieces = (f"{now:%Y%m%dT%H%M%SZ}", source.id, plain, secrets.token_hex(3))
        batch_id = "-".join(p for p in pieces if p)
        return cls(context, source, name, run_id, batch_id, now, is_live, instead_of=instead_of)

    def _writer(self) -> BatchWriter:
        part = 1 + max((int(f.path[-12:-8]) for f in self.parts), default=-1)
        return BatchWriter(
            self.context.lake, self.batch_id, self.source, is_live=self.is_live, part=part
        )

    def _raw_writer(self) -> RawWriter | None:
        """Return what keeps the next part's pages; None where none are to be kept."""
        if self.instead_of or not self.context.settings.retention.raw_days:
            return None
        begin = Begin(self.batch_id, self.raw_parts, self.source, self.name, self.is_live)
        return RawWriter(self.context.lake, begin)

    def keep(self, payload: Payload, packed: Packed | None) -> None:
        """Keep an answer that bears no secret as it came, before anything is made of it."""
        if self.raw is not None:
            self.raw.keep(payload, packed)

    def add(self, payload: Payload, parsed: Sequence[Parsed]) -> None:
        """Take one page; closes a part now and then, so that a kill costs little."""
        before = sum(self.writer.rows.values())
        self.writer.add(parsed, payload.fetched_at)
        for item in parsed:
            self.gathering.rows(item)
        if self.raw is not None:
            self.raw.taken = True
        self.rows += sum(self.writer.rows.values()) - before
        self.payloads += 1
        self.newest = max(self.newest or payload.fetched_at, payload.fetched_at)
        self.url = self.url or payload.url
        self.marks |= payload.watermark
        self.resumable = payload.resumable
        if payload.resumable and not payload.last and self.payloads % PART_PAYLOADS == 0:
            self._close_part()

    def answer(self, payload: Payload) -> None:
        """Look at an answer as it came, before it is parsed."""
        self.gathering.answer(payload)

    def facts(self, counters: CounterChange | None = None) -> BatchFacts:
        """Return what quarantine knows of the batch, pages read before a kill included."""
        return merge(self.before, self.gathering.facts(counters))

    def _close_part(self) -> None:
        # Without pages no tar, and no number; numbers that are missing say that pages are.
        if self.raw is None or self.raw.is_used:
            self.raw_parts += 1
        if self.raw is not None:
            self.raw.finish(Ends.PART)
        self.raw = self._raw_writer()
        self.parts += self.writer.finish()
        refused = self.writer.refused
        self.writer = self._writer()
        state = {
            "marks": self.marks,
            "facts": encode(self.facts()),
            "rows": self.rows,
            "url": self.url,
            "newest": self.newest.isoformat() if self.newest else None,
            "raw_parts": self.raw_parts,
        }
        with Session(self.context.engine) as session:
            session.merge(
                Sweep(
                    source=self.source,
                    name=self.name,
                    batch_id=self.batch_id,
                    started_at=self.started_at,
                    state=json.dumps(state),
                    parts=json.dumps([asdict(p) for p in self.parts]),
                )
            )
            session.add_all(self._refusals(refused))
            session.commit()

    def pause(self) -> None:
        """Leave nothing half-visible: pages of the last part go, finished parts wait for resume.

        A sweep that can go on keeps what it has in hand too, as one more part.
        """
        if self.resumable and self.rows:
            self._close_part()
        else:
            self.writer.abandon()
        if self.raw is not None:
            self.raw.leave()

    def commit(self, also: Callable[[Session], None]) -> list[Finding]:
        """Make the batch visible, or hold it; manifest, marks and `also` in one transaction.

        `also` writes what belongs to it: what the run learned of addresses, who had it made.
        """
        if self.raw is not None:
            self.raw.finish(Ends.WHOLE)
        self.parts += self.writer.finish()
        previous = self._previous()
        facts = self.facts(self._moved(previous))
        findings = check(facts, decode(previous.facts) if previous else None) if self.rows else []
        with Session(self.context.engine) as session:
            if self.rows:
                self.context.lake.commit(session, self._batch(facts, findings), self.parts)
            for name, value in self.marks.items():
                session.merge(Mark(source=self.source, name=name, value=value))
            also(session)
            session.add_all(self._refusals(self.writer.refused))
            session.exec(delete(Sweep).where(col(Sweep.batch_id) == self.batch_id))
            session.commit()
        return findings

    def _refusals(self, refused: Sequence[Refused]) -> list[Refusal]:
        return [
            Refusal(
                run_id=self.run_id, source=self.source, at=self.newest or self.started_at,
                url=self.url, reason=f"{r.table}: {r.reason}", key=r.key,
            )
            for r in refused
        ]  # fmt: skip

    def _batch(self, facts: BatchFacts, findings: Sequence[Finding]) -> Batch:
        now, holds = self.context.now(), held(findings)
        return Batch(
            id=self.batch_id,
            run_id=self.run_id,
            source=self.source,
            sweep=self.name,
            state=BatchState.HELD if holds else BatchState.VISIBLE,
            is_live=self.is_live,
            fetched_at=self.newest or now,
            visible_at=None if holds else now,
            url=self.url,
            rows=self.rows,
            facts=encode(facts),
            findings=msgspec.json.encode(findings).decode(),
        )

    def _previous(self) -> Batch | None:
        """Return the last good batch before this one; made anew, neither itself nor later ones."""
        latest = self.context.now()
        query = (
            select(Batch)
            .where(Batch.source == self.source, Batch.sweep == self.name)
            .where(Batch.state == BatchState.VISIBLE, Batch.is_live == self.is_live)
            .where(Batch.id != self.instead_of, col(Batch.fetched_at) <= (self.newest or latest))
            .order_by(col(Batch.fetched_at).desc(), col(Batch.id).desc())
            .limit(1)
        )
        with Session(self.context.engine) as session:
            return session.exec(query).first()

    def _moved(self, previous: Batch | None) -> CounterChange | None:
        """Return how counters moved since the last good batch of this pass, if it had any."""
        now = [f.path for f in self.parts if f.table == Counter.TABLE]
        if previous is None or not now:
            return None
        query = select(BatchFile.path).where(
            BatchFile.batch_id == previous.id, BatchFile.table_name == Counter.TABLE
        )
        with Session(self.context.engine) as session:
            before = list(session.exec(query))
        if not before:
            return None
        tables = [self._counters(path) for path in before]
        return compare_counters(pa.concat_tables(tables), map(self._counters, now))

    def _counters(self, path: str) -> pa.Table:
        lake = self.context.lake
        with lake.files.open(lake.full(path), "rb") as file:
            return pq.read_table(file, columns=COMPARED)


def resume_all(context: Context, source: Source, run_id: str, is_live: bool) -> dict[str, Sweeping]:
    """Return the source's sweeps that were interrupted and may go on; older ones are dropped."""
    found: dict[str, Sweeping] = {}
    with Session(context.engine) as session:
        for row in session.exec(select(Sweep).where(Sweep.source == source.id)):
            if context.now() - row.started_at > EXPIRES:
                session.delete(row)
                continue
            found[row.name] = _resumed(context, source, row, run_id, is_live)
            log.info("%s %s: goes on after %d rows", source.id, row.name, found[row.name].rows)
        session.commit()
    return found


def _resumed(context: Context, source: Source, row: Sweep, run_id: str, is_live: bool) -> Sweeping:
    parts = [LakeFile(**part) for part in json.loads(row.parts)]
    sweep = Sweeping(
        context, source, row.name, run_id, row.batch_id, row.started_at, is_live, parts
    )
    state = json.loads(row.state)
    sweep.marks, sweep.rows, sweep.url = state["marks"], state["rows"], state["url"]
    sweep.before = decode(state["facts"])
    sweep.newest = datetime.fromisoformat(state["newest"]) if state["newest"] else None
    sweep.resumable = True
    # Begun before pages were kept: their first parts are missing, as the number then tells.
    sweep.raw_parts = state.get("raw_parts", sweep.raw_parts)
    sweep.raw = sweep._raw_writer()
    return sweep
