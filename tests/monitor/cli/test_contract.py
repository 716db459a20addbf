"""What scripts rely on: one JSON document by its schema, the exit codes, and no secret anywhere."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reports.schema import schema
from tests.servers import free_port
from tests.standin import StandIn

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?")
_ZONED = re.compile(_MOMENT.pattern + r"(Z|[+-]\d\d:\d\d)")
_SECRET = "swordfish"


def strings(document: Any) -> Iterator[str]:
    """Yield every string of a document."""
    if isinstance(document, dict):
        for value in document.values():
            yield from strings(value)
    elif isinstance(document, list):
        for value in document:
            yield from strings(value)
    elif isinstance(document, str):
        yield document


def holds(name: str, document: Any) -> None:
    """Check a document against its schema, and that each of its moments carries a zone."""
    Draft202012Validator(schema(name)).validate(document)
    naive = [s for s in strings(document) if _MOMENT.fullmatch(s)]
    assert not naive


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("alerts", "alert list"),
        ("audit", "audit list"),
        ("audit_verify", "audit verify"),
        ("cases", "response list"),
        ("confirmations", "confirm list"),
        ("doctor", "doctor"),
        ("housekeeping", "housekeeping"),
        ("method_list", "method list"),
        ("outbox", "outbox list"),
        ("overrides", "override list"),
        ("quarantine_list", "quarantine list"),
        ("quarantine_list", "quarantine list kev --all"),
        ("releases", "release list"),
        ("silences", "silence list"),
        ("status", "status"),
        ("status", "assess --as-of {now}"),
        ("explain", "explain misuse --as-of {now}"),
    ],
)
def test_stdout_holds_one_document_of_its_schema(
    tocsin: Callable[..., Any], home: Path, name: str, words: str
) -> None:
    now = json.loads((home / "judged.json").read_text("utf-8"))["as_of"]
    answer = tocsin("--home", str(home), *words.format(now=now).split(), "--json")
    # A doctor on a machine whose disk is nearly full rightly ends with 1.
    assert answer.code in ((0, 1) if name == "doctor" else (0,)), answer.said
    holds(name, answer.document())


def test_collect_says_of_each_source_how_it_fared(home: Path) -> None:
    outcomes = json.loads((home / "collected.json").read_text("utf-8"))
    holds("collect", outcomes)
    states = {o["source"]: o["state"] for o in outcomes}
    assert (states["kev"], states["epoch"], states["openrouter"]) == ("changed", "done", "done")
    assert {s for n, s in states.items() if n not in ("kev", "epoch", "openrouter")} == {"skipped"}


def test_assess_and_status_are_the_same_document(tocsin: Callable[..., Any], home: Path) -> None:
    judged = json.loads((home / "judged.json").read_text("utf-8"))
    holds("status", judged)
    told = tocsin("--home", str(home), "status", "--json").document()
    assert judged["risks"] == told["risks"]
    sources = {s["id"]: s for s in told["sources"]}
    assert judged["sources"] == told["sources"]
    assert (sources["kev"]["state"], sources["epoch"]["state"]) == ("failed", "fresh")
    assert sources["kev"]["error"].startswith("kev")
    assert set(told["outbox"]) <= {"pending", "claimed", "delivered", "dead", "silenced"}


def test_the_refused_payload_is_listed_with_its_reason(
    tocsin: Callable[..., Any], home: Path
) -> None:
    document = tocsin("--home", str(home), "quarantine", "list", "--json").document()
    (refused, *_rest) = document["refused"]
    assert refused["source"] == "kev"
    assert _ZONED.fullmatch(refused["at"])
    assert (home / refused["kept_as"]).is_file()


@pytest.mark.long
def test_the_method_in_force_passes_its_check(tocsin: Callable[..., Any], home: Path) -> None:
    answer = tocsin("--home", str(home), "method", "check", "--json")
    assert answer.code == 0, answer.said
    holds("method_check", answer.document())


def test_a_method_that_fails_its_check_ends_with_1(
    tocsin: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "methods" / "2027").mkdir(parents=True)
    (tmp_path / "methods" / "2027" / "method.yaml").write_text("title: {zh: 方法}\n", "utf-8")
    (tmp_path / "tocsin.yaml").write_text(f"method_folder: {tmp_path / 'methods'}\n", "utf-8")
    answer = tocsin("--home", str(tmp_path), "method", "check", "2027", "--json")
    assert answer.code == 1, answer.said
    document = answer.document()
    holds("method_check", document)
    assert document["passed"] is False
    assert document["findings"][0]["file"].endswith("method.yaml")


def test_evidence_is_taken_in_whole_or_refused(tocsin: Callable[..., Any], tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    entry = (
        "policy_events:\n"
        "  - source_url: https://gov.example/act\n"
        "    jurisdiction: CN\n"
        "    event_id: act-1\n"
        "    occurred_on: 2026-05-01\n"
        "    title: An act\n"
        "    kind: policy\n"
    )
    good.write_text(entry, "utf-8")
    bad.write_text(entry + "    colour: blue\n", "utf-8")
    refused = tocsin("--home", str(tmp_path), "evidence", "add", str(bad), "--json")
    assert refused.code == 1
    assert refused.out == ""
    assert "colour" in refused.said
    answer = tocsin("--home", str(tmp_path), "evidence", "add", str(good), "--json")
    assert answer.code == 0, answer.said
    holds("evidence_add", answer.document())


@pytest.mark.parametrize(
    ("settings", "key", "expected"),
    [
        ("colour: blue\n", "colour", "a known key"),
        ("sources:\n  kev:\n    flor: 3\n", "sources.kev.flor", "a known key"),
        ("lake:\n  threads: many\n", "lake.threads", "valid integer"),
        ("- home\n", "top level", "keys and values"),
    ],
)
def test_wrong_settings_end_with_2_and_name_file_key_and_expectation(
    tocsin: Callable[..., Any], tmp_path: Path, settings: str, key: str, expected: str
) -> None:
    file = tmp_path / "tocsin.yaml"
    file.write_text(settings, encoding="utf-8")
    answer = tocsin("--home", str(tmp_path), "status", "--json")
    assert answer.code == 2
    assert answer.out == ""
    for part in (str(file), key, expected):
        assert part in answer.said


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("collect nowhere", 2, "nowhere"),
        ("run --source nowhere", 2, "nowhere"),
        ("quarantine list nowhere", 2, "nowhere"),
        ("assess --as-of 2026-13-01", 2, "--as-of"),
        ("assess --as-of 2026-08-22T06:00", 2, "zone"),
        ("collect --colour", 2, "--colour"),
        ("nosuchcommand", 2, "nosuchcommand"),
        ("quarantine show nosuchbatch", 1, "nosuchbatch"),
        ("quarantine release nosuchbatch --reason why", 1, "nosuchbatch"),
    ],
)
def test_wrong_words_end_with_their_code_and_name_what_was_wrong(
    tocsin: Callable[..., Any], home: Path, words: str, code: int, said: str
) -> None:
    answer = tocsin("--home", str(home), *words.split())
    assert answer.code == code, answer.said
    assert answer.out == ""
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_a_source_that_fails_ends_with_3_and_is_named(
    tocsin: Callable[..., Any], home: Path
) -> None:
    answer = tocsin("--home", str(home), "collect", "kev")
    assert answer.code == 3
    assert "kev: changed" in answer.said


def test_status_before_the_first_cycle_ends_with_1(
    tocsin: Callable[..., Any], tmp_path: Path
) -> None:
    answer = tocsin("--home", str(tmp_path), "status", "--json")
    assert (answer.code, answer.out) == (1, "")
    assert "tocsin run" in answer.err


def test_home_may_stand_after_the_command(tocsin: Callable[..., Any], home: Path) -> None:
    before = tocsin("--home", str(home), "status", "--json")
    assert tocsin("status", "--home", str(home), "--json").out == before.out
    assert tocsin("status", "--json", f"--home={home}").out == before.out


@pytest.mark.parametrize(
    "words",
    ["doctor", "doctor --json", "status", "status --json", "collect openrouter", "-v doctor"],
)
def test_a_secret_is_never_said(
    tocsin: Callable[..., Any],
    home: Path,
    standin: StandIn,
    monkeypatch: pytest.MonkeyPatch,
    words: str,
) -> None:
    monkeypatch.setenv("TOCSIN_SOURCES__OPENROUTER__KEY", _SECRET)
    if "collect" in words:
        standin.fault("openrouter", "status", code=401, times=1)
    answer = tocsin("--home", str(home), *words.split())
    assert answer.code == 3 or "collect" not in words, answer.said
    assert _SECRET not in answer.out + answer.err


def test_the_console_script_keeps_the_contract(home: Path, tmp_path: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
    done = subprocess.run(
        [str(Path(sys.executable).with_name("tocsin")), "status", "--json", "--home", str(home)],
        env=kept,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    holds("status", json.loads(done.stdout))


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_whole_cycle_prints_the_status_document(
    tocsin: Callable[..., Any], settings: Callable[..., Path], tmp_path: Path
) -> None:
    settings(tmp_path, {})
    answer = tocsin("run", "--json", "--home", str(tmp_path))
    assert answer.code == 0, answer.said
    document = answer.document()
    holds("status", document)
    assert {s["state"] for s in document["sources"]} == {"skipped"}
    told = tocsin("--home", str(tmp_path), "status", "--json").document()
    assert told["risks"] == document["risks"]


@pytest.mark.parametrize(("words", "code"), [("doctor", 1), ("status", 1), ("doctor --json", 1)])
def test_a_store_that_is_away_is_one_sentence_without_its_password(
    tocsin: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: str,
    code: int,
) -> None:
    url = f"postgresql+psycopg://tocsin:{_SECRET}@127.0.0.1:{free_port()}/tocsin"
    monkeypatch.setenv("TOCSIN_STORE__URL", url)
    answer = tocsin("--home", str(tmp_path), *words.split())
    assert answer.code == code
    assert "postgresql" in answer.said
    assert "Traceback" not in answer.said
    assert _SECRET not in answer.said
