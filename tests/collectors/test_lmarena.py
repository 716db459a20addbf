"""LMArena: which files are asked, and what a row of a board means."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from collectors import lmarena
from collectors.base import Options, Payload
from collectors.errors import PayloadChanged
from collectors.licence import openness_of, unknown_spellings
from collectors.record import Openness, Score
from tests.collectors.conftest import Shelf, samples

BASE = "https://hub.example.org/resolve/main"
LATEST = f"{BASE}/text/latest-00000-of-00001.parquet"
FULL = f"{BASE}/text/full-00000-of-00001.parquet"


@pytest.fixture
def board() -> Payload:
    return next(s.payload for s in samples() if s.source == "lmarena")


def scores(payload: Payload) -> list[Score]:
    return [s for s in lmarena.parse(payload) if isinstance(s, Score)]


@pytest.mark.parametrize(
    ("since", "shapes"),
    [
        ({}, ["latest", "full"]),
        ({"full_on": "2026-05-24"}, ["latest"]),
        ({"full_on": "2026-05-23"}, ["latest", "full"]),
    ],
)
def test_the_whole_history_is_asked_once_a_quarter(
    options: Callable[..., Options], since: dict[str, str], shapes: list[str]
) -> None:
    shelf = Shelf({LATEST: b"a", FULL: b"b"})
    assert [p.shape for p in lmarena.fetch(shelf, since, options(BASE))] == shapes


def test_categories_are_boards_of_their_own(board: Payload) -> None:
    assert {s.board for s in scores(board)} == {"arena_text", "arena_text_coding"}


def test_the_operator_chooses_categories(options: Callable[..., Options]) -> None:
    shelf = Shelf({LATEST: b"a", FULL: b"b"})
    chosen = options(BASE, extra={"categories": "overall,polish"})
    assert next(lmarena.fetch(shelf, {}, chosen)).context["categories"] == "overall,polish"


def test_a_board_is_known_when_its_day_has_ended(board: Payload) -> None:
    assert {s.known_from for s in scores(board)} == {datetime(2026, 8, 13, tzinfo=UTC)}


def test_a_board_fetched_on_its_own_day_is_known_from_the_fetch(board: Payload) -> None:
    early = replace(board, fetched_at=datetime(2026, 8, 12, 15, tzinfo=UTC))
    assert {s.known_from for s in scores(early)} == {None}


def test_a_licence_that_nobody_knows_is_unknown_and_counted(board: Payload) -> None:
    found = scores(board)
    assert {s.openness for s in found if s.model_name == "tarn-1"} == {Openness.UNKNOWN}
    assert unknown_spellings(found) == {"Tarn Community 7": 1}


@pytest.mark.parametrize("spelling", ["Apache 2.0", "Apache-2.0", "apache_2.0", "APACHE  2.0"])
def test_spellings_differ_by_more_than_case_only_in_the_table(spelling: str) -> None:
    assert openness_of(spelling) is Openness.OPEN


def test_no_licence_is_unknown() -> None:
    assert openness_of(None) is Openness.UNKNOWN
    assert openness_of("Proprietary") is Openness.CLOSED


def test_a_board_without_the_wanted_categories_is_refused(board: Payload) -> None:
    changed = replace(board, context={"categories": "klingon", "subset": "text"})
    with pytest.raises(PayloadChanged, match="klingon"):
        scores(changed)
