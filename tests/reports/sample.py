"""A small, complete view made of hand-made readings; names, dates and figures are the tests'."""

from datetime import UTC, date, datetime, timedelta

from collectors.base import Seen, Source
from config.method import Basis, BasisKind, Case, Indicator, Reducer, Threshold, Words
from reports.build import build_assessment, source_view
from reports.chapters import (
    AnnualView,
    Comparison,
    Correction,
    CountSeries,
    DiffusionRow,
    EventView,
    MonthCount,
    QuarantineView,
    Scorecard,
    ScoredEvent,
    StanceView,
)
from reports.model import (
    AgendaItem,
    AlertView,
    AssessmentView,
    Audience,
    CaseView,
    EvidenceRow,
    HistoryPoint,
    MeasureView,
    MethodView,
    OptionView,
    PartyView,
    SignatureView,
    SourceView,
    StepView,
    TaskView,
    TransitionView,
    Vintage,
)
from reports.profile import Unnamed
from reports.site_view import DueView, SiteView
from rules.types import (
    Assessment,
    Change,
    Clause,
    IndicatorAssessment,
    Level,
    Missing,
    Reading,
    Risk,
    RiskAssessment,
    TransitionKind,
    Why,
)
from tests.reports import sample_profiles

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
THEN = datetime(2026, 8, 12, 0, 0, tzinfo=UTC)
METHOD_SHA = "c1012a95" * 8

SOURCES = (
    Source(
        "epoch", "Epoch AI", "https://epoch.ai/data", "https://epoch.ai", "CC BY 4.0", True,
        timedelta(days=1), timedelta(days=45), Seen.RECORDED, terms="Cite Epoch AI.",
    ),
    Source(
        "huggingface", "Hugging Face Hub", "https://huggingface.co/api", "https://huggingface.co",
        "terms of the hub", False, timedelta(days=1), timedelta(days=3), Seen.RECORDED,
    ),
    Source(
        "aiid", "AI Incident Database", "https://incidentdatabase.ai", "https://incidentdatabase.ai",
        "CC BY-SA 4.0", True, timedelta(days=7), timedelta(days=60), Seen.DOCUMENTED,
    ),
    Source(
        "osv", "OSV", "https://api.osv.dev", "https://osv.dev", "CC BY 4.0", True,
        timedelta(days=1), timedelta(days=4), Seen.RECALLED,
    ),
)  # fmt: skip


def spec(
    code: str,
    risk: str,
    zh: str,
    en: str,
    unit: tuple[str, str],
    yellow: float | None,
    red: float | None,
    *,
    down: bool = False,
    kind: BasisKind = BasisKind.PUBLISHED,
    sources: tuple[str, ...] = ("epoch",),
    grade: str = "A",
    decimals: int = 1,
    tripwire: bool = False,
) -> Indicator:
    """Return a method's indicator with everything a page prints."""
    basis = Basis(
        kind=kind, source="Epoch AI 2026", note=Words(zh="公开数字。", en="A published figure.")
    )
    document = {
        "id": f"{risk}.{code.lower()}",
        "code": code,
        "risk": risk,
        "name": Words(zh=zh, en=en),
        "measures": Words(zh=f"{zh}的定义。", en=f"Definition of {en.lower()}."),
        "why": Words(zh="为何要看这一项。", en="Why this one is watched."),
        "reading": Words(zh="怎样读这一项。", en="How to read it."),
        "weaknesses": Words(zh="版本重新拟合，历史会变。", en="A refit changes the past."),
        "unit": Words(zh=unit[0], en=unit[1]),
        "decimals": decimals,
        "direction": "down" if down else "up",
        "grade": grade,
        "tripwire": tripwire,
        "every_days": 1,
        "stale_after_days": 45,
        "missing_after_days": 90,
        "sources": sources,
        "yellow": None if yellow is None else Threshold(value=yellow, basis=basis),
        "red": None if red is None else Threshold(value=red, basis=basis),
        "sql": "SELECT 1 AS one",
        "reducer": Reducer(name="lag"),
        "cases": (Case(name="none", as_of=date(2026, 1, 1), given={}, expect={}),),
    }
    return Indicator.model_validate(document)


SPECS = (
    spec("S01", "misuse", "去护栏模型增速", "Safety-removed growth", ("%", "%"), 10, 30,
         kind=BasisKind.DERIVED, sources=("huggingface",)),
    spec("S05", "misuse", "开闭源能力时滞", "Open–closed lag", ("个月", "months"), 6, 3, down=True),
    spec("S06", "misuse", "危险能力触发数", "Hazardous-capability triggers", ("个", "models"), 1, 2,
         grade="C", tripwire=True, decimals=0),
    spec("S08", "misuse", "恶意使用事件异常", "Misuse-incident aberration", ("σ", "sd"), 2, 3,
         grade="B", sources=("aiid",)),
    spec("G01", "spillover", "国产模型下载份额", "Domestic download share", ("%", "%"), 40, 60,
         sources=("huggingface",)),
    spec("G04", "spillover", "开源领先幅度", "Open lead", ("ECI分", "ECI points"), 3, 8),
    spec("B03", "backdoor", "不安全序列化占比", "Unsafe serialisation", ("%", "%"), 5, 15,
         kind=BasisKind.EXPERT, sources=("huggingface",)),
    spec("B08", "backdoor", "加载链高危漏洞", "Loader-stack advisories", ("个", "advisories"), 5, 9,
         sources=("osv",), decimals=0),
)  # fmt: skip
BY_CODE = {s.code: s for s in SPECS}

LAGS = (13.4, 12.4, 11.3, 10.3, 9.3, 8.3, 7.3, 6.8, 7.8, 6.7, 5.4, 6.4, 7.4, 4.9)


def month_end(months_back: int) -> date:
    """Return the last day of a month before July 2026."""
    year, month = divmod(2026 * 12 + 6 - months_back, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return following - timedelta(days=1)


def lag_history() -> tuple[HistoryPoint, ...]:
    """Return fourteen month ends of the lag with intervals; one month is not measured."""
    points = [
        HistoryPoint(month_end(len(LAGS) - 1 - n), value, max(value - 1.5, 0), value + 2.2)
        for n, value in enumerate(LAGS)
    ]
    points[4] = HistoryPoint(points[4].on, None)
    return tuple(points)


def reading(code: str, value: float | None, at: datetime, **more: object) -> Reading:
    """Return a reading of a sample indicator; without a value a reason has to be given."""
    fields: dict[str, object] = {
        "indicator": BY_CODE[code].id,
        "as_of": at,
        "value": value,
        "missing": None,
        "rows": 222,
        "newest_on": date(2026, 8, 11),
        "sources": BY_CODE[code].sources,
        **more,
    }
    return Reading(**fields)  # type: ignore[arg-type]


def assessed(found: Reading, level: Level, **more: object) -> IndicatorAssessment:
    """Return an assessed indicator."""
    one = next(s for s in SPECS if s.id == found.indicator)
    fields: dict[str, object] = {
        "raw_level": level, "level": level, "since": date(2026, 7, 16), "weight": 1.0,
        "in_force": True, **more,
    }  # fmt: skip
    return IndicatorAssessment(id=one.id, code=one.code, reading=found, **fields)  # type: ignore[arg-type]


def gone(code: str, at: datetime, why: Why, **detail: str) -> IndicatorAssessment:
    """Return an indicator without a value."""
    found = reading(code, None, at, missing=Missing(why, detail), rows=0, newest_on=None)
    return assessed(found, Level.UNASSIGNED, since=None)


def clauses(yellow: bool, red: bool, ids: tuple[str, ...]) -> tuple[Clause, ...]:
    """Return three clauses, with whether they hold."""
    return (
        Clause("yellow.red_one", Level.YELLOW, yellow,
               {"zh": "任一A级或B级指标为红", "en": "One A or B indicator is red"}, ids),
        Clause("red.two", Level.RED, red,
               {"zh": "两项红色，且来源独立", "en": "Two reds from independent sources"}, ids),
        Clause("red.tripwire", Level.RED, False,
               {"zh": "触发项经两人确认", "en": "A tripwire confirmed by two people"}),
    )  # fmt: skip


def _risk(
    risk: Risk, level: Level, coverage: float, indicators: tuple[IndicatorAssessment, ...],
    *, since: date | None, changes: tuple[Change, ...] = (), named: tuple[str, ...] = (),
) -> RiskAssessment:  # fmt: skip
    return RiskAssessment(
        risk=risk, model_level=level, level=level, since=since, coverage=coverage,
        coverage_gate=0.6, coverage_lost_since=None, watch_until=None, release_due=False,
        clauses=clauses(level is Level.YELLOW, level is Level.RED, named), indicators=indicators,
        changes=changes, started_on=date(2026, 1, 5),
    )  # fmt: skip


def reconstructed() -> Assessment:
    """Return the assessment at the cut-off: misuse yellow, spillover red, backdoor unassigned."""
    at = THEN
    misuse = (
        assessed(reading("S01", 12.5, at, coverage=0.97), Level.YELLOW),
        assessed(
            reading("S05", 5.2, at, low=3.6, high=8.0, coverage=0.89,
                    companions={"tolerance_2": 3.25, "judged": 6.2}),
            Level.YELLOW,
        ),
        gone("S06", at, Why.NOT_ATTESTED),
        gone("S08", at, Why.STALE, newest_on="2025-10-31"),
    )  # fmt: skip
    spillover = (
        assessed(reading("G01", 63.1, at, coverage=0.8), Level.RED),
        assessed(reading("G04", 7.5, at), Level.RED, note="in_band", raw_level=Level.YELLOW),
    )
    backdoor = (gone("B03", at, Why.NO_DATA), assessed(reading("B08", 2, at), Level.GREEN))
    change = Change("misuse.s05", "up", Level.RED, 3.0, 2.2, 9.4, 6.0, 15.0)
    down = Change("misuse.s05", "down", Level.GREEN, 6.6, 1.4, 5.9)
    return Assessment(
        at, "2026", METHOD_SHA, "CN", True,
        (
            _risk(Risk.MISUSE, Level.YELLOW, 0.67, misuse, since=date(2026, 7, 31),
                  changes=(change, down), named=("misuse.s05",)),
            _risk(Risk.SPILLOVER, Level.RED, 0.9, spillover, since=date(2026, 6, 12),
                  named=("spillover.g01", "spillover.g04")),
            _risk(Risk.BACKDOOR, Level.UNASSIGNED, 0.4, backdoor, since=None),
        ),
    )  # fmt: skip


def today() -> Assessment:
    """Return today's assessment on a fresh machine: all unassigned but for one advisory count."""
    at = NOW
    misuse = tuple(gone(c, at, Why.NO_DATA) for c in ("S01", "S05", "S06", "S08"))
    spillover = (gone("G01", at, Why.SOURCE_OFF), gone("G04", at, Why.TOO_SHORT))
    backdoor = (
        gone("B03", at, Why.QUARANTINED),
        assessed(reading("B08", 3, at, newest_on=date(2026, 11, 22)), Level.GREEN),
    )
    return Assessment(
        at, "2026", METHOD_SHA, "CN", False,
        (
            _risk(Risk.MISUSE, Level.UNASSIGNED, 0.0, misuse, since=None),
            _risk(Risk.SPILLOVER, Level.UNASSIGNED, 0.0, spillover, since=None),
            _risk(Risk.BACKDOOR, Level.UNASSIGNED, 0.5, backdoor, since=None),
        ),
    )  # fmt: skip


def sources() -> tuple[SourceView, ...]:
    """Return four sources: good, held, stale, failed."""
    epoch, hub, aiid, osv = SOURCES
    return (
        source_view(epoch, NOW, last_ok_at=datetime(2026, 11, 23, 5, 33, tzinfo=UTC),
                    last_try_at=NOW, newest_on=date(2026, 8, 11), rows=222, baseline_rows=450,
                    baseline_until=date(2026, 8, 11), indicators=SPECS),
        source_view(hub, NOW, last_ok_at=datetime(2026, 11, 22, tzinfo=UTC), rows=3872,
                    newest_on=date(2026, 8, 2), quarantined=1, indicators=SPECS),
        source_view(aiid, NOW, last_ok_at=datetime(2026, 2, 17, tzinfo=UTC), rows=1367,
                    newest_on=date(2026, 2, 17), indicators=SPECS),
        source_view(osv, NOW, last_try_at=NOW, error="api.osv.dev: timed out", indicators=SPECS),
    )  # fmt: skip


EVIDENCE = {
    "misuse.s05": (
        EvidenceRow("Kimi K3", "Epoch AI", "https://epoch.ai/data/eci_scores.csv", "scores", "eci",
                    value=157.01, on=date(2026, 8, 11), sha256="ab12" * 16,
                    fetched_at=datetime(2026, 11, 23, 5, 33, tzinfo=UTC),
                    known_on=date(2026, 8, 11)),
        EvidenceRow("Guardrails fall again", "AI Incident Database", "https://incidentdatabase.ai",
                    "incidents", "1201", on=date(2026, 7, 2)),
        EvidenceRow("eci_lag_headline", "Epoch AI", "https://epoch.ai", "figures",
                    "eci_lag_headline", value=4.0, unit="months", on=date(2026, 5, 29),
                    title=Words(zh="Epoch公布的开闭源时间差距", en="Lag as published by Epoch AI")),
    )
}  # fmt: skip
LEVELS = {
    Risk.MISUSE: ((date(2026, 1, 5), Level.UNASSIGNED), (date(2026, 2, 1), Level.GREEN),
                  (date(2026, 7, 31), Level.YELLOW)),
    Risk.SPILLOVER: ((date(2026, 1, 5), Level.GREEN), (date(2026, 3, 31), Level.YELLOW),
                     (date(2026, 6, 12), Level.RED)),
    Risk.BACKDOOR: ((date(2026, 1, 5), Level.UNASSIGNED),),
}  # fmt: skip
MEASURES = {
    r: (
        MeasureView(Level.YELLOW, Words(zh="加密监测，召集会商。", en="Watch daily; convene.")),
        MeasureView(Level.RED, Words(zh="上报，启动专项评估。", en="Report; assess at once.")),
    )
    for r in Risk
}


def transition(kind: TransitionKind = TransitionKind.RISE) -> TransitionView:
    """Return the rise of misuse to yellow."""
    return TransitionView(
        Risk.MISUSE, kind, Level.GREEN, Level.YELLOW, datetime(2026, 7, 31, tzinfo=UTC),
        Words(zh="S05连续两次低于6个月", en="S05 under 6 months twice in a row"),
        alert="a-2026-3", reconstructed=True,
    )  # fmt: skip


def then_view() -> AssessmentView:
    """Return the reconstructed assessment, ready to be shown."""
    older = Vintage(date(2025, 12, 19), tuple(
        HistoryPoint(p.on, None if p.value is None else p.value + 0.8) for p in lag_history()[:6]
    ))  # fmt: skip
    return build_assessment(
        reconstructed(), SPECS, sources=sources(), histories={"misuse.s05": lag_history()},
        evidence=EVIDENCE, vintages={"misuse.s05": (older,)}, levels=LEVELS,
        transitions=(transition(),), measures=MEASURES, beside=today(),
    )  # fmt: skip


def now_view() -> AssessmentView:
    """Return today's assessment, ready to be shown."""
    begun = {r: ((date(2026, 11, 23), Level.UNASSIGNED),) for r in Risk}
    return build_assessment(
        today(), SPECS, sources=sources(), levels=begun, measures=MEASURES, beside=reconstructed()
    )


METHOD = MethodView("2026", METHOD_SHA, date(2026, 10, 1), date(2028, 10, 1), "2026: first version")


def case() -> CaseView:
    """Return an open response with a pack and one dissent."""
    start = datetime(2026, 7, 31, 22, 2, tzinfo=UTC)
    return CaseView(
        "c-1",
        steps=(
            StepView("opened", done_at=start),
            StepView("acknowledge", start + timedelta(hours=24), who="duty", hours=24),
            StepView("convene", start + timedelta(hours=72), hours=72),
            StepView("plan", start + timedelta(days=10), hours=240),
        ),
        agenda=(
            AgendaItem(0, 15, Words(zh="级别与依据", en="Level and evidence"),
                       Words(zh="是否维持", en="Keep or not"), Words(zh="评估中心", en="Centre")),
            AgendaItem(15, 90, Words(zh="处置选项", en="Options"),
                       Words(zh="选定一项", en="One is chosen"), Words(zh="召集人", en="Chair")),
        ),
        options=(
            OptionView(Words(zh="加密监测", en="Watch daily"),
                       Words(zh="S05改为每日评估。", en="S05 is evaluated daily."),
                       Words(zh="约2人日。", en="About two days of work.")),
        ),
        parties=(
            PartyView(Words(zh="政府", en="Government"), Words(zh="主管部门一席", en="One seat"),
                      Words(zh="已核实事件", en="Verified incidents")),
        ),
        tasks=(
            TaskView(Words(zh="补录评测结果", en="Enter evaluations"),
                     Words(zh="评测机构", en="Evaluator"), date(2026, 9, 11)),
        ),
        signatures=(
            SignatureView("Industry", False, start + timedelta(days=4), "One A indicator is thin."),
        ),
    )  # fmt: skip


def alert(exercise: bool = False) -> AlertView:
    """Return the alert on the rise of misuse."""
    view = then_view()
    return AlertView(
        id="a-2026-3", year=2026, number=3, transition=transition(),
        risk=view.risks[0], created_at=datetime(2026, 7, 31, 22, 2, tzinfo=UTC), method="2026",
        method_sha256=METHOD_SHA, home="CN", case=case(), exercise=exercise, reconstructed=True,
        sources=sources(),
    )  # fmt: skip


def site(audience: Audience = Audience.PUBLIC) -> SiteView:
    """Return the whole site of a fresh machine with one alert on record."""
    return SiteView(
        now=now_view(), reconstructed=then_view(), method=METHOD, sources=sources(),
        alerts=(alert(),), transitions=(transition(),),
        due=(DueView(date(2026, 11, 30), Words(zh="补录评测结果", en="Enter evaluations")),),
        pendulum=stances(), diffusion=diffusion(),
        families=(sample_profiles.family(),), publishers=(sample_profiles.publisher(),),
        unnamed=Unnamed(406, 1817, 4_677_197),
        family_figures=sample_profiles.family_figures(),
        quarantines=(QuarantineView("huggingface", date(2026, 11, 22), "counters fell", 3872,
                                    "held"),),
        annuals=(2025, 2026), outbox={"sent": 3, "dead": 0}, audience=audience, version="0.1.0",
    )  # fmt: skip


def stances() -> tuple[StanceView, ...]:
    """Return three jurisdictions, one of them with a computed practice."""
    incentive = Words(zh="激励", en="incentive")
    return (
        StanceView("US", Words(zh="美国", en="United States"), 0.64, None, incentive, (0, 3, 4),
                   (0, 0, 2), date(2026, 8, 12), 0.84, coded_by_hand=True),
        StanceView("EU", Words(zh="欧盟", en="European Union"), 0.75, -0.40, incentive, (2, 4, 2),
                   (0, 2, 1), date(2026, 8, 12), 0.9),
        StanceView("CN", Words(zh="中国", en="China"), 0.71, None, incentive, (2, 4, 3),
                   (0, 2, 1), date(2025, 11, 1), 0.88),
    )  # fmt: skip


def diffusion() -> tuple[DiffusionRow, ...]:
    """Return four models: high by compute, medium by lag, low, unknown."""
    return (
        DiffusionRow("Llama 3.1-405B", "Meta", date(2024, 7, 23), "high", None, 20.0, 25.58,
                     ("C ≥ 10²⁵",)),
        DiffusionRow("Kimi K3", "Moonshot", date(2026, 7, 16), "medium", None, 5.2, None,
                     ("L ≤ 12",), floor=True),
        DiffusionRow("Phi-4", "Microsoft", date(2024, 12, 12), "low", 0.2, 21.0, 23.0),
        DiffusionRow("MiniMax-M3", "MiniMax", date(2026, 3, 1), "unknown", None, 12.1, None),
    )  # fmt: skip


def annual() -> AnnualView:
    """Return the report of 2026 to date, with every chapter filled."""
    months = tuple(MonthCount(date(2026, m, 1), (10 - m, m)) for m in range(1, 9))
    return AnnualView(
        year=2026, assessment=then_view(), method=METHOD, sources=sources(), to_date=True,
        transitions=(transition(),), alerts=(alert(),),
        comparisons=(
            Comparison("lag", Words(zh="个月", en="months"),
                       {"CN": tuple(HistoryPoint(month_end(n), 5.0 + n) for n in range(6, -1, -1)),
                        "US": tuple(HistoryPoint(month_end(n), 11.0 + n) for n in (4, 2, 0))},
                       "Epoch AI", "CC BY 4.0", date(2026, 8, 11),
                       Words(zh="222个模型", en="222 models")),
            Comparison("releases", Words(zh="个", en="models"),
                       {"CN": (HistoryPoint(date(2026, 8, 1), 41),),
                        "US": (HistoryPoint(date(2026, 8, 1), 35),)},
                       "Epoch AI", "CC BY 4.0", date(2026, 8, 11),
                       Words(zh="已收录的模型", en="models on record")),
        ),
        pendulum=stances(), diffusion=diffusion(), families=sample_profiles.family_figures(),
        events=(
            EventView(date(2026, 6, 12), "policy",
                      Words(zh="美国首次对模型权重出口要求许可",
                            en="US requires an export licence for weights"),
                      "Federal Register", "https://www.federalregister.gov/"),
            EventView(date(2026, 5, 25), "incident",
                      Words(zh="去护栏报道", en="Guardrail-removal reports"), "press",
                      verified=False),
        ),
        counts=(
            CountSeries("incidents", (Words(zh="恶意使用", en="malicious use"),
                                      Words(zh="其他", en="other")), months,
                        "AI Incident Database", "CC BY-SA 4.0", date(2026, 2, 17)),
        ),
        scorecard=Scorecard(
            date(2026, 1, 5), date(2026, 8, 12),
            (ScoredEvent(date(2026, 5, 25), Words(zh="去护栏报道", en="Guardrail removal"),
                         Risk.MISUSE, "missed"),
             ScoredEvent(date(2026, 6, 12), Words(zh="权重出口许可", en="Weight export licence"),
                         Risk.SPILLOVER, "caught", 73)),
            1, 3, 61,
        ),
        quarantines=(QuarantineView("huggingface", date(2026, 8, 3), "counters fell", 4000,
                                    "held"),),
        corrections=(Correction(date(2026, 8, 1), Words(zh="更正一处日期", en="A date")),),
        version="0.1.0",
    )  # fmt: skip
