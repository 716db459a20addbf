"""Epoch AI: what is asked when, and what a row means."""

import io
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from collectors import epoch
from collectors.base import Options, Payload, Refused, Response
from collectors.errors import PayloadChanged, PayloadTooLarge, SourceRefused
from collectors.record import Openness, Release, Score
from tests.collectors.conftest import NOW, Shelf

BASE = "https://epoch.example.org/data"
ECI, HUB, MODELS = (
    f"{BASE}/eci_scores.csv",
    f"{BASE}/benchmark_data.zip",
    f"{BASE}/all_ai_models.csv",
)
Read = Callable[[str], bytes]
Maker = Callable[..., Payload]
Opts = Callable[..., Options]


def asked(shelf: Shelf, since: dict[str, str], options: Options) -> list[str]:
    return [p.shape for p in epoch.fetch(shelf, since, options)]


def test_the_first_run_reads_everything_and_marks_the_week(options: Opts) -> None:
    shelf = Shelf({ECI: b"a", HUB: b"b", MODELS: b"c"})
    payloads = list(epoch.fetch(shelf, {}, options(BASE)))
    assert [p.shape for p in payloads] == ["eci", "benchmarks", "models"]
    today = "2026-08-22"
    marks = [p.watermark for p in payloads]
    assert marks == [{"eci_on": today}, {"benchmarks_on": today}, {"models_on": today}]
    assert all(p.sweep and p.last for p in payloads), "each document is a batch of its own"


@pytest.mark.parametrize(("last", "shapes"), [("2026-08-16", 1), ("2026-08-15", 3)])
def test_the_large_files_are_asked_once_a_week(options: Opts, last: str, shapes: int) -> None:
    shelf = Shelf({ECI: b"a", HUB: b"b", MODELS: b"c"})
    since = {"benchmarks_on": last, "models_on": last}
    assert len(asked(shelf, since, options(BASE))) == shapes


@pytest.mark.parametrize(("last", "young"), [("2026-08-16", True), ("2026-08-15", False)])
def test_an_index_unchanged_for_a_week_is_read_again(options: Opts, last: str, young: bool) -> None:
    asked_again: list[bool] = []

    class Watching(Shelf):
        def get(self, url: str, **settings: Any) -> Response:
            asked_again.append(settings["revalidate"])
            return super().get(url, **settings)

    shelf = Watching({ECI: b"a", HUB: b"b", MODELS: b"c"})
    list(epoch.fetch(shelf, {"eci_on": last}, options(BASE)))
    assert asked_again[0] is young


def test_a_file_that_is_gone_does_not_keep_the_others_away(options: Opts) -> None:
    shelf = Shelf({ECI: b"a", MODELS: b"c"})
    got: list[str] = []
    with pytest.raises(SourceRefused, match="benchmark_data"):
        got.extend(p.shape for p in epoch.fetch(shelf, {}, options(BASE)))
    assert got == ["eci", "models"]


def test_an_unchanged_table_gives_nothing(options: Opts) -> None:
    shelf = Shelf({ECI: Response(ECI, 304, {}, b"", NOW)})
    since = {"benchmarks_on": "2026-08-22", "models_on": "2026-08-22"}
    assert asked(shelf, since, options(BASE)) == []


def scores(payload: Payload) -> dict[str, Score]:
    return {s.model_name: s for s in epoch.parse(payload) if isinstance(s, Score)}


def test_a_board_day_is_the_day_of_the_fetch(payload_of: Maker, read_own: Read) -> None:
    found = scores(payload_of("epoch", "eci", read_own("epoch/eci_2026.csv")))
    assert {s.board_on for s in found.values()} == {date(2026, 8, 22)}
    assert {s.known_from for s in found.values()} == {None}
    assert found["Beacon-3"].score_micro == 151_250_000
    assert found["Tarn-1"].low_micro is None


def test_openness_is_stated_or_unknown_never_guessed(payload_of: Maker, read_own: Read) -> None:
    found = scores(payload_of("epoch", "eci", read_own("epoch/eci_2026.csv")))
    assert {name: s.openness for name, s in found.items()} == {
        "Beacon-3": Openness.CLOSED,
        "Qing-2 72B": Openness.OPEN,
        "Tarn-1": Openness.UNKNOWN,
        "Nameless Preview": Openness.CLOSED,
    }


def test_a_country_that_repeats_is_one(payload_of: Maker, read_own: Read) -> None:
    found = scores(payload_of("epoch", "eci", read_own("epoch/eci_2026.csv")))
    assert found["Beacon-3"].jurisdictions == "US"
    assert found["Tarn-1"].jurisdictions == "GB,KR"
    assert found["Nameless Preview"].jurisdictions == "unknown"


def test_a_model_listed_twice_is_refused_the_second_time(payload_of: Maker, read_own: Read) -> None:
    body = read_own("epoch/eci_2026.csv")
    parsed = list(epoch.parse(payload_of("epoch", "eci", body + body.splitlines()[1] + b"\n")))
    assert [p.key for p in parsed if isinstance(p, Refused)] == ["Beacon-3"]
    assert len(parsed) == 5


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        ("151.25", "", "column 'eci'"),
        ("151.25", "nan", "column 'eci'"),
        ("151.25", "9e9", "column 'eci'"),
        ("2026-05-04", "04.05.2026", "column 'date'"),
        ("Beacon-3,", ",", "column 'Model'"),
        ("Accessibility group", "Access", "header"),
    ],
)
def test_a_wrong_cell_is_named(
    payload_of: Maker, read_own: Read, before: str, after: str, place: str
) -> None:
    text = read_own("epoch/eci_2026.csv").decode().replace(before, after, 1)
    with pytest.raises(PayloadChanged, match=place):
        list(epoch.parse(payload_of("epoch", "eci", text)))


def bundle(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return out.getvalue()


@pytest.mark.parametrize("folder", ["", "data/", "a/b/c/"])
def test_members_are_found_by_basename_and_the_best_run_counts(
    payload_of: Maker, read_own: Read, folder: str
) -> None:
    body = bundle(
        {
            f"{folder}gpqa_diamond.csv": read_own("epoch/gpqa_diamond.csv"),
            f"{folder}model_metadata.csv": read_own("epoch/model_metadata.csv"),
        }
    )
    found = scores(payload_of("epoch", "benchmarks", body))
    assert found["qing-2-72b"].score_micro == 812_500
    assert found["qing-2-72b"].openness is Openness.OPEN
    assert found["qing-2-72b"].jurisdictions == "CN"


def test_a_bundle_without_a_known_board_is_refused(payload_of: Maker) -> None:
    with pytest.raises(PayloadChanged, match=r"gpqa_diamond\.csv"):
        list(epoch.parse(payload_of("epoch", "benchmarks", bundle({"x.csv": b"a,b\n1,2\n"}))))


def test_a_member_that_unpacks_too_far_is_refused(
    payload_of: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(epoch, "_MAX_MEMBER", 1000)
    body = bundle({"gpqa_diamond.csv": b"Model version,mean_score\n" + b" " * 5000})
    with pytest.raises(PayloadTooLarge):
        list(epoch.parse(payload_of("epoch", "benchmarks", body)))


def test_releases_state_compute_as_a_logarithm(payload_of: Maker, read_own: Read) -> None:
    parsed = epoch.parse(payload_of("epoch", "models", read_own("epoch/models_new.csv")))
    found = {r.model_name: r for r in parsed if isinstance(r, Release)}
    assert found["Qing-2 72B"].compute_log10_micro == 25_079_181
    assert found["Qing-2 72B"].parameters == 72_000_000_000
    assert found["Qing-2 72B"].weights_released_on is None, "the source does not say when"
    assert found["Fjord"].openness is Openness.UNKNOWN
    assert found["Beacon-3"].compute_log10_micro is None


def test_a_release_keeps_the_repository_that_was_looked_up_for_it(payload_of: Maker) -> None:
    head = (
        "Model,Organization,Publication date,Parameters,Model accessibility,Open model weights?\n"
    )
    rows = "Phi-4,Microsoft,2024-12-12,1.4e10,Open weights (unrestricted),Yes\n"
    (found,) = epoch.parse(payload_of("epoch", "models", head + rows))
    assert isinstance(found, Release)
    assert found.hub_id == "microsoft/phi-4"
    assert found.weights_released_on == date(2024, 12, 11), "apart from the announcement"
    closed = head + rows.replace("Yes", "No")
    (shut,) = epoch.parse(payload_of("epoch", "models", closed))
    assert isinstance(shut, Release)
    assert shut.hub_id is None
