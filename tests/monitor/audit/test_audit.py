"""The audit log: any changed, removed or reordered entry is found, also offline."""

import hashlib
import io
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import Session

from monitor.audit import FIRST, Head, append, export, head, verify_export, verify_store


@pytest.fixture
def log(engine: Engine, now: datetime) -> Engine:
    with Session(engine) as session, session.begin():
        for number in range(6):
            append(
                session,
                at=now + timedelta(minutes=number),
                actor="os:li",
                action="test",
                subject=f"thing:{number}",
                detail={"数": number, "b": [1, 2]},
            )
    return engine


def lines(engine: Engine) -> list[str]:
    out = io.StringIO()
    with Session(engine) as session:
        export(session, out)
    return out.getvalue().splitlines()


def change(engine: Engine, sql: str) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text(sql))


def test_an_untouched_log_is_sound_in_store_and_export(log: Engine) -> None:
    with Session(log) as session:
        assert verify_store(session).sound
        assert head(session).seq == 6
    verdict = verify_export(lines(log))
    assert verdict.sound
    assert verdict.entries == 6


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_entry SET actor = 'os:wu' WHERE seq = 3",
        "UPDATE audit_entry SET detail = '{}' WHERE seq = 6",
        "UPDATE audit_entry SET at = at + 1 WHERE seq = 1",
        "UPDATE audit_entry SET sha256 = previous WHERE seq = 2",
        "DELETE FROM audit_entry WHERE seq = 3",
        "DELETE FROM audit_entry WHERE seq = 1",
        "DELETE FROM audit_entry WHERE seq = 6",
        "UPDATE audit_entry SET seq = seq + 100 WHERE seq = 2",
        "DELETE FROM audit_entry",
    ],
)
def test_a_changed_or_removed_entry_is_found(log: Engine, sql: str) -> None:
    change(log, sql)
    with Session(log) as session:
        assert not verify_store(session).sound
    assert not verify_export(lines(log)).sound


def test_reordered_lines_of_an_export_are_found(log: Engine) -> None:
    listed = lines(log)
    listed[1], listed[2] = listed[2], listed[1]
    verdict = verify_export(listed)
    assert "reordered" in verdict.faults[0].what


def test_a_tail_cut_together_with_the_head_is_found_by_a_head_known_elsewhere(
    log: Engine, now: datetime
) -> None:
    with Session(log) as session:
        printed = head(session)
    change(log, "DELETE FROM audit_entry WHERE seq > 4")
    change(
        log,
        "UPDATE audit_head SET seq = 4, sha256 = (SELECT sha256 FROM audit_entry WHERE seq = 4)",
    )
    with Session(log) as session:
        assert verify_store(session).sound  # nothing inside the store can tell
        verdict = verify_store(session, [printed])
    assert [fault.seq for fault in verdict.faults] == [6]


def test_a_rewritten_history_is_found_by_a_head_known_elsewhere(
    engine: Engine, log: Engine, now: datetime
) -> None:
    with Session(log) as session:
        printed = head(session)
    change(log, "DELETE FROM audit_entry")
    change(log, f"UPDATE audit_head SET seq = 0, sha256 = '{FIRST}'")
    with Session(log) as session, session.begin():
        for number in range(6):
            append(session, at=now, actor="os:wu", action="test", subject=str(number))
        assert verify_store(session).sound
        assert not verify_store(session, [printed]).sound


def test_the_hash_is_what_the_docs_say(log: Engine) -> None:
    first: dict[str, Any] = json.loads(lines(log)[0])
    told = first.pop("sha256")
    text = json.dumps(first, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == told
    assert first["previous"] == FIRST


def test_a_line_that_is_no_entry_is_refused() -> None:
    with pytest.raises(ValueError, match="line 1 is no entry"):
        verify_export(['{"hello": 1}'])


def test_an_empty_log_is_sound(engine: Engine) -> None:
    with Session(engine) as session:
        assert verify_store(session).head == Head(0, FIRST)
        assert verify_store(session).sound
