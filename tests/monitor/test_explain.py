"""What is told of a level: the tree of reasons, scorecards, revisions; each as its schema says."""

import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from rich.console import Console
from sqlmodel import Session

from collectors.record import Advisory, Counter, Model, Openness, PolicyEvent, Record, Score
from config.errors import ConfigError
from config.method import FOLDER, Method, load_method
from monitor.assess import Judged, moment_of
from monitor.batch import BatchWriter
from monitor.behind import files_behind, rows_behind
from monitor.cli.explain_tree import tree
from monitor.context import Context, open_context
from monitor.explain import explanation, subject_of
from monitor.record import Record as Folded
from monitor.record import fold
from monitor.revision import changed, differences, reminds_on, review_reminder
from monitor.scorecard import card_document, cards, proposal_document, proposals
from monitor.store.runs import Batch, BatchState
from rules.types import Level, Risk

AT = datetime(2026, 7, 1, 6, tzinfo=UTC)
END = datetime(2026, 7, 20, tzinfo=UTC)
SCHEMAS = Path(__file__).parents[2] / "reports" / "schemas"


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text("utf-8"))
    return found


def put(context: Context, source: str, rows: Sequence[Record]) -> None:
    writer = BatchWriter(context.lake, f"batch-{source}", source, is_live=True)
    writer.add(list(rows), AT)
    files = writer.finish()
    batch = Batch(
        id=f"batch-{source}", run_id="r", source=source, state=BatchState.VISIBLE, is_live=True,
        fetched_at=AT, visible_at=AT, rows=len(rows),
    )  # fmt: skip
    with Session(context.engine) as session:
        context.lake.commit(session, batch, files)
        session.commit()


def scores(board: str, scale: int) -> list[Record]:
    """Return the closed frontier at 140 in January and 150 in May, an open 140 in February."""
    rows = (
        ("a", 140, date(2026, 1, 1), Openness.CLOSED),
        ("b", 150, date(2026, 5, 1), Openness.CLOSED),
        ("x", 140, date(2026, 2, 1), Openness.OPEN),
    )
    return [
        Score(
            source_url=f"https://{board}.example/board", board=board, board_on=date(2026, 6, 30),
            model_name=f"{board}-{name}", score_micro=points * scale * 1_000_000,
            released_on=day, openness=openness,
        )
        for name, points, day, openness in rows
    ]  # fmt: skip


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Context:
    folder = tmp_path_factory.mktemp("installation")
    shutil.copytree(FOLDER, folder / "methods")
    (folder / "tocsin.yaml").write_text(f"method_folder: {folder / 'methods'}\n", "utf-8")
    context = open_context(folder)
    put(context, "epoch", scores("eci", 1))
    put(context, "lmarena", scores("arena_text", 10))
    hub = "https://hub.example/api/models"
    put(
        context,
        "huggingface",
        [
            Model(source_url=hub, model_id="someone/nice-model-abliterated"),
            Counter(
                source_url=hub, model_id="someone/nice-model-abliterated",
                observed_on=date(2026, 6, 30), downloads_30d=500,
            ),
        ],
    )  # fmt: skip
    put(
        context,
        "osv",
        [
            Advisory(
                source_url="https://osv.example/MAL-1", advisory_id="MAL-1",
                flaw_id="MAL-1",
                ecosystem="PyPI", package="evil-loader", kind="malware",
                published_on=date(2026, 6, 1),
            )
        ],
    )  # fmt: skip
    put(
        context,
        "tocsin",
        [
            PolicyEvent(
                source_url="https://events.example/1", event_id=f"E{n}", title=f"incident {n}",
                kind="incident", risks="misuse", occurred_on=day, published_on=day,
                day_verified=True, verification="verified",
            )
            for n, day in enumerate((date(2026, 7, 10), date(2026, 6, 20)))
        ],
    )  # fmt: skip
    return context


@pytest.fixture(scope="module")
def lag(installation: Context) -> Method:
    method = installation.method
    chosen = tuple(method.indicator(code) for code in ("S02", "S05", "B08"))
    return method.model_copy(update={"indicators": chosen})


@pytest.fixture(scope="module")
def folded(installation: Context, lag: Method) -> Folded:
    return fold(installation, lag, END, reconstructed=True)


@pytest.fixture(scope="module")
def judged(folded: Folded, lag: Method) -> Judged:
    return Judged(folded.last, folded.fold, lag)


def test_a_risk_is_explained_down_to_rows_with_url_fetch_time_and_hash(judged: Judged) -> None:
    found: Any = explanation(judged, Risk.MISUSE)
    jsonschema.validate(found, schema("explain"))
    lag = next(i for i in found["risk"]["indicators"] if i["code"] == "S05")
    assert lag["level"] == "red"
    assert lag["value"] == pytest.approx(119 / 30.4375, abs=1.5)
    row = next(r for r in lag["source_rows"] if r["source"] == "epoch")
    assert row["url"] == "https://eci.example/board"
    assert row["fetched_at"] == "2026-07-01T06:00:00+00:00"
    file = next(f for f in lag["files"] if f["table"] == "scores" and f["source"] == "epoch")
    assert len(file["sha256"]) == 64
    assert file["rows"] == 3
    assert row["sha256"] == file["sha256"]
    assert json.dumps(found) == json.dumps(explanation(judged, Risk.MISUSE))


def test_an_indicator_is_explained_by_code_and_the_tree_can_be_read(judged: Judged) -> None:
    subject = subject_of("s05", judged.method)
    found: Any = explanation(judged, subject)
    jsonschema.validate(found, schema("explain"))
    console = Console(record=True, width=200, file=io.StringIO())
    for document in (found, explanation(judged, Risk.MISUSE)):
        console.print(tree(document, judged.method, "zh"))
    said = console.export_text()
    assert "开源与闭源能力时滞" in said
    assert "sha256" in said
    assert "what would change it" in said


def test_hub_rows_are_counted_and_malware_has_a_pseudonym(judged: Judged) -> None:
    view = judged.fold.view
    tables = ("models", "counters", "advisories")
    view.at(judged.assessment.as_of, tables)
    assert [(f.table, f.rows) for f in files_behind(view, tables, ("huggingface",))] == [
        ("counters", 1), ("models", 1),
    ]  # fmt: skip
    (row,) = rows_behind(view, tables, ("huggingface", "osv"))
    assert row.words.startswith("repository-")
    assert row.url == ""
    for subject in Risk:
        said = json.dumps(explanation(judged, subject))
        assert "abliterated" not in said.replace("safety_removed", "")
        assert "evil-loader" not in said


def test_an_unknown_subject_names_what_there_is(judged: Judged) -> None:
    with pytest.raises(ConfigError, match="one of misuse, spillover, backdoor, S02, S05, B08"):
        subject_of("weather", judged.method)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-07-01", "2026-07-01T00:00:00+00:00"),
        ("2026-07-01T08:00:00+08:00", "2026-07-01T00:00:00+00:00"),
        ("2026-07-01T08:00Z", "2026-07-01T08:00:00+00:00"),
    ],
)
def test_as_of_is_a_day_or_a_moment_with_zone(text: str, expected: str) -> None:
    assert moment_of(text, END).isoformat() == expected


@pytest.mark.parametrize("text", ["yesterday", "2026-07-01T08:00:00", "2026-07-21"])
def test_as_of_refuses_no_zone_no_date_and_the_future(text: str) -> None:
    with pytest.raises(ConfigError, match="--as-of"):
        moment_of(text, END)


def test_the_scorecard_is_as_its_schema_says_and_scores_each_event(folded: Folded) -> None:
    found = [card_document(c) for r in Risk for c in cards(folded, r)]
    document = {
        "method": "2026", "home": "CN", "reconstructed": True, "as_of": END.isoformat(),
        "cards": found,
    }  # fmt: skip
    jsonschema.validate(document, schema("backtest"))
    misuse: Any = found[0]
    assert [(e["id"], e["verdict"]) for e in misuse["yellow"]["events"]] == [
        ("E1", "before_record"), ("E0", "before_record"),
    ]  # fmt: skip
    assert misuse["yellow"]["how_small"]["zh"].startswith("没有可评事件")


def test_proposals_are_as_their_schema_says(folded: Folded, lag: Method) -> None:
    one = lag.indicator("S05")
    found = [proposal_document(one, p) for p in proposals(folded, one)]
    document = {"method": "2026", "split_on": "2025-07-01", "proposals": found}
    jsonschema.validate(document, schema("calibrate"))
    assert {p["why_not"] for p in found} == {"too_short"}


def test_a_revision_says_which_past_levels_differ(folded: Folded, lag: Method) -> None:
    before = folded.assessments
    shifted = [
        replace(a, risks=tuple(replace(r, model_level=Level.RED) for r in a.risks))
        if 3 <= n < 6 else a
        for n, a in enumerate(before)
    ]  # fmt: skip
    found = differences(before, shifted)
    assert {d.risk for d in found} == set(Risk)
    assert all(d.days == 3 and d.after is Level.RED for d in found)
    assert found[0].first == (before[3].as_of).date()
    one = lag.indicator("S05")
    stricter = one.model_copy(update={"keep_days": 56})
    revised = lag.model_copy(update={"indicators": (stricter, lag.indicator("B08"))})
    assert [(c.code, c.field, c.after) for c in changed(lag, revised)] == [
        ("S02", "indicator", None), ("S05", "keep_days", "56"),
    ]  # fmt: skip


def test_the_review_reminds_by_itself(lag: Method) -> None:
    due = lag.review_due
    assert review_reminder(lag, due - timedelta(days=91)) is None
    soon = review_reminder(lag, due - timedelta(days=90))
    late = review_reminder(lag, due + timedelta(days=1))
    assert soon is not None
    assert late is not None
    assert "还有90天" in soon["zh"]
    assert "1 days ago" in late["en"]
    sent = [n for n in range(-100, 61) if reminds_on(lag, due + timedelta(days=n))]
    assert sent == [-90, -30, -7, 0, 30, 60]


def test_methods_ship_loadable() -> None:
    assert load_method("2026").version == "2026"
