"""Numbers, dates and moments by language."""

from datetime import UTC, date, datetime

from reports.environment import phrases, plain
from reports.formats import Tongue
from reports.guide import Guide
from reports.words import translations
from tests.reports import sample

ZH, EN = Tongue("zh"), Tongue("en")


def guide(lang: str) -> Guide:
    """Return the speaker of a language."""
    return Guide(Tongue(lang), translations(lang))


def test_numbers_group_and_bear_a_true_minus() -> None:
    assert ZH.number(1234567.25, 1) == "1,234,567.2"
    assert EN.number(-3.8, 1) == "−3.8"
    assert EN.number(-0.04, 1) == "0.0"
    assert EN.signed(7.47) == "+7.5"
    assert EN.signed(0.0) == "0.0"
    assert ZH.percent(0.531, 1) == "53.1%"
    assert EN.exact(0.1 + 0.2) == "0.3"


def test_dates_and_moments_are_as_readers_expect() -> None:
    at = datetime(2026, 8, 12, 0, 0, tzinfo=UTC)
    assert ZH.day(date(2026, 8, 12)) == "2026年8月12日"
    assert EN.day(date(2026, 8, 12)) == "12 August 2026"
    assert ZH.moment(at) == "2026年8月12日08:00（北京时间）"
    assert EN.moment(at) == "12 August 2026, 00:00 UTC"
    assert Tongue("zh", "Europe/Paris").moment(at) == "2026年8月12日02:00（Europe/Paris）"
    assert ZH.short_moment(at) == "8月12日08:00"
    assert EN.short_moment(at) == "12 Aug, 00:00"


def test_territories_and_lists_follow_the_language() -> None:
    assert ZH.territory("CN") == "中国"
    assert EN.territory("US") == "United States"
    assert ZH.territory("EU") == "欧盟"
    assert EN.territory("unknown") == "Unknown"
    assert ZH.listing(["甲", "乙"]) == "甲、乙"
    assert EN.listing(["a", "b", "c"]) == "a, b and c"


def test_ages_take_the_largest_fitting_unit_and_the_right_plural() -> None:
    then = datetime(2026, 8, 12, 0, 0, tzinfo=UTC)
    assert guide("en").ago(then.replace(hour=1), then) == "1 hour ago"
    assert guide("en").ago(then.replace(day=20), then) == "8 days ago"
    assert guide("zh").ago(then.replace(hour=5), then) == "5小时前"


def test_headings_break_only_where_marked() -> None:
    assert phrases("甲，|乙<") == '<span class="ph">甲，</span><span class="ph">乙&lt;</span>'
    assert plain("甲，|乙") == "甲，乙"


def test_thresholds_name_the_riskier_side() -> None:
    lag, share = sample.BY_CODE["S05"], sample.BY_CODE["G01"]
    assert guide("zh").thresholds(lag) == "黄线≤6，红线≤3"
    assert guide("en").thresholds(share) == "yellow ≥ 40, red ≥ 60"
    assert guide("en").with_unit(share, 53.14) == "53.1%"
    assert guide("zh").with_unit(lag, 5.15) == "5.2个月"
