"""The two records of an installation, folded: our own, and the one the world could have kept.

Nothing here is written but remembered readings; what a cycle concludes is `monitor.conclude`'s.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from sqlmodel import Session, col, select

from collectors.registry import COLLECTORS
from config.errors import ConfigError
from config.method import Method, parse_method
from config.settings import SourceSettings
from monitor.acts import acts_of
from monitor.asof import View
from monitor.cluster import ClusterView
from monitor.context import Context
from monitor.lake import LakeFile
from monitor.replay import Fold, Key, Successor, moments
from monitor.store.conclusions import MethodSnapshot, ReadingRow
from monitor.store.engine import reading
from rules.types import Act, Assessment, Reading

_ENCODE = msgspec.json.Encoder(order="deterministic")
_DECODE = msgspec.json.Decoder(Reading)


class StoredReadings:
    """A memo of readings that outlives the process; new ones are written by `save`."""

    def __init__(self, context: Context) -> None:
        self.context = context
        with reading(context.engine) as session:
            rows = session.exec(select(ReadingRow.key, ReadingRow.document)).all()
        self._known = dict(rows)
        self._new: dict[str, Reading] = {}

    def get(self, key: Key) -> Reading | None:
        """Return what is remembered, or None."""
        name = _name(key)
        fresh = self._new.get(name)
        if fresh is not None:
            return fresh
        found = self._known.get(name)
        return _DECODE.decode(found) if found is not None else None

    def put(self, key: Key, found: Reading) -> None:
        """Remember a reading until `save` writes it."""
        self._new[_name(key)] = found

    def save(self) -> None:
        """Write what is new; the same reading made twice is written once."""
        rows = [
            {
                "key": name,
                "indicator": r.indicator,
                "as_of": r.as_of,
                "document": _ENCODE.encode(r).decode(),
            }
            for name, r in self._new.items()
            if name not in self._known
        ]
        if rows:
            with Session(self.context.engine) as session:
                present = set(session.exec(select(ReadingRow.key)))
                session.execute(
                    ReadingRow.__table__.insert(),  # type: ignore[attr-defined]
                    [row for row in rows if row["key"] not in present],
                )
                session.commit()
        self._known |= {str(row["key"]): str(row["document"]) for row in rows}
        self._new.clear()


def _name(key: Key) -> str:
    return hashlib.sha256("\0".join(key).encode()).hexdigest()[:40]


@dataclass(frozen=True)
class Record:
    """A folded record: the assessment of every day of the grid, oldest first, and its fold."""

    assessments: tuple[Assessment, ...]
    fold: Fold

    @property
    def last(self) -> Assessment:
        """The assessment at the end."""
        return self.assessments[-1]


def open_view(
    context: Context,
    method: Method,
    *,
    reconstructed: bool = False,
    files: Sequence[LakeFile] | None = None,
) -> View:
    """Return the visible lake through one of the two clocks, with the method's views."""
    lake = context.settings.lake
    found = context.lake.visible() if files is None else files
    home, views, memory, threads = (
        context.settings.home, method.views, lake.memory, lake.threads
    )  # fmt: skip
    if lake.engine == "spark":
        return ClusterView(
            context.lake, found, home=home, views=views, reconstructed=reconstructed,
            memory=memory, threads=threads, address=spark_address(context),
        )  # fmt: skip
    return View(
        context.lake, found, home=home, views=views, reconstructed=reconstructed, memory=memory,
        threads=threads,
    )  # fmt: skip


def spark_address(context: Context) -> str:
    """Return the cluster's Spark Connect address; ConfigError if none is set."""
    address = context.settings.lake.spark_url
    if address is None:
        raise ConfigError("settings", "lake.spark_url", "the cluster's address, sc://host:15002")
    return address


def sources_on(context: Context) -> frozenset[str]:
    """Return the sources that are enabled here and, where they need a key, have one.

    What people enter, and what this program codes itself, is never switched off.
    """
    found = {"evidence", "tocsin"}
    for collector in COLLECTORS:
        source = collector.source
        settings = context.settings.sources.get(source.id, SourceSettings())
        if settings.enabled and (not source.needs_key or settings.secret() is not None):
            found.add(source.id)
    return frozenset(found)


def fold(
    context: Context,
    method: Method,
    last: datetime,
    *,
    reconstructed: bool = False,
    throughout: bool = False,
    acts: Sequence[Act] | None = None,
    tell: Callable[[datetime, float], None] | None = None,
) -> Record:
    """Return the record up to `last`, day by day from its start.

    Our own record is judged by the methods then in force; the reconstructed one by `method`
    throughout, and by no human acts: nobody acted in a past that was not watched. `throughout`
    judges our own record by `method` alone, as a successor that runs beside it.
    """
    if acts is None:
        acts = () if reconstructed else acts_of(context)
    memo = StoredReadings(context)
    first_method, successors = (method, list[Successor]())
    if not (reconstructed or throughout):
        first_method, successors = in_force(context, method)
    files = [f for f in context.lake.visible() if f.known_by(last, reconstructed=reconstructed)]
    view = open_view(context, first_method, reconstructed=reconstructed, files=files)
    folded = Fold(view, first_method, acts=acts, sources_on=sources_on(context), memo=memo)
    waiting = list(successors)
    days = moments(folded, last)
    found: list[Assessment] = []
    for number, moment in enumerate(days):
        while waiting and waiting[0].day <= moment.date():
            successor = waiting.pop(0)
            folded.take_over(successor.view, successor.method)
        found.append(folded.step(moment))
        if tell:
            tell(moment, (number + 1) / len(days))
    memo.save()
    found[-1] = folded.with_changes(found[-1])
    return Record(tuple(found), folded)


def in_force(context: Context, now_in_force: Method) -> tuple[Method, list[Successor]]:
    """Return the first method of our record, and those that took over, in order."""
    with reading(context.engine) as session:
        rows = session.exec(
            select(MethodSnapshot).order_by(col(MethodSnapshot.taken_over_at))
        ).all()
    if not rows:
        return now_in_force, []
    methods = [
        now_in_force
        if row.sha256 == now_in_force.sha256
        else parse_method(Path(row.version), json.loads(row.files))
        for row in rows
    ]
    successors = [
        Successor(row.taken_over_at.date(), method, open_view(context, method))
        for row, method in zip(rows[1:], methods[1:], strict=True)
    ]
    return methods[0], successors
