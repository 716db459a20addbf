"""The site of a small record: figures with their rows, reasons, what is due, no bad names."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import feedparser
import pytest
from lxml import html
from sqlmodel import Session

from collectors.record import Counter, Model, Openness, Publisher, Record, Release, Score
from monitor.batch import BatchWriter
from monitor.because import because
from monitor.context import Context, open_context
from monitor.dues import crossings
from monitor.evidence_rows import evidence
from monitor.publish import publish
from monitor.record import fold
from monitor.reporting import until
from monitor.store.runs import Batch, BatchState
from monitor.views import vintages
from rules.types import Assessment, Change, Level, Override

AT = datetime(2026, 7, 1, 6, tzinfo=UTC)
END = datetime(2026, 7, 8, tzinfo=UTC)
HUB = "https://hub.example/"
LISTED = "lab/Open-1"
UNNAMED = ("lab/Open-1-abliterated", "someone/nice-model-uncensored", "redacted/0c5fa1")
STRIPPED = "open-best-heretic-abliterated"

Assess = Callable[..., Assessment]


def put(context: Context, source: str, rows: Sequence[Record]) -> None:
    writer = BatchWriter(context.lake, f"batch-{source}", source, is_live=True)
    writer.add(list(rows), AT)
    batch = Batch(
        id=f"batch-{source}", run_id="r", source=source, state=BatchState.VISIBLE, is_live=True,
        fetched_at=AT, visible_at=AT, rows=len(rows),
    )  # fmt: skip
    with Session(context.engine) as session:
        context.lake.commit(session, batch, writer.finish())
        session.commit()


def scores(board: str) -> list[Record]:
    rows = (
        ("closed-early", 140, date(2026, 1, 1), Openness.CLOSED),
        ("closed-best", 150, date(2026, 5, 1), Openness.CLOSED),
        ("open-best", 140, date(2026, 2, 1), Openness.OPEN),
        ("open-best-heretic-abliterated", 141, date(2026, 2, 2), Openness.OPEN),
    )
    return [
        Score(
            source_url=f"https://{board}.example/board", board=board, board_on=date(2026, 6, 30),
            model_name=name, score_micro=points * 1_000_000, released_on=day, openness=openness,
        )
        for name, points, day, openness in rows
    ]  # fmt: skip


def repositories() -> list[Record]:
    found: list[Record] = []
    for name, downloads in ((LISTED, 5000), *((n, 9000) for n in UNNAMED)):
        url = HUB if name.startswith("redacted/") else f"{HUB}{name}"
        found += [
            Model(source_url=url, model_id=name, created_on=date(2026, 3, 1)),
            Counter(
                source_url=url, model_id=name, observed_on=date(2026, 6, 30),
                downloads_30d=downloads,
            ),
        ]  # fmt: skip
    return found


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """Return an installation that published once: three sources, a registry of one laboratory."""
    context = open_context(tmp_path_factory.mktemp("installation"), now=lambda: END)
    put(context, "epoch", scores("eci"))
    put(context, "huggingface", repositories())
    stripped = Release(
        source_url="https://models.example/", model_name=STRIPPED, organisation="Lab",
        openness=Openness.OPEN, released_on=date(2026, 2, 2), jurisdictions="CN",
    )  # fmt: skip
    put(context, "models_dev", [stripped])
    account = Publisher(
        source_url="https://registry.example/", hub="huggingface", account="lab",
        organisation="Lab", jurisdiction="CN", kind="laboratory", valid_from=date(2023, 1, 1),
    )  # fmt: skip
    put(context, "tocsin", [account])
    chosen = tuple(context.method.indicator(code) for code in ("S01", "S05", "G01"))
    method = context.method.model_copy(update={"indicators": chosen})
    past = fold(context, method, END, reconstructed=True)
    assert publish(context, method, fold(context, method, END), past) > 0
    return context


def page(context: Context, audience: str, path: str) -> html.HtmlElement:
    return html.fromstring((context.site / audience / path).read_bytes())


@pytest.mark.parametrize("audience", ["public", "internal"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_figure_stands_with_source_date_address_and_hash(
    installation: Context, audience: str, lang: str
) -> None:
    (file,) = [f for f in installation.lake.visible() if f.table == "scores"]
    shown = page(installation, audience, f"{lang}/indicators/S05.html")
    (row,) = [r for r in shown.xpath("//div[@class='row']") if "closed-best" in r.text_content()]
    said = row.text_content()
    kind, colon = ("能力评分 · Epoch能力指数（ECI）", "：") if lang == "zh" else (
        "capability score · Epoch Capabilities Index", ": "
    )  # fmt: skip
    assert said.startswith(f"{kind} · closed-best{colon}150 · 2026-06-30 · Epoch AI")
    assert row.xpath(".//a/@href") == ["https://eci.example/board"]
    assert "2026-07-01" in said
    assert f"sha256 {file.sha256[:8]}…{file.sha256[-4:]}" in said


def test_a_first_party_release_is_named_and_hub_rows_are_counted(installation: Context) -> None:
    shown = page(installation, "public", "en/indicators/G01.html")
    rows = {r.text_content(): r.xpath(".//a/@href") for r in shown.xpath("//div[@class='row']")}
    (named,) = [said for said in rows if LISTED in said]
    assert named.startswith(
        "download counters · lab/Open-1: 5,000 downloads in 30 days · 2026-06-30 · "
    )
    assert rows[named] == [f"{HUB}{LISTED}"]
    counted = [said for said in rows if said.startswith("download counters · 4 rows · ")]
    assert counted
    assert "sha256" in counted[0]


def test_no_page_names_a_repository_without_safeguards(installation: Context) -> None:
    files = [f for f in installation.site.rglob("*") if f.is_file()]
    assert len(files) > 90
    for file in files:
        body = file.read_bytes()
        for name in (*UNNAMED, STRIPPED, "redacted/"):
            assert name.encode() not in body, (file, name)


@pytest.mark.parametrize("audience", ["public", "internal"])
def test_the_years_on_record_lie_under_the_site(installation: Context, audience: str) -> None:
    folder = installation.site / audience
    for lang in ("zh", "en"):
        listed = page(installation, audience, f"{lang}/reports/index.html").xpath("//main//a/@href")
        assert {"annual-2026.html", "annual-2026.json", "special-misuse.html"} <= set(listed)
        assert all((folder / lang / "reports" / name).is_file() for name in listed)
    data = json.loads((folder / "en/reports/annual-2026.json").read_bytes())
    assert data["year"] == 2026
    assert data["to_date"]
    began = next(t for t in data["transitions"] if t["risk"] == "misuse")
    assert "short of the 60 % gate" in began["because"]["en"]
    assert not feedparser.parse((folder / "alerts.atom").read_bytes()).bozo


def test_the_review_of_the_method_falls_due(installation: Context) -> None:
    on = installation.method.review_due
    assert on is not None
    assert f"by {on.day} {on:%B %Y}" in page(installation, "public", "en/index.html").text_content()


def test_a_record_is_told_as_it_stood(installation: Context) -> None:
    record = fold(installation, installation.method, END)
    earlier = until(record, datetime(2026, 7, 4, 12, tzinfo=UTC))
    assert earlier.last.as_of == datetime(2026, 7, 4, tzinfo=UTC)
    assert until(record, END) is record


def test_the_rows_behind_a_moment_are_read_once_in_a_fold(installation: Context) -> None:
    record = fold(installation, installation.method, END)
    first = evidence(record)
    assert evidence(until(record, END)) is first
    before = datetime(2026, 6, 1, tzinfo=UTC)
    earlier = replace(record, assessments=(replace(record.last, as_of=before),))
    assert any(first.values())
    assert not any(evidence(earlier).values())  # nothing was known yet: another moment, other rows
    assert evidence(fold(installation, installation.method, END)) is not first


def test_a_crossing_within_half_a_year_falls_due(installation: Context, assess: Assess) -> None:
    lag = installation.method.indicator("S05")
    near = Change(lag.id, "up", Level.YELLOW, 6.0, 1.0, weeks=3, weeks_low=2, weeks_high=9)
    far = replace(near, weeks=26)
    found = assess("green")
    found = replace(found, risks=(replace(found.risks[0], changes=(near, far)), *found.risks[1:]))
    (due,) = crossings(found, installation.method.by_id)
    assert due.on == date(2026, 12, 14)
    assert due.words.zh == "S05按目前速度转黄"
    assert due.words.en == "S05 turns yellow at today's pace"
    assert due.detail is not None
    assert "(in 2–9 weeks)" in due.detail.en


def test_every_level_has_its_reason(assess: Assess) -> None:
    assert because(assess("yellow").risks[0]).zh == "不少于三项黄色，且不少于两个来源"
    assert because(assess("green").risks[0]).en == "no clause holds"
    assert because(assess("unassigned").risks[0]).zh == "指标覆盖67%，未到60%的门槛"
    assert "still kept" in because(assess("red").risks[0]).en
    person = Override(Level.RED, "scan", "os:li", END)
    assert because(assess("red", override=person).risks[0]).en == "decided by a person: scan"


def test_an_earlier_vintage_of_a_history_is_kept_beside_the_present_one(
    installation: Context,
) -> None:
    record = fold(installation, installation.method, END)
    day = date(2026, 5, 31)

    def said(points: float, at: datetime) -> Assessment:
        risks = []
        for risk in record.last.risks:
            indicators = [
                replace(
                    i,
                    reading=replace(
                        i.reading,
                        value=points,
                        missing=None,
                        newest_on=date(2026, 6, 30),
                        series=((day, points),),
                    ),
                )
                if i.code == "S05"
                else i
                for i in risk.indicators
            ]
            risks.append(replace(risk, indicators=tuple(indicators)))
        return replace(record.last, as_of=at, risks=tuple(risks))  # fmt: skip

    told = (
        said(7.0, datetime(2025, 12, 20, tzinfo=UTC)), said(7.0, datetime(2026, 1, 3, tzinfo=UTC)),
        said(5.0, END),
    )  # fmt: skip
    found = vintages(replace(record, assessments=told), installation.method)
    (name,) = found
    (vintage,) = found[name]
    assert name == installation.method.indicator("S05").id
    assert vintage.known_on == date(2025, 12, 20)
    assert [(p.on, p.value) for p in vintage.points] == [(day, 7.0), (date(2026, 6, 30), 7.0)]
