"""Overrides, releases, votes: real identities, four eyes, dissent kept."""

import base64
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from pydantic import ValidationError
from sqlmodel import Session

from config.responses import Responses
from config.roster import Roster
from monitor.errors import ResponseError
from monitor.response.decisions import (
    propose_override,
    propose_release,
)
from monitor.response.four_eyes import end, statement
from monitor.response.four_eyes import sign as put_in_force
from monitor.response.identity import Identity, Signed, os_identity, parse_identity, sign, verify
from monitor.response.panel import Ballot, adjudicate
from monitor.store.response import OverrideRow
from rules.types import Level, Risk

REASON = "两项红色均为误报，已由第二家复核"


def key_pair(folder: Path, name: str) -> tuple[Path, str]:
    key = Ed25519PrivateKey.generate()
    file = folder / name
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return file, public.decode() + f" {name}@desk"


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, tuple[Path, str]]:
    return {name: key_pair(tmp_path, name) for name in ("li", "wu", "stranger")}


@pytest.fixture
def roster(keys: dict[str, tuple[Path, str]]) -> Roster:
    me = os_identity(Roster()).mark.removeprefix("os:")
    people = {
        "li": {"name": {"zh": "李", "en": "Li"}, "os_users": [me], "keys": [keys["li"][1]]},
        "wu": {"name": {"zh": "吴", "en": "Wu"}, "keys": [keys["wu"][1]], "sector": "research"},
    }
    return Roster.model_validate({"people": people})


def lowered(session: Session, responses: Responses, author: Identity, now: datetime) -> OverrideRow:
    return propose_override(
        session, responses, risk=Risk.MISUSE, level=Level.YELLOW, model_level=Level.RED,
        reason=REASON, author=author, until=now + timedelta(days=30), now=now,
    )  # fmt: skip


def test_lowering_waits_for_a_second_person_and_raising_does_not(
    session: Session, responses: Responses, roster: Roster, now: datetime
) -> None:
    me = os_identity(roster)
    assert me.person == "li"
    assert lowered(session, responses, me, now).in_force_from is None
    up = propose_override(
        session, responses, risk=Risk.MISUSE, level=Level.RED, model_level=Level.YELLOW,
        reason=REASON, author=me, until=now + timedelta(days=1), now=now,
    )  # fmt: skip
    assert up.in_force_from == now


def test_a_second_person_with_a_registered_key_brings_it_into_force(
    session: Session, responses: Responses, roster: Roster,
    keys: dict[str, tuple[Path, str]], now: datetime,
) -> None:  # fmt: skip
    row = lowered(session, responses, os_identity(roster), now)
    signed = sign(roster, keys["wu"][0], statement(row))
    assert verify(roster, signed)
    assert not verify(roster, Signed(signed.identity, signed.statement + " ", signed.signature))
    forged = base64.b64encode(b"x" * 64).decode()
    assert not verify(roster, Signed(signed.identity, signed.statement, forged))
    put_in_force(session, roster, row, second=signed.identity, now=now, signed=signed)
    assert row.in_force_from == now
    assert row.second is not None
    assert row.second.startswith("wu (key:SHA256:")
    end(session, row, identity=signed.identity, now=now + timedelta(days=1))
    assert row.ended_at == now + timedelta(days=1)


def test_one_identity_with_two_names_is_refused(
    session: Session, responses: Responses, roster: Roster,
    keys: dict[str, tuple[Path, str]], now: datetime,
) -> None:  # fmt: skip
    me = os_identity(roster)
    row = lowered(session, responses, me, now)
    with pytest.raises(ResponseError, match="author cannot be"):
        put_in_force(session, roster, row, second=me, now=now)
    mine = sign(roster, keys["li"][0], statement(row))  # the same person's key
    with pytest.raises(ResponseError, match="both identities belong to li"):
        put_in_force(session, roster, row, second=mine.identity, now=now)
    with pytest.raises(ResponseError, match="nobody in the roster"):
        put_in_force(session, roster, row, second=Identity("os:ghost", None), now=now)
    with pytest.raises(ResponseError, match="not registered"):
        sign(roster, keys["stranger"][0], "x")
    assert row.in_force_from is None


def test_a_key_or_user_under_two_names_is_refused_by_the_roster(
    keys: dict[str, tuple[Path, str]],
) -> None:
    name = {"zh": "李", "en": "Li"}
    bare = " ".join(keys["li"][1].split()[:2])
    for twice in ({"os_users": ["li"]}, {"keys": [keys["li"][1]]}):
        with pytest.raises(ValidationError, match="one person for"):
            Roster.model_validate(
                {"people": {"a": {"name": name, **twice}, "b": {"name": name, **twice}}}
            )
    with pytest.raises(ValidationError, match="one person for"):
        Roster.model_validate(
            {"people": {"a": {"name": name, "keys": [keys["li"][1]]},
                        "b": {"name": name, "keys": [bare + " other@comment"]}}}
        )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reason": "no"}, "a reason of"),
        ({"until": timedelta(0)}, "ends within"),
        ({"until": timedelta(days=91)}, "ends within 90 days"),
        ({"level": Level.UNASSIGNED}, "green, yellow or red"),
    ],
)
def test_reason_author_and_end_are_mandatory(
    session: Session, responses: Responses, now: datetime, change: dict[str, object], said: str
) -> None:
    until = change.get("until", timedelta(days=1))
    assert isinstance(until, timedelta)
    with pytest.raises(ResponseError, match=said):
        propose_override(
            session, responses, risk=Risk.MISUSE,
            level=Level(str(change.get("level", "yellow"))), model_level=Level.RED,
            reason=str(change.get("reason", REASON)), author=Identity("os:li", None),
            until=now + until, now=now,
        )  # fmt: skip


def test_a_release_needs_two_people_and_is_void_after_a_while(
    session: Session, responses: Responses, roster: Roster,
    keys: dict[str, tuple[Path, str]], now: datetime,
) -> None:  # fmt: skip
    row = propose_release(
        session, responses, risk=Risk.BACKDOOR, reason=REASON, author=os_identity(roster), now=now
    )
    second = sign(roster, keys["wu"][0], "x").identity
    with pytest.raises(ResponseError, match="author"):
        put_in_force(session, roster, row, second=os_identity(roster), now=now)
    with pytest.raises(ResponseError, match="is over"):
        put_in_force(session, roster, row, second=second, now=now + timedelta(days=14))
    put_in_force(session, roster, row, second=second, now=now)
    assert row.in_force_from == now


def test_an_identity_reads_back_as_written() -> None:
    for identity in (Identity("os:li", None), Identity("key:SHA256:ab+/", "li")):
        assert parse_identity(str(identity)) == identity


def ballots(*said: str) -> list[Ballot]:
    sectors = {"g": "government", "i": "industry", "r": "research"}
    levels = {"G": Level.GREEN, "Y": Level.YELLOW, "R": Level.RED}
    return [Ballot(sectors[s[0]], levels[s[1]]) for s in said]


@pytest.mark.parametrize(
    ("said", "model", "decided"),
    [
        ((), Level.RED, None),
        (("gR", "iR", "rR"), Level.RED, Level.RED),
        (("gR", "gR", "gR"), Level.YELLOW, None),  # two sectors have not spoken
        (("gR", "iR", "rY"), Level.YELLOW, Level.RED),  # exactly two thirds
        (("gR", "gR", "gR", "iR", "iY", "rY", "rG"), Level.YELLOW, None),  # four of seven
        (("gR", "gR", "iR", "rY"), Level.YELLOW, Level.RED),
        (("gY", "iY", "rR"), Level.RED, None),  # lowering needs three quarters
        (("gY", "iY", "iY", "rR"), Level.RED, Level.YELLOW),
        (("gY", "iR", "rG"), Level.YELLOW, None),
    ],
)
def test_the_adjudicated_level_follows_the_methods_rule(
    responses: Responses, said: tuple[str, ...], model: Level, decided: Level | None
) -> None:
    assert adjudicate(ballots(*said), model, responses.panel).decided is decided
