"""The hash-chained log of every conclusion and every human act, and its offline check.

An entry's hash covers its place, moment, actor, action, subject, detail and the hash before it, so
a changed, removed or reordered entry breaks the chain. A cut tail is seen by the head (kept apart,
printed in every notice): whoever holds an old notice can prove what the log was then.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TextIO

from sqlmodel import Session, col, select

from monitor.store.audit import AuditEntry, AuditHead

FIRST = "0" * 64
SYSTEM = "tocsin"
"""Actor of what the daemon concluded by itself."""


@dataclass(frozen=True)
class Head:
    """Length and last hash of the chain."""

    seq: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.sha256}"


@dataclass(frozen=True)
class Fault:
    """Where the chain breaks, and how."""

    seq: int
    what: str


@dataclass(frozen=True)
class Verdict:
    """Result of a check: entries read, the head that was computed, and the faults."""

    entries: int
    head: Head
    faults: tuple[Fault, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing was changed, removed or reordered."""
        return not self.faults


def canonical(value: Mapping[str, Any]) -> str:
    """Return JSON with sorted keys and no spaces: one value, one text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def entry_hash(fields: Mapping[str, Any]) -> str:
    """Return the sha256 of an entry given as its exported fields (without `sha256`)."""
    covered = {key: value for key, value in fields.items() if key != "sha256"}
    return hashlib.sha256(canonical(covered).encode()).hexdigest()


def _fields(entry: AuditEntry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at": _moment(entry.at),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "detail": entry.detail,
        "previous": entry.previous,
        "sha256": entry.sha256,
    }


def head(session: Session) -> Head:
    """Return where the chain ends now."""
    row = session.get(AuditHead, 1)
    return Head(row.seq, row.sha256) if row else Head(0, FIRST)


def append(
    session: Session,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    detail: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Add one entry inside the caller's transaction, and return it."""
    if session.get(AuditHead, 1) is None:
        session.add(AuditHead(id=1, seq=0, sha256=FIRST))
        session.flush()
    # The row lock makes two writers on PostgreSQL wait for each other; SQLite has one writer.
    locked = session.exec(select(AuditHead).where(AuditHead.id == 1).with_for_update()).one()
    session.refresh(locked)
    entry = AuditEntry(
        seq=locked.seq + 1,
        at=at,
        actor=actor,
        action=action,
        subject=subject,
        detail=canonical(detail or {}),
        previous=locked.sha256,
        sha256="",
    )
    entry.sha256 = entry_hash(_fields(entry))
    locked.seq, locked.sha256 = entry.seq, entry.sha256
    session.add(entry)
    session.add(locked)
    session.flush()
    return entry


def export(session: Session, out: TextIO) -> Head:
    """Write the log as JSON lines, the head last; return the head."""
    rows = session.exec(select(AuditEntry).order_by(col(AuditEntry.seq)))
    out.writelines(canonical(_fields(entry)) + "\n" for entry in rows)
    end = head(session)
    out.write(canonical({"head": {"seq": end.seq, "sha256": end.sha256}}) + "\n")
    return end


def verify(entries: Iterable[Mapping[str, Any]], expected: Iterable[Head] = ()) -> Verdict:
    """Check exported fields in the order given, and that each `expected` head lies on the chain."""
    faults: list[Fault] = []
    previous, seq, seen = FIRST, 0, {0: FIRST}
    for fields in entries:
        claimed = int(fields["seq"])
        if claimed != seq + 1:
            faults.append(Fault(claimed, f"follows entry {seq}: removed or reordered"))
        if fields["previous"] != previous:
            faults.append(Fault(claimed, "does not continue the entry before it"))
        if entry_hash(fields) != fields["sha256"]:
            faults.append(Fault(claimed, "was changed: its hash does not fit its content"))
        previous, seq = str(fields["sha256"]), claimed
        seen[seq] = previous
    for anchor in expected:
        if seen.get(anchor.seq) != anchor.sha256:
            faults.append(
                Fault(anchor.seq, f"is not the entry {anchor.sha256[:12]} known elsewhere")
            )
    return Verdict(entries=len(seen) - 1, head=Head(seq, previous), faults=tuple(faults))


def verify_store(session: Session, expected: Iterable[Head] = ()) -> Verdict:
    """Check the log in the store against its own head and the heads given."""
    rows = (_fields(e) for e in session.exec(select(AuditEntry).order_by(col(AuditEntry.seq))))
    return verify(rows, [*expected, head(session)])


def verify_export(lines: Iterable[str], expected: Iterable[Head] = ()) -> Verdict:
    """Check an export without any store. Raises ValueError on a line that is no entry."""
    anchors = list(expected)

    def entries() -> Iterator[Mapping[str, Any]]:
        for number, line in enumerate(lines, 1):
            document = json.loads(line)
            if not isinstance(document, dict):
                raise ValueError(f"line {number} is no entry")
            if "head" in document:
                anchors.append(Head(int(document["head"]["seq"]), document["head"]["sha256"]))
            elif {"seq", "previous", "sha256"} <= document.keys():
                yield document
            else:
                raise ValueError(f"line {number} is no entry")

    listed = list(entries())
    return verify(listed, anchors)
