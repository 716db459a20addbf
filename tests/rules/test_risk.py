"""A risk's level: composition, coverage, groups, tripwires, release, watch, override."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.documents import read_document
from config.errors import ConfigError
from config.levels import Levels, check_levels, parse_levels
from config.method import FOLDER, Indicator, load_method
from rules.clauses import independent
from rules.risk import assess, coverage, weights
from rules.types import (
    SEVERITY,
    Act,
    ActKind,
    IndicatorAssessment,
    Level,
    Reading,
    Risk,
    RiskAssessment,
    RiskState,
)

MakeIndicator = Callable[..., Indicator]
MakeReading = Callable[..., Reading]

START = date(2026, 1, 1)
G, Y, R, U = Level.GREEN, Level.YELLOW, Level.RED, Level.UNASSIGNED


@pytest.fixture(scope="session")
def rules() -> Levels:
    """Return the levels of the method that ships."""
    file = Path(FOLDER / "2026" / "levels.yaml")
    return parse_levels(read_document(file, file.read_text("utf-8")), file)


class Bench:
    """One risk's indicators, judged by hand day by day."""

    def __init__(self, rules: Levels, indicators: Sequence[Indicator], read: MakeReading) -> None:
        self.rules, self.read = rules, read
        self.method = {i.id: i for i in indicators}
        self.state, self.previous = RiskState(), None
        self.risk = Risk(indicators[0].risk)
        self.weights = weights(rules, indicators, frozenset(self.method))

    previous: datetime | None

    def on(
        self, day: int, levels: Mapping[str, Level], acts: Sequence[Act] = (), unseen: str = ""
    ) -> RiskAssessment:
        """Return the assessment of a day on which the codes have these levels (else green)."""
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(day)
        assessed = [
            IndicatorAssessment(
                id=i.id,
                code=i.code,
                reading=self.read(moment.date(), None if i.code in unseen.split() else 1.0),
                raw_level=levels.get(i.code, G),
                level=levels.get(i.code, G),
                since=START,
                weight=self.weights[i.id],
                in_force=True,
            )
            for i in self.method.values()
        ]
        self.state, found = assess(
            self.risk, self.state, self.rules, self.method, assessed, acts, moment, self.previous
        )
        self.previous = moment
        return found


@pytest.fixture
def misuse(rules: Levels, make_indicator: MakeIndicator, make_reading: MakeReading) -> Bench:
    """Return four A indicators; S01 and S02 share a source; S06 is a C tripwire."""
    indicators = [
        make_indicator("S01", sources=["hub"]),
        make_indicator("S02", sources=["hub"]),
        make_indicator("S05", sources=["board"]),
        make_indicator("S08", grade="B", sources=["incidents"]),
        make_indicator("S06", grade="C", tripwire=True, sources=["evidence"]),
    ]
    return Bench(rules, indicators, make_reading)


def holding(found: RiskAssessment) -> set[str]:
    return {c.id for c in found.clauses if c.holds}


def test_all_green_is_green_and_every_clause_is_printed(misuse: Bench) -> None:
    found = misuse.on(0, {})
    assert (found.level, found.model_level, found.coverage) == (G, G, 1.0)
    assert [c.id for c in found.clauses] == [c.id for c in misuse.rules.clauses]
    assert found.clauses[0].because["zh"].startswith("至少2项")
    assert "now 0 (none)" in found.clauses[0].because["en"]


def test_one_red_is_yellow_two_reds_of_one_source_too_two_independent_are_red(
    misuse: Bench,
) -> None:
    assert misuse.on(0, {"S01": R}).level is Y
    same_source = misuse.on(1, {"S01": R, "S02": R})
    assert same_source.level is Y
    assert "2 (S01 S01, S02 S02), 1 of them independent" in same_source.clauses[0].because["en"]
    found = misuse.on(2, {"S01": R, "S05": R})
    assert found.level is R
    assert found.since == START + timedelta(2)
    assert found.clauses[0].indicators == ("misuse.s01", "misuse.s05")


def test_three_yellows_of_two_sources(misuse: Bench) -> None:
    assert misuse.on(0, {"S01": Y, "S02": Y}).level is G
    assert misuse.on(1, {"S01": Y, "S02": Y, "S05": Y}).level is Y


def test_three_yellows_of_one_source_are_not_enough(
    rules: Levels, make_indicator: MakeIndicator, make_reading: MakeReading
) -> None:
    indicators = [make_indicator(c, sources=["hub"]) for c in ("S01", "S02", "S03")]
    bench = Bench(rules, indicators, make_reading)
    assert bench.on(0, {"S01": Y, "S02": Y, "S03": Y}).level is G


def test_grade_c_makes_red_only_as_a_tripwire_with_four_eyes(
    rules: Levels, make_indicator: MakeIndicator, make_reading: MakeReading
) -> None:
    others = [make_indicator(c) for c in ("S01", "S02", "S05")]
    tripwire = make_indicator("S06", grade="C", tripwire=True)
    plain = make_indicator("S06", grade="C")
    red = {"S06": R}
    # a value of grade C stands inside a review that a second person attested
    attested = Bench(rules, [*others, tripwire], make_reading).on(0, red)
    assert (attested.level, holding(attested)) == (R, {"red_tripwire"})
    # red held from before, but no attested review now
    assert Bench(rules, [*others, tripwire], make_reading).on(0, red, unseen="S06").level is G
    # no tripwire: grade C alone makes neither red nor yellow
    assert Bench(rules, [*others, plain], make_reading).on(0, red).level is G


def test_a_tripwire_read_by_machine_needs_two_people(
    rules: Levels, make_indicator: MakeIndicator, make_reading: MakeReading
) -> None:
    indicators = [make_indicator(c) for c in ("B01", "B02", "B03")]
    indicators.append(make_indicator("B07", grade="B", tripwire=True))
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    for second, level in ((None, Y), ("li", Y), ("zhang", R)):
        act = Act(ActKind.CONFIRM, moment, "li", indicator="backdoor.b07", second=second)
        bench = Bench(rules, indicators, make_reading)
        assert bench.on(1, {"B07": R}, [act]).level is level
    act = Act(ActKind.CONFIRM, moment, "li", indicator="backdoor.b07", second="zhang")
    back = Act(ActKind.RETRACT, moment + timedelta(1), "li", indicator="backdoor.b07")
    assert Bench(rules, indicators, make_reading).on(2, {"B07": R}, [act, back]).level is Y


def test_a_confirmed_tripwire_does_not_wait_for_coverage(misuse: Bench) -> None:
    assert misuse.on(0, {"S06": R}, unseen="S01 S02 S05 S08").level is R


def test_adoption_needs_a_second_group_and_votes_once(
    rules: Levels, make_indicator: MakeIndicator, make_reading: MakeReading
) -> None:
    adoption = [make_indicator(c, group="adoption", sources=[c]) for c in ("G01", "G02", "G11")]
    others = [make_indicator(c, sources=[c]) for c in ("G04", "G07")]
    bench = Bench(rules, [*adoption, *others], make_reading)
    assert bench.on(0, {"G01": R, "G02": R, "G11": R}).level is G
    second = bench.on(1, {"G01": R, "G04": Y})
    assert second.level is Y
    both = bench.on(2, {"G01": R, "G02": R, "G04": R})
    assert both.level is R  # the group and G04: two votes
    assert "now 2 (G01 G01 + G02 G02, G04 G04)" in both.clauses[0].because["en"]


def test_weights_by_grade_group_tripwire_and_force(
    rules: Levels, make_indicator: MakeIndicator
) -> None:
    indicators = [
        make_indicator("B01"),
        make_indicator("B03", group="load_path"),
        make_indicator("B04", group="load_path", grade="B"),
        make_indicator("B05", group="load_path"),
        make_indicator("B06", colourless=True),
        make_indicator("B11", grade="C", tripwire=True),
        make_indicator("B12", grade="C"),
    ]
    everything = frozenset(i.id for i in indicators)
    found = weights(rules, indicators, everything - {"backdoor.b05"})
    assert found == {
        "backdoor.b01": 1.0, "backdoor.b03": 0.5, "backdoor.b04": 0.5, "backdoor.b05": 0.0,
        "backdoor.b06": 0.0, "backdoor.b11": 0.7, "backdoor.b12": 0.0,
    }  # fmt: skip
    assert sum(weights(rules, indicators, everything).values()) == pytest.approx(2.7, abs=1e-5)


def test_green_becomes_unassigned_and_a_colour_is_held_when_coverage_falls(misuse: Bench) -> None:
    assert misuse.on(0, {}).level is G
    lost = misuse.on(1, {"S01": U, "S02": U}, unseen="S01 S02")
    assert lost.coverage == pytest.approx(2.4 / 4.4, abs=1e-6)
    assert (lost.level, lost.coverage_lost_since) == (U, date(2026, 1, 2))
    assert misuse.on(2, {"S01": R}).level is Y
    held = misuse.on(3, {"S01": U, "S02": U}, unseen="S01 S02")
    assert (held.level, held.coverage_lost_since) == (Y, date(2026, 1, 4))
    back = misuse.on(4, {})
    assert (back.level, back.coverage_lost_since) == (G, None)


def test_half_a_picture_creates_no_colour_but_may_raise_one_that_is_held(misuse: Bench) -> None:
    assert misuse.on(0, {"S05": R, "S08": R}, unseen="S01 S02").level is U
    assert misuse.on(1, {"S05": R}).level is Y
    assert misuse.on(2, {"S05": R, "S08": R}, unseen="S01 S02").level is R


def test_exactly_at_the_gate_is_enough(
    rules: Levels, make_indicator: MakeIndicator, make_reading: MakeReading
) -> None:
    bench = Bench(rules, [make_indicator(f"S0{i}") for i in range(1, 6)], make_reading)
    assert bench.on(0, {}, unseen="S01 S02").level is G
    assert bench.on(1, {}, unseen="S01 S02 S03").level is U


def test_a_blind_spot_takes_weight_from_what_it_hides(
    rules: Levels, make_indicator: MakeIndicator, make_reading: MakeReading
) -> None:
    spot = rules.blind_spots[0]
    scan = make_indicator("B05", id=spot.of[0])
    blind = make_indicator("B06", id=spot.by, colourless=True)
    day = START
    assessed = [
        IndicatorAssessment(
            i.id, i.code, make_reading(day, value), G, G, day, weight, True
        )
        for i, value, weight in ((scan, 0.5, 1.0), (blind, 40.0, 0.0))
    ]  # fmt: skip
    assert coverage(rules, assessed) == (0.6, 1.0)


def _release(day: int) -> Act:
    moment = datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(day)
    return Act(ActKind.RELEASE, moment, "wang", risk=Risk.MISUSE)


def test_red_is_left_only_by_rule_and_release_then_watched(misuse: Bench) -> None:
    both = {"S01": R, "S05": R}
    assert misuse.on(0, both).level is R
    early = [_release(0)]
    assert misuse.on(1, both, early).level is R  # the rule does not allow it: no release
    due = misuse.on(2, {}, early)
    assert (due.level, due.release_due) == (R, True)
    assert misuse.on(3, {}, early).level is R  # an old release is spent
    acts = [*early, _release(3)]
    released = misuse.on(4, {}, acts)
    assert (released.level, released.release_due) == (Y, False)
    assert released.watch_until == date(2026, 1, 5) + timedelta(28)
    assert misuse.on(31, {}, acts).level is Y
    assert misuse.on(32, {}, acts).level is G


def test_red_again_during_the_watch_rises_at_once(misuse: Bench) -> None:
    both = {"S01": R, "S05": R}
    misuse.on(0, both)
    misuse.on(1, {})
    assert misuse.on(2, {}, [_release(1)]).level is Y
    again = misuse.on(3, both, [_release(1)])
    assert (again.level, again.watch_until) == (R, None)


def test_release_due_is_withdrawn_when_the_rule_turns_red_again(misuse: Bench) -> None:
    both = {"S01": R, "S05": R}
    misuse.on(0, both)
    assert misuse.on(1, {}).release_due
    assert not misuse.on(2, both).release_due


def test_an_override_stands_beside_the_model_until_it_expires(misuse: Bench) -> None:
    moment = datetime(2026, 1, 1, 12, tzinfo=UTC)
    act = Act(
        ActKind.OVERRIDE, moment, "wang", risk=Risk.MISUSE, level=Y,
        until=moment + timedelta(10), reason="unpublished report",
    )  # fmt: skip
    assert misuse.on(0, {}, [act]).override is None
    found = misuse.on(1, {}, [act])
    assert (found.level, found.model_level, found.since) == (Y, G, START)
    assert found.override is not None
    assert found.override.reason == "unpublished report"
    revoked = Act(ActKind.REVOKE_OVERRIDE, moment + timedelta(2), "wang", risk=Risk.MISUSE)
    assert misuse.on(3, {}, [act, revoked]).level is G
    assert misuse.on(11, {}, [act]).level is G


def test_independence_is_pairwise() -> None:
    a, b, ab = frozenset("a"), frozenset("b"), frozenset("ab")
    assert [independent(s) for s in ([], [a], [a, a], [a, ab], [a, b], [ab, a, b])] == [
        0, 1, 1, 1, 2, 2,
    ]  # fmt: skip


def test_levels_refuse_unknown_groups_and_keys(
    rules: Levels, make_indicator: MakeIndicator
) -> None:
    with pytest.raises(ConfigError, match="a group nowhere"):
        check_levels(rules, [make_indicator("S01", group="nowhere")])
    with pytest.raises(ConfigError, match=r"levels\.yaml: clauses: expected Field required"):
        parse_levels({k: v for k, v in rules.model_dump(by_alias=True).items() if k != "clauses"})
    with pytest.raises(ConfigError, match="hold: expected no such key"):
        parse_levels({**rules.model_dump(by_alias=True), "hold": 3})


colours = st.sampled_from([G, Y, R])
CODES = ("S01", "S02", "S05", "S08")


@given(
    base=st.tuples(colours, colours, colours, colours),
    lift=st.tuples(colours, colours, colours, colours),
)
def test_monotone_in_the_indicators_levels(
    rules: Levels,
    make_indicator: MakeIndicator,
    make_reading: MakeReading,
    base: tuple[Level, ...],
    lift: tuple[Level, ...],
) -> None:
    worse = [max(a, b, key=SEVERITY.__getitem__) for a, b in zip(base, lift, strict=True)]
    found = []
    for levels in (base, worse):
        bench = Bench(rules, [make_indicator(c) for c in CODES], make_reading)
        found.append(bench.on(0, dict(zip(CODES, levels, strict=True))).level)
    assert SEVERITY[found[0]] <= SEVERITY[found[1]]


@given(
    days=st.lists(
        st.tuples(st.tuples(colours, colours, colours, colours), st.sets(st.sampled_from(CODES))),
        max_size=20,
    )
)
def test_missing_never_improves_a_risk(
    rules: Levels,
    make_indicator: MakeIndicator,
    make_reading: MakeReading,
    days: list[tuple[tuple[Level, ...], set[str]]],
) -> None:
    """A day without coverage never lowers a colour, and never ends in green."""
    bench = Bench(rules, [make_indicator(c) for c in CODES], make_reading)
    before = U
    for day, (levels, hidden) in enumerate(days):
        found = bench.on(day, dict(zip(CODES, levels, strict=True)), unseen=" ".join(hidden))
        if found.coverage < found.coverage_gate:
            assert found.level is not G
            if before in (Y, R):
                assert SEVERITY[found.level] >= SEVERITY[before]
        if before is R:
            assert found.level is R  # nobody released it
        before = found.level


def test_the_levels_that_ship_name_only_what_there_is(rules: Levels) -> None:
    check_levels(rules, load_method("2026").indicators)
