"""When things run: rhythms, what is due after a pause, what nothing makes up for."""

from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from hypothesis import given
from hypothesis import strategies as st

from config.errors import ConfigError
from monitor.schedule import due, missed, rhythm, spread

NOW = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)


def test_a_restart_does_not_begin_an_interval_anew() -> None:
    weekly = rhythm(None, WEEK, "sources.atlas.schedule")
    assert due(weekly, NOW - 6 * DAY, NOW) == NOW + DAY


def test_the_operators_own_rhythm_decides_what_is_overdue() -> None:
    weekly = rhythm("1w", DAY, "sources.epoch.schedule")
    hourly = rhythm("1h", DAY, "sources.epoch.schedule")
    assert due(weekly, NOW - 2 * DAY, NOW) == NOW + 5 * DAY
    assert due(hourly, NOW - 2 * HOUR, NOW) == NOW
    assert due(hourly, NOW - HOUR / 2, NOW) == NOW + HOUR / 2


@pytest.mark.parametrize("ago", [HOUR, HOUR + timedelta(seconds=1), 30 * DAY])
def test_what_is_due_now_or_was_before_runs_now(ago: timedelta) -> None:
    assert due(rhythm("1h", DAY, "k"), NOW - ago, NOW) == NOW


def test_what_never_ran_runs_now() -> None:
    assert due(rhythm("30 2 * * *", DAY, "k"), None, NOW) == NOW


def test_cron_is_read_in_its_zone() -> None:
    last = datetime(2026, 11, 28, 0, 0, tzinfo=UTC)
    at_two = datetime(2026, 11, 28, 18, 30, tzinfo=UTC)  # 02:30 in China the day after
    own = rhythm("30 2 * * * Asia/Shanghai", DAY, "k")
    of_all = rhythm("30 2 * * *", DAY, "k", "Asia/Shanghai")
    assert due(own, last, NOW) == due(of_all, last, NOW) == at_two
    assert due(rhythm("30 2 * * *", DAY, "k"), last, last) == last + timedelta(hours=2.5)


def test_a_cron_run_of_last_night_that_was_slept_through_is_due() -> None:
    nightly = rhythm("40 19 * * *", DAY, "daemon.house")
    assert due(nightly, NOW - 2 * DAY, NOW) == NOW
    assert due(nightly, NOW - timedelta(hours=16), NOW) == NOW + timedelta(hours=7, minutes=40)


@pytest.mark.parametrize(
    ("text", "ago", "expected"),
    [
        ("1h", HOUR / 2, 0),
        ("1h", HOUR, 0),  # one is due, and is run
        ("1h", 2 * HOUR, 1),
        ("1h", 5 * HOUR + HOUR / 2, 4),
        ("0 * * * *", 5 * HOUR, 4),
        ("1w", 6 * DAY, 0),
    ],
)
def test_missed_are_the_runs_that_nothing_makes_up_for(
    text: str, ago: timedelta, expected: int
) -> None:
    assert missed(rhythm(text, DAY, "k"), NOW - ago, NOW) == expected


def test_who_never_ran_missed_nothing() -> None:
    assert missed(rhythm("1h", DAY, "k"), None, NOW) == 0


@pytest.mark.parametrize("text", ["often", "61 * * * *", "0h", "* * * *", "5 * * * * Asia/Nowhere"])
def test_what_is_no_time_is_refused_by_its_key(text: str) -> None:
    with pytest.raises(ConfigError, match=r"sources\.epoch\.schedule"):
        rhythm(text, DAY, "sources.epoch.schedule")


def test_jitter_is_a_share_of_the_rhythm_unless_it_is_set() -> None:
    assert spread(rhythm("1h", DAY, "k"), NOW).jitter == 180
    assert spread(rhythm("5 * * * *", DAY, "k"), NOW).jitter == 180
    assert spread(rhythm("1w", DAY, "k"), NOW).jitter == 900
    assert spread(rhythm("1h", DAY, "k"), NOW, timedelta(0)).jitter is None


@given(
    hours=st.integers(1, 200),
    ago=st.timedeltas(timedelta(0), timedelta(days=400)),
)
def test_the_next_run_is_never_past_nor_further_than_one_rhythm(hours: int, ago: timedelta) -> None:
    found = due(rhythm(f"{hours}h", DAY, "k"), NOW - ago, NOW)
    assert NOW <= found <= NOW + timedelta(hours=hours)


def test_the_scheduler_goes_on_from_what_was_due() -> None:
    """After the first run of a job the library's own arithmetic takes over."""
    scheduler = BackgroundScheduler(timezone=UTC)
    daily = spread(rhythm("1d", DAY, "k"), NOW, timedelta(0))
    scheduler.add_job(lambda: None, daily, id="x", next_run_time=NOW)
    scheduler.start(paused=True)
    try:
        job = scheduler.get_job("x")
        assert job is not None
        assert job.trigger.get_next_fire_time(NOW, NOW) == NOW + DAY
    finally:
        scheduler.shutdown(wait=False)
