"""Faults happen as scripted, and rate limits count as documented."""

import gzip
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.standin import StandIn
from tests.standin.faults import HOSTILE_NAME, parse_fault
from tests.standin.generate import Generated
from tests.standin.limits import Window

MODELS = "huggingface/api/models?limit=10"


@pytest.fixture
def standin() -> Iterator[StandIn]:
    """Return a fresh stand-in for each test: faults are used up."""
    with StandIn() as running:
        yield running


def get(standin: StandIn, path: str = MODELS) -> requests.Response:
    """Return the answer of a path on a connection of its own."""
    return requests.get(f"{standin.url}/{path}", timeout=10)


def test_a_fault_strikes_as_often_as_told_and_only_its_source(standin: StandIn) -> None:
    standin.fault("huggingface", kind="status", code=502, times=2, after=1)

    assert [get(standin).status_code for _ in range(4)] == [200, 502, 502, 200]
    standin.fault("huggingface", kind="status", times=None, path="cursor=")
    assert get(standin).status_code == 200
    assert get(standin, "kev/x.json").status_code == 200


def test_a_429_tells_how_long_and_an_edge_does_not(standin: StandIn) -> None:
    standin.fault("huggingface", kind="rate_limited", seconds=7)
    standin.fault("huggingface", kind="edge_429")

    told, edge = get(standin), get(standin)
    assert told.headers["ratelimit"] == '"api";r=0;t=7'
    assert "ratelimit" not in edge.headers
    assert (told.status_code, edge.status_code) == (429, 429)


def test_a_truncated_page_is_complete_http_and_broken_json(standin: StandIn) -> None:
    whole = len(get(standin).content)
    standin.fault("huggingface", kind="truncate")

    answer = get(standin)
    assert len(answer.content) == whole // 2
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.content)


@pytest.mark.parametrize("kind", ["cut", "reset"])
def test_a_dropped_connection_is_an_error_of_the_transport(standin: StandIn, kind: str) -> None:
    standin.fault("huggingface", kind=kind)

    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        get(standin)


def test_html_and_emptiness_come_with_status_200(standin: StandIn) -> None:
    standin.fault("huggingface", kind="html")
    standin.fault("huggingface", kind="empty")

    sign_in, empty = get(standin), get(standin)
    assert sign_in.text.startswith("<!doctype html>")
    assert (empty.status_code, empty.content) == (200, b"")


def test_two_gigabytes_are_streamed_not_stored(standin: StandIn) -> None:
    standin.fault("huggingface", kind="huge")
    begun = time.monotonic()

    with requests.get(f"{standin.url}/{MODELS}", stream=True, timeout=10) as answer:
        first = next(answer.iter_content(1 << 20))
    assert first.startswith(b'[{"id":"a/b"')
    assert "content-length" not in answer.headers
    assert time.monotonic() - begun < 5


def test_a_huge_answer_has_the_size_asked_for(standin: StandIn) -> None:
    standin.fault("huggingface", kind="huge", size=3_000_001)

    assert len(get(standin).content) == 3_000_001


def test_a_bomb_is_small_on_the_wire_and_large_unpacked(standin: StandIn) -> None:
    standin.fault("huggingface", kind="bomb", size=64 << 20)

    with requests.get(f"{standin.url}/{MODELS}", stream=True, timeout=10) as answer:
        wire = answer.raw.read(decode_content=False)
    assert len(wire) < 1 << 20
    assert len(gzip.decompress(wire)) == 64 << 20


def test_rows_are_spoilt_one_way_each(standin: StandIn) -> None:
    for kind in ("duplicate", "hostile", "missing_field", "wrong_type"):
        standin.fault("huggingface", kind=kind)
    twice, hostile, lacking, wrong = (get(standin).json() for _ in range(4))

    assert twice[0]["id"] == twice[-1]["id"]
    assert len(twice) == 11
    assert hostile[0]["id"] == f"evil/{HOSTILE_NAME}"
    assert all("id" not in row for row in lacking)
    assert isinstance(wrong[0]["id"], dict)


def test_slow_answers_are_late_and_whole(standin: StandIn) -> None:
    standin.fault("huggingface", kind="slow", seconds=0.2)
    standin.fault("huggingface", kind="trickle", seconds=0.2)

    for _ in range(2):
        begun = time.monotonic()
        assert len(get(standin).json()) == 10
        assert time.monotonic() - begun >= 0.15


def test_a_hanging_source_outlives_its_readers_patience(standin: StandIn) -> None:
    standin.fault("huggingface", kind="hang", seconds=30)

    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{standin.url}/{MODELS}", timeout=0.2)


def test_the_window_counts_down_and_opens_again() -> None:
    now = 100.0
    window = Window(quota=3, seconds=300, clock=lambda: now)

    taken = [window.take("a") for _ in range(4)]
    assert [allowed for allowed, _ in taken] == [True, True, True, False]
    assert [h["RateLimit"] for _, h in taken] == [f'"api";r={left};t=300' for left in (2, 1, 0, 0)]
    assert window.take("b")[0]
    now = 401.0
    assert window.take("a")[0]


def test_a_spent_quota_is_429_on_the_wire() -> None:
    with StandIn(quota=2, window=60) as running:
        answers = [get(running) for _ in range(3)]

    assert [a.status_code for a in answers] == [200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"fixed window";"api";q=2;w=60'


@pytest.mark.parametrize("text", ["huggingface:nonsense", "epoch:slow:1:colour=red"])
def test_a_fault_that_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"nonsense|colour"):
        parse_fault(text)


def test_faults_are_scripted_from_the_command_line() -> None:
    prefix, fault = parse_fault("osv:status:always:code=500,path=/vulns/")

    assert (prefix, fault.times, fault.code, fault.path) == ("osv", None, 500, "/vulns/")


@pytest.mark.parametrize("sort", ["downloads", "createdAt"])
def test_generated_models_come_once_each_in_order(sort: str) -> None:
    catalogue = Generated(5_321, seed=7)
    with StandIn(catalogue=catalogue) as running:
        place: str | None = f"{running.url}/huggingface/api/models?sort={sort}&limit=1000"
        rows: list[dict[str, object]] = []
        while place:
            answer = requests.get(place, timeout=10)
            rows += answer.json()
            place = answer.links.get("next", {}).get("url")

    assert len({r["id"] for r in rows}) == len(rows) == 5_321
    keys = [r[sort] for r in rows]
    assert keys == sorted(keys, reverse=True)  # type: ignore[type-var]


def test_generated_models_have_the_hubs_shape() -> None:
    catalogue = Generated(20_000)
    keys = ("id", "downloads", "tags", "baseModels", "safetensors")
    rows = json.loads(catalogue.page("downloads", None, 20_000, keys)[0])

    used = sum(r["downloads"] > 0 for r in rows) / len(rows)
    tags = sum(len(r["tags"]) for r in rows) / len(rows)
    edges = sum(len(r["baseModels"]["models"]) for r in rows if "baseModels" in r) / len(rows)
    assert used == pytest.approx(0.355, abs=0.01)
    assert 8 < tags < 11
    assert 0.55 < edges < 0.70
    assert catalogue.find(rows[500]["id"]) == catalogue.item(500)
    assert Generated(20_000).page("downloads", None, 50, keys) == catalogue.page(
        "downloads", None, 50, keys
    )


def test_generated_pages_are_kept_and_read_again(tmp_path: Path) -> None:
    first = Generated(3_000, cache=tmp_path).page("downloads", None, 1000, ("_id", "id"))
    kept = list(tmp_path.iterdir())

    assert len(kept) == 1
    assert Generated(3_000, cache=tmp_path).page("downloads", None, 1000, ("_id", "id")) == first


def test_it_starts_by_hand_and_prints_the_environment() -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.standin", "--port", "0", "--print-env"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.strip())
            if line.startswith("#"):
                break
        url = lines[-1].split()[-1]
        count = len(requests.get(f"{url}/{MODELS}", timeout=10).json())
        process.terminate()
        code = process.wait(timeout=10)

    assert f"export TOCSIN_SOURCES__OSV__BASE_URL={url}/osv" in lines
    assert (count, code) == (10, 0)
