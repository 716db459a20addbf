"""`tocsin collect --list-kept` and `--kept`: what is said, in which form, and with which code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.monitor.cli.test_contract import holds
from tests.standin import StandIn

Tocsin = Callable[..., Any]


@pytest.fixture
def asked(tocsin: Tocsin, settings: Callable[..., Path], tmp_path: Path, standin: StandIn) -> Path:
    """Return a home that has asked one source whose documents are batches of their own."""
    settings(tmp_path, {"epoch": {"base_url": f"{standin.url}/epoch"}})
    assert tocsin("--home", str(tmp_path), "collect", "epoch").code == 0
    return tmp_path


def listed(tocsin: Tocsin, home: Path, *names: str) -> Any:
    answer = tocsin("--home", str(home), "collect", *names, "--list-kept", "--json")
    assert answer.code == 0, answer.said
    holds("collect_list_kept", answer.document())
    return answer.document()


def test_what_is_kept_is_listed_and_parsed_again(tocsin: Tocsin, asked: Path) -> None:
    found = listed(tocsin, asked, "epoch")
    assert found
    assert {b["state"] for b in found} == {"visible"}
    assert listed(tocsin, asked, "kev") == []
    told = tocsin("--home", str(asked), "collect", "--list-kept")
    assert all(b["id"] in told.out for b in found)

    words = [w for b in found for w in ("--kept", b["id"])]
    answer = tocsin("--home", str(asked), "collect", "epoch", *words, "--json")
    assert answer.code == 0, answer.said
    made = answer.document()
    holds("collect_kept", made)
    assert [m["kept"] for m in made] == [b["id"] for b in found]
    assert [m["rows"] for m in made] == [b["rows"] for b in found]
    assert not {m["batch"] for m in made} & {b["id"] for b in found}
    assert listed(tocsin, asked) == found  # kept once
    entries = tocsin("--home", str(asked), "audit", "verify")
    assert entries.code == 0, entries.said


def test_a_person_is_told_what_it_became_and_how_to_take_the_old_one_back(
    tocsin: Tocsin, asked: Path
) -> None:
    first = listed(tocsin, asked)[0]
    answer = tocsin("--home", str(asked), "collect", "--kept", first["id"])
    assert answer.code == 0, answer.said
    assert f"epoch: done, {first['rows']:,} rows" in answer.said
    assert f"tocsin quarantine revoke {first['id']} --reason" in answer.said


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("--kept 1999", 1, "no kept batch begins so (tocsin collect --list-kept)"),
        ("--kept 2", 1, "several kept batches begin so"),
        ("--kept /nowhere/x.tar", 1, "/nowhere/x.tar: no such file"),
        ("kev --kept {first}", 2, "pages of kev, not of epoch"),
        ("nosuch --kept {first}", 2, "nosuch"),
        ("--incomplete", 2, "--kept BATCH beside it"),
    ],
)
def test_wrong_words_end_with_their_code(
    tocsin: Tocsin, asked: Path, words: str, code: int, said: str
) -> None:
    first = listed(tocsin, asked)[0]["id"]
    answer = tocsin("--home", str(asked), "collect", *words.format(first=first).split(), "--json")
    assert (answer.code, answer.out) == (code, ""), answer.said
    assert said in answer.said


def test_pages_that_are_damaged_end_with_1_and_name_the_file(tocsin: Tocsin, asked: Path) -> None:
    first = listed(tocsin, asked)[0]
    file = Path(first["files"][0])
    file.write_bytes(file.read_bytes()[:4000])
    answer = tocsin("--home", str(asked), "collect", "--kept", first["id"], "--json")
    assert (answer.code, answer.out) == (1, "")
    assert str(file) in answer.said


def test_pages_that_parse_still_refuses_end_with_3(
    tocsin: Tocsin, settings: Callable[..., Path], tmp_path: Path
) -> None:
    with StandIn() as standin:
        settings(tmp_path, {"kev": {"base_url": f"{standin.url}/kev"}})
        standin.fault("kev", "html", times=None)
        assert tocsin("--home", str(tmp_path), "collect", "kev").code == 3
    (broken,) = listed(tocsin, tmp_path)
    assert (broken["state"], broken["rows"]) == (None, None)
    words = ("collect", "kev", "--kept", broken["id"], "--incomplete", "--json")
    answer = tocsin("--home", str(tmp_path), *words)
    assert answer.code == 3, answer.said
    holds("collect_kept", answer.document())
    (made,) = answer.document()
    assert (made["state"], made["batch"], made["rows"]) == ("changed", "", 0)
