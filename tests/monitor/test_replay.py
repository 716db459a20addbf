"""The fold over a real lake: the same bytes in another process, before and after newer batches."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from collectors.record import Model, Openness, Record, Score
from config.method import FOLDER, Method, load_method
from monitor.asof import View
from monitor.batch import BatchWriter
from monitor.context import Context, open_context
from monitor.lake import Lake
from monitor.replay import Fold, InMemory, Key, grid, moments, replay
from monitor.store.runs import Batch, BatchState
from reports.status import status_document
from rules.types import Assessment, Level, Reading, Risk, Why

FIRST = datetime(2026, 7, 1, 6, tzinfo=UTC)
ECI = "https://epoch.example/eci.csv"
LAG = "misuse.open_closed_lag"


@pytest.fixture
def installation(tmp_path: Path) -> Context:
    """Return a fresh installation with its own copy of the methods."""
    home = tmp_path / "home"
    home.mkdir()
    shutil.copytree(FOLDER, tmp_path / "methods")
    (home / "tocsin.yaml").write_text(f"method_folder: {tmp_path / 'methods'}\n", "utf-8")
    return open_context(home)


@pytest.fixture(scope="module")
def lag() -> Method:
    """Return the method with its one lag indicator: folding is then quick."""
    method = load_method("2026")
    return method.model_copy(update={"indicators": (method.indicator("S05"),)})


def put(lake: Lake, name: str, source: str, rows: Sequence[Record], at: datetime) -> None:
    """Make a batch visible, as a run does."""
    writer = BatchWriter(lake, name, source, is_live=True)
    writer.add(list(rows), at)
    files = writer.finish()
    batch = Batch(
        id=name, run_id=name, source=source, state=BatchState.VISIBLE, is_live=True,
        fetched_at=at, visible_at=at, rows=len(rows),
    )  # fmt: skip
    with Session(lake.engine) as session:
        lake.commit(session, batch, files)
        session.commit()


def score(
    board: str, board_on: date, name: str, points: int, released: date, **more: object
) -> Score:
    plain: dict[str, object] = {
        "source_url": ECI, "board": board, "board_on": board_on, "model_name": name,
        "score_micro": points * 1_000_000, "released_on": released,
    }  # fmt: skip
    return Score(**plain | more)  # type: ignore[arg-type]


def boards(open_points: int, released: date) -> tuple[list[Score], list[Score]]:
    """Return ECI and Arena rows: closed 140 in January, 150 in May; open as said."""
    day = date(2026, 6, 30)
    closed, open_ = Openness.CLOSED, Openness.OPEN
    eci, arena = (
        [
            score(board, day, f"{board}-a", scale * 140, date(2026, 1, 1), openness=closed),
            score(board, day, f"{board}-b", scale * 150, date(2026, 5, 1), openness=closed),
            score(board, day, f"{board}-w", scale * 130, date(2025, 6, 1), openness=closed),
            score(board, day, f"{board}-v", scale * 130, date(2026, 2, 1), openness=open_),
            score(board, day, f"{board}-x", scale * open_points, released, openness=open_),
        ]
        for board, scale in (("eci", 1), ("arena_text", 10))
    )
    return eci, arena


def fill(
    lake: Lake,
    at: datetime = FIRST,
    suffix: str = "",
    open_points: int = 140,
    released: date = date(2026, 6, 1),
) -> None:
    eci, arena = boards(open_points, released)
    put(lake, f"epoch{suffix}", "epoch", eci, at)
    put(lake, f"arena{suffix}", "lmarena", arena, at)


def view(context: Context, method: Method, *, reconstructed: bool = False) -> View:
    files = context.lake.visible()
    return View(context.lake, files, home="CN", views=method.views, reconstructed=reconstructed)


def last(context: Context, method: Method, moment: datetime) -> Assessment:
    return list(replay(view(context, method), method, moment))[-1]


def bytes_of(assessment: Assessment) -> bytes:
    return json.dumps(status_document(assessment), ensure_ascii=False).encode()


def lag_of(assessment: Assessment) -> Reading:
    return next(i.reading for r in assessment.risks for i in r.indicators if i.id == LAG)


def test_the_grid_is_midnight_utc_and_the_moment_itself() -> None:
    found = list(grid(date(2026, 7, 1), datetime(2026, 7, 3, 6, tzinfo=UTC)))
    assert [m.isoformat()[:16] for m in found] == [
        "2026-07-01T00:00", "2026-07-02T00:00", "2026-07-03T00:00", "2026-07-03T06:00",
    ]  # fmt: skip
    assert list(grid(date(2026, 7, 3), datetime(2026, 7, 3, tzinfo=UTC)))[1:] == []


def test_an_empty_lake_is_unassigned_with_reasons(installation: Context, lag: Method) -> None:
    found = last(installation, lag, FIRST)
    assert {r.level for r in found.risks} == {Level.UNASSIGNED}
    missing = lag_of(found).missing
    assert missing is not None
    assert missing.why is Why.NO_DATA


def test_a_revision_changes_nothing_before_it_was_known(installation: Context, lag: Method) -> None:
    fill(installation.lake)
    moment = datetime(2026, 7, 10, tzinfo=UTC)
    before = last(installation, lag, moment)
    value = lag_of(before).value
    assert value is not None
    fill(installation.lake, datetime(2026, 7, 15, 6, tzinfo=UTC), "-revised", open_points=150)
    assert bytes_of(last(installation, lag, moment)) == bytes_of(before)
    after = lag_of(last(installation, lag, datetime(2026, 7, 16, tzinfo=UTC))).value
    assert after is not None
    assert after < value


def test_the_command_prints_the_same_bytes_in_another_process_after_newer_batches(
    installation: Context,
) -> None:
    fill(installation.lake)

    def run() -> bytes:
        code = (
            "import sys; from monitor.cli import main; sys.argv = ['tocsin', *sys.argv[1:]]; main()"
        )
        arguments = ["--home", str(installation.home), "assess", "--as-of", "2026-07-05", "--json"]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            check=True, capture_output=True, env=environment, cwd=installation.home,
        ).stdout  # fmt: skip

    first = run()
    document = json.loads(first)
    assert document["as_of"] == "2026-07-05T00:00:00+00:00"
    assert set(document["risks"]) == {r.value for r in Risk}
    fill(installation.lake, datetime(2026, 7, 15, 6, tzinfo=UTC), "-revised", open_points=150)
    with installation.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM reading")  # what earlier runs concluded is not read
    assert run() == first


def test_a_reading_is_remembered_and_the_fold_is_the_same(
    installation: Context, lag: Method
) -> None:
    fill(installation.lake)
    moment = datetime(2026, 7, 20, tzinfo=UTC)

    class Counting(InMemory):
        hits = 0

        def get(self, key: Key) -> Reading | None:
            found = super().get(key)
            self.hits += found is not None
            return found

    memo = Counting()
    seen = view(installation, lag)
    first = list(replay(seen, lag, moment, memo=memo))
    assert memo.hits == 0
    again = list(replay(seen, lag, moment, memo=memo))
    assert memo.hits > 0
    assert [bytes_of(a) for a in again] == [bytes_of(a) for a in first]


def test_a_source_silent_for_months_goes_stale_then_unassigned_and_never_improves(
    installation: Context, lag: Method
) -> None:
    fill(installation.lake, released=date(2026, 2, 1))  # 58, 89, 119 days: 2.9 months, red
    days = list(replay(view(installation, lag), lag, datetime(2026, 12, 1, tzinfo=UTC)))
    states = [
        (i.level, i.reading.stale, i.reading.missing is not None)
        for a in days
        for i in a.risks[0].indicators
    ]
    colour = states[0][0]
    assert colour is Level.RED
    assert {level for level, _, _ in states} == {colour}  # held to the end
    order = [s for n, s in enumerate(states) if n == 0 or states[n - 1] != s]
    assert [(stale, missing) for _, stale, missing in order] == [
        (False, False), (True, False), (False, True),
    ]  # fmt: skip
    risk = days[-1].risks[0]
    assert risk.coverage == 0.0
    assert risk.coverage_lost_since is not None


def test_moments_must_not_go_back(installation: Context, lag: Method) -> None:
    fold = Fold(view(installation, lag), lag)
    fold.step(FIRST)
    with pytest.raises(ValueError, match="lies before"):
        fold.step(FIRST - timedelta(days=1))


def test_our_record_starts_with_its_first_fetch_the_reconstructed_one_with_the_method(
    installation: Context, lag: Method
) -> None:
    fill(installation.lake)
    end = datetime(2026, 7, 4, tzinfo=UTC)
    own = moments(Fold(view(installation, lag), lag), end)
    assert own[0] == datetime(2026, 7, 2, tzinfo=UTC)
    past = view(installation, lag, reconstructed=True)
    assert moments(Fold(past, lag), end)[0] == datetime(2026, 7, 2, tzinfo=UTC)


def test_cutting_forward_is_the_same_as_cutting_afresh(installation: Context) -> None:
    days = [FIRST + timedelta(days=n) for n in range(6)]
    for n, at in enumerate(days):
        rows = [Model(source_url=ECI, model_id=f"a/m{m}", licence=f"v{n}") for m in range(n, n + 4)]
        put(installation.lake, f"batch{n}", "huggingface", rows, at)
    query = "SELECT model_id, licence FROM models ORDER BY model_id"
    walking = View(installation.lake, installation.lake.visible(), home="CN", views={})
    for at in (*days, days[2], days[4]):
        fresh = View(installation.lake, installation.lake.visible(), home="CN", views={})
        assert walking.at(at).execute(query).fetchall() == fresh.at(at).execute(query).fetchall()
        only = walking.at(at, ("roots",)).execute("SELECT count(*) FROM roots").fetchone()
        assert only == fresh.at(at).execute("SELECT count(*) FROM models").fetchone()
