"""`tocsin backup` and `tocsin restore` as an operator calls them."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from jsonschema import Draft202012Validator

from reports.schema import schema

Tocsin = Callable[..., Any]


@pytest.fixture
def kept(tocsin: Tocsin, tmp_path: Path) -> Path:
    """Return a backup of a small installation on SQLite."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "tocsin.yaml").write_text("home: DE\n", encoding="utf-8")
    evidence = tmp_path / "act.yaml"
    evidence.write_text(
        "policy_events:\n"
        "  - {source_url: https://gov.example/act, jurisdiction: CN, event_id: act-1,\n"
        "     occurred_on: 2026-05-01, title: An act, kind: policy}\n",
        encoding="utf-8",
    )
    added = tocsin("--home", str(home), "evidence", "add", str(evidence))
    assert added.code == 0, added.said
    answer = tocsin("--home", str(home), "backup", str(tmp_path / "kept"), "--json")
    assert answer.code == 0, answer.said
    document = answer.document()
    Draft202012Validator(schema("backup")).validate(document)
    assert (document["files"], document["copied"]) == (1, 1)
    assert document["store"] == f"sqlite {home / 'tocsin.db'}"
    return tmp_path / "kept"


def test_the_backups_settings_are_those_of_the_new_home(
    tocsin: Tocsin, kept: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    answer = tocsin("--home", str(new), "restore", str(kept), "--json")
    assert answer.code == 0, answer.said
    document = answer.document()
    Draft202012Validator(schema("restore")).validate(document)
    assert document["settings"] == str(new / "tocsin.yaml")
    told = tocsin("--home", str(new), "audit", "verify")
    assert "1 entries" in told.said
    assert "unbroken" in told.said


def test_the_environment_names_the_store(
    tocsin: Tocsin,
    kept: Path,
    tmp_path: Path,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOCSIN_STORE__URL", postgres_url)
    answer = tocsin("--home", str(tmp_path / "team"), "restore", str(kept))
    assert answer.code == 0, answer.said
    assert re.match(r"postgresql t\w+ on 127.0.0.1 and 1 lake files", answer.said)
    assert answer.err == ""
    assert "unbroken" in tocsin("--home", str(tmp_path / "team"), "audit", "verify").said
    again = tocsin("--home", str(tmp_path / "other"), "restore", str(kept))
    assert again.code == 1
    assert "holds an installation; name an empty one in store.url" in again.said

    back = tocsin("--home", str(tmp_path / "team"), "backup", str(tmp_path / "second"), "--json")
    assert back.code == 0, back.said
    assert back.document()["store"].startswith("postgresql t")
    monkeypatch.delenv("TOCSIN_STORE__URL")
    answer = tocsin("--home", str(tmp_path / "solo"), "restore", str(tmp_path / "second"))
    assert answer.code == 0, answer.said
    with sqlite3.connect(tmp_path / "solo" / "tocsin.db") as store:
        assert store.execute("SELECT count(*) FROM audit_entry").fetchone() == (1,)
    store.close()


def test_the_backups_own_settings_may_name_a_store_that_is_taken(
    tocsin: Tocsin, kept: Path, tmp_path: Path, postgres_url: str
) -> None:
    """A rehearsal beside the living installation must not touch its database; a settings file
    that is named, or stands in the new home, says where to instead."""
    (kept / "tocsin.yaml").write_text(f"store:\n  url: {postgres_url}\n", encoding="utf-8")
    assert tocsin("--home", str(tmp_path / "one"), "restore", str(kept)).code == 0
    refused = tocsin("--home", str(tmp_path / "two"), "restore", str(kept), "--json")
    assert (refused.code, refused.out) == (1, "")
    assert "holds an installation" in refused.said
    alone = tmp_path / "alone.yaml"
    alone.write_text("home: DE\n", encoding="utf-8")
    named = tocsin(
        "--home", str(tmp_path / "two"), "--config", str(alone), "restore", str(kept), "--json"
    )
    assert named.code == 0, named.said
    assert named.document()["settings"] == str(alone)
    assert not (tmp_path / "two" / "tocsin.yaml").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("restore {home}", 1, "holds an installation"),
        ("--home {home}-b restore {home}", 1, "is no backup: backup.json: No such file"),
        ("backup {home}", 1, "is the installation itself"),
        ("backup {file}/kept", 1, "Not a directory"),
        ("--home {file} backup {kept}", 2, "--home: expected a folder"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    tocsin: Tocsin, kept: Path, tmp_path: Path, words: str, code: int, said: str
) -> None:
    file = tmp_path / "act.yaml"
    named = words.format(home=tmp_path / "home", file=file, kept=kept)
    answer = tocsin("--home", str(tmp_path / "home"), *named.split())
    assert answer.code == code
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_a_password_is_never_said(
    tocsin: Tocsin,
    kept: Path,
    tmp_path: Path,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = sa.make_url(postgres_url).set(password="swordfish")
    monkeypatch.setenv("TOCSIN_STORE__URL", url.render_as_string(hide_password=False))
    first = tocsin("--home", str(tmp_path / "one"), "restore", str(kept))
    second = tocsin("--home", str(tmp_path / "two"), "restore", str(kept))
    third = tocsin("--home", str(tmp_path / "one"), "backup", str(tmp_path / "k2"))
    assert (first.code, second.code, third.code) == (0, 1, 0)
    assert "swordfish" not in first.said + second.said + third.said
    assert "swordfish" not in (tmp_path / "k2" / "backup.json").read_text("utf-8")


def test_doctor_tells_which_store_it_is_and_what_is_lost(
    tocsin: Tocsin,
    kept: Path,
    tmp_path: Path,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = tocsin("--home", str(tmp_path / "home"), "doctor")
    assert f"store sqlite {tmp_path / 'home' / 'tocsin.db'}, " in answer.said
    assert "revision 0" in answer.said
    monkeypatch.setenv("TOCSIN_STORE__URL", postgres_url)
    assert tocsin("--home", str(tmp_path / "team"), "restore", str(kept)).code == 0
    answer = tocsin("--home", str(tmp_path / "team"), "doctor")
    assert answer.code == 0, answer.said
    assert "home country DE · environment TOCSIN_STORE__URL" in answer.said
    assert re.search(r"store postgresql t\w+ on 127.0.0.1, [\d.]+ MB", answer.said)
    (tmp_path / "team" / "lake" / "RESTORING").touch()
    answer = tocsin("--home", str(tmp_path / "team"), "doctor")
    assert answer.code == 1
    assert "a restore was cut off" in answer.said
    (tmp_path / "team" / "lake" / "RESTORING").unlink()
    next((tmp_path / "team" / "lake").rglob("*.parquet")).unlink()
    answer = tocsin("--home", str(tmp_path / "team"), "doctor")
    assert answer.code == 1
    assert "1 files that the store names are missing: policy_events/" in answer.said


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "revision 9999, this program knows"),
        ("damage", "damaged"),
    ],
)
def test_doctor_on_a_store_that_is_wrong_is_a_finding_and_ends_with_1(
    tocsin: Tocsin, kept: Path, tmp_path: Path, prepare: str, said: str
) -> None:
    file = tmp_path / "home" / "tocsin.db"
    with closing(sqlite3.connect(file)) as store:
        if prepare != "damage":
            store.execute(prepare)
            store.commit()
        page = "SELECT rootpage FROM sqlite_master WHERE name = 'attempt'"
        (number,) = store.execute(page).fetchone()
    if prepare == "damage":
        with file.open("r+b") as body:
            body.seek((number - 1) * 4096)
            body.write(b"\xff" * 4096)
    answer = tocsin("--home", str(tmp_path / "home"), "doctor", "--json")
    assert answer.code == 1, answer.said
    Draft202012Validator(schema("doctor")).validate(answer.document())
    (found,) = (f for f in answer.document() if f["about"] == "store")
    assert found["state"] == "problem"
    assert found["mend"]
    assert said in found["said"]
    assert "Traceback" not in answer.err
