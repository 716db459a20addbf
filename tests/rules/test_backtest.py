"""Each event by itself: hit, missed, blind; alarms that came to nothing; small numbers in words."""

from datetime import date, timedelta

import pytest

from rules.backtest import Event, Verdict, interval, reversals, score, smallness
from rules.types import Level

START = date(2024, 1, 1)
LEVELS = {"g": Level.GREEN, "y": Level.YELLOW, "r": Level.RED, "u": Level.UNASSIGNED}


def track(text: str) -> list[tuple[date, Level]]:
    """Return a level a day: `gggyy` from START."""
    return [(START + timedelta(i), LEVELS[c]) for i, c in enumerate(text)]


def event(day: int, left_out: str = "") -> Event:
    return Event(f"E{day}", START + timedelta(day), "something", left_out)


def test_hit_missed_blind_before_record_and_left_out() -> None:
    found = score(
        track("u" * 10 + "g" * 10 + "yyy" + "g" * 27),
        [event(5), event(12), event(20), event(26), event(40), event(41, "training")],
        10,
    )
    assert [e.verdict for e in found.events] == [
        Verdict.BEFORE_RECORD, Verdict.MISSED, Verdict.MISSED, Verdict.HIT, Verdict.MISSED,
        Verdict.LEFT_OUT,
    ]  # fmt: skip
    assert found.events[3].lead_days == 6
    assert found.judged == 4
    blind = score(track("u" * 30), [event(20)], 10)
    assert blind.events[0].verdict is Verdict.BLIND
    assert blind.judged == 0


def test_a_warning_on_the_day_of_the_event_is_too_late() -> None:
    found = score(track("g" * 10 + "y" * 10), [event(10)], 5)
    assert found.events[0].verdict is Verdict.MISSED


def test_red_is_scored_apart_from_yellow() -> None:
    days = track("g" * 10 + "y" * 5 + "g" * 10)
    assert score(days, [event(16)], 5).events[0].verdict is Verdict.HIT
    red = score(days, [event(16)], 5, at_least=Level.RED)
    assert red.events[0].verdict is Verdict.MISSED


def test_alarms_true_false_open() -> None:
    days = track("gyyg" + "g" * 20 + "yy" + "g" * 20 + "y")
    found = score(days, [event(5)], 10)
    assert [a.verdict for a in found.alarms] == ["true", "false", "open"]
    assert found.false_alarms_a_year == pytest.approx(365.25 / 47, abs=1e-3)
    assert score(track("ggg"), [], 10).false_alarms_a_year is None


def test_reversals_are_changes_undone_in_time_and_unassigned_is_no_change() -> None:
    assert reversals(track("ggyyggyy"), 56) == 2
    assert reversals(track("gg" + "u" * 5 + "gg"), 56) == 0
    assert reversals(track("gyyyyyyg"), 5) == 0
    assert reversals(track("gyr"), 56) == 0


def test_lead_is_the_median_of_the_hits() -> None:
    days = track("g" * 20 + "y" + "g" * 30 + "y" + "g" * 30)
    found = score(days, [event(22), event(61)], 14)
    assert [e.lead_days for e in found.events] == [2, 10]
    assert found.median_lead_weeks == round(6 / 7, 1)


def test_intervals_are_the_published_ones() -> None:
    # 1 of 2: Clopper–Pearson 1.3 %–98.7 %, Wilson 9.5 %–90.5 %
    assert interval(1, 2) == pytest.approx((0.012579, 0.987421), abs=1e-6)
    assert interval(1, 2, "wilson") == pytest.approx((0.094531, 0.905469), abs=1e-6)
    assert interval(0, 0) == (0.0, 1.0)


def test_smallness_is_said_in_words() -> None:
    found = smallness(2, 1)
    assert found["zh"].startswith("可评事件2件，报出1件，漏报1件；")
    assert "1%–99%" in found["en"]
    assert "one by one" in found["en"]
    assert "one by one" not in smallness(40, 30)["en"]
    assert "says nothing" in smallness(0, 0)["en"]
