"""Charts: the marks stand where the values are, gaps stay gaps, words are escaped."""

import itertools
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from reports.charts.bars import Stack, bars, ranking, strip
from reports.charts.calendar import Run, calendar_band
from reports.charts.dial import dial
from reports.charts.history import Bands, Dot, Line, history
from reports.charts.small import bullet, coverage_bar, spark
from reports.charts.svg import fitted, nice_range, num, text_width, ticks
from reports.formats import Tongue
from rules.types import Level

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


def parsed(drawing: str) -> list[etree._Element]:
    """Return the drawings as XML; a chart that does not parse is an error."""
    return list(etree.fromstring(f"<all>{drawing}</all>"))


def tick_x(drawing: str) -> float:
    """Return where a bullet's tick stands."""
    found = re.search(r'class="tick" x="([-\d.]+)"', drawing)
    assert found
    return float(found[1])


def test_risk_rises_to_the_right_whatever_the_direction() -> None:
    up = [tick_x(bullet(v, 40, 60, "share")) for v in (10, 45, 70)]
    down = [tick_x(bullet(v, 6, 3, "lag", falling=True)) for v in (9, 5, 1)]
    assert up == sorted(up)
    assert down == sorted(down)


def test_provisional_bands_are_hatched_and_published_ones_solid() -> None:
    assert "url(#h-y)" in bullet(5, 5, 10, "x", provisional=True)
    assert "url(#" not in bullet(5, 5, 10, "x")


@given(
    st.floats(-1e6, 1e6) | st.none(),
    st.floats(-1e4, 1e4),
    st.floats(-1e4, 1e4),
    st.booleans(),
)
def test_a_bullet_never_leaves_its_box(
    value: float | None, yellow: float, red: float, provisional: bool
) -> None:
    drawing = bullet(value, yellow, red, "x", falling=yellow > red, provisional=provisional)
    for name in ("x", "x1", "x2"):
        for place in re.findall(rf' {name}="([-\d.]+)"', drawing):
            assert -3 <= float(place) <= 153


def test_level_is_height_as_well_as_colour_and_unassigned_is_hatched() -> None:
    runs = [
        Run(date(2026, 4, 1), date(2026, 5, 1), Level.GREEN),
        Run(date(2026, 5, 1), date(2026, 8, 1), Level.YELLOW),
        Run(date(2026, 8, 1), date(2026, 10, 1), Level.RED),
        Run(date(2026, 10, 1), date(2027, 1, 1), Level.UNASSIGNED),
    ]
    drawing = calendar_band(runs, FIRST, LAST, "t", "d", "zh", "此前未监测")
    height = {
        m[1]: float(m[2]) for m in re.finditer(r'class="cal-(\w+)"[^>]*height="([\d.]+)"', drawing)
    }
    assert height["green"] == 10
    assert height["yellow"] == 20
    assert height["red"] == 30
    assert "url(#h-u)" in drawing
    assert "此前未监测" in drawing


def test_a_line_never_joins_over_a_gap() -> None:
    dots = tuple(Dot(date(2026, m, 1), None if m == 4 else float(m)) for m in range(1, 8))
    drawing = history([Line("", dots)], "u", "t", "d", "en", num)
    wide = parsed(drawing)[0]
    drawn = [n for n in wide.iter() if n.tag == "path" and n.get("class") == "ln"]
    assert len(drawn) == 2


def test_two_widths_keep_the_size_of_type() -> None:
    dots = tuple(Dot(date(2026, m, 1), float(m)) for m in range(1, 8))
    wide, narrow = parsed(history([Line("", dots)], "u", "t", "d", "en", num))
    assert wide.get("viewBox", "").startswith("0 0 720 ")
    assert narrow.get("viewBox", "").startswith("0 0 342 ")


def test_thresholds_are_drawn_and_named() -> None:
    dots = tuple(Dot(date(2026, m, 1), 10.0 - m) for m in range(1, 8))
    bands = Bands(6, 3, True, "黄线≤6", "红线≤3")
    drawing = history([Line("", dots)], "月", "t", "d", "zh", num, bands)
    assert "黄线≤6" in drawing
    assert 'class="th-r"' in drawing
    assert 'class="bd-y"' in drawing


def test_words_are_escaped_everywhere() -> None:
    evil = "<script>&\"'"
    dots = (Dot(FIRST, 1.0), Dot(LAST, 2.0))
    for drawing in (
        history([Line(evil, dots), Line(evil, dots)], evil, evil, evil, "en", num),
        bars([Stack(FIRST, (1.0,))], [evil], evil, evil, evil, "en", num),
        ranking([(evil, 3.0)], evil, evil, num),
        dial(0.5, -0.4, evil, num, evil, evil, evil),
        coverage_bar(0.5, 0.6, evil),
        spark([1.0, 2.0], evil),
    ):
        assert "<script" not in drawing
        assert parsed(drawing)


def test_no_value_no_chart() -> None:
    assert history([Line("", (Dot(FIRST, None), Dot(LAST, 1.0)))], "u", "t", "d", "en", num) == ""
    assert spark([None, 1.0], "x") == ""
    assert bars([], [], "u", "t", "d", "en", num) == ""


def test_no_practice_no_hollow_bob() -> None:
    assert "bob2" not in dial(0.5, None, "t", num, "a", "b", "c")
    assert "bob2" in dial(0.5, -0.4, "t", num, "a", "b", "c")


@given(st.floats(-1e6, 1e6), st.floats(0.001, 1e6))
def test_axes_are_round_and_cover_the_values(low: float, span: float) -> None:
    bottom, top = nice_range(low, low + span)
    assert bottom <= low + 1e-6 * max(abs(low), span)
    assert top >= low + span - 1e-6 * max(abs(low + span), span)
    assert 2 <= len(ticks(bottom, top)) <= 13


@pytest.mark.parametrize(("words", "width"), [("中文", 25.0), ("ab", 13.5)])
def test_width_counts_a_han_character_as_one_em(words: str, width: float) -> None:
    assert text_width(words) == pytest.approx(width)


def test_a_long_name_is_cut_before_its_bar_and_a_little_share_is_not_nothing() -> None:
    name = "Beijing Academy of Artificial Intelligence and of much else besides"
    drawn = str(ranking([(name, 1.0), ("Qwen", 2.0)], "t", "t", str))
    assert name not in drawn
    assert "Beijing Academy" in drawn
    assert "…" in drawn
    assert fitted("Qwen", 100) == "Qwen"
    assert Tongue("en").share(0.0001) == "<0.1%"
    assert Tongue("zh").share(0.0001) == "不到0.1%"
    assert Tongue("en").share(0.0) == "0.0%"


def test_a_strip_need_not_begin_at_zero_and_names_its_scale() -> None:
    drawn = str(strip([("Kimi", 157.0), ("Qwen", 144.6)], "t", str, str))
    assert drawn.count('r="5"') == 4  # two dots in two widths
    scale = [float(found) for found in re.findall(r'class="m">([\d.]+)<', drawn)]
    assert len(scale) == 6
    assert 100 < min(scale) <= 144.6
    assert max(scale) >= 157
    assert strip([], "t", str, str) == ""


def test_words_at_line_ends_keep_the_order_of_their_lines() -> None:
    day = (date(2026, 1, 1), date(2026, 6, 1))
    lines = [
        Line(name, tuple(Dot(d, value) for d in day))
        for name, value in (("low", 0.57), ("high", 0.72), ("mid", 0.71))
    ]
    drawn = str(history(lines, "", "t", "t", "en", str)).split("</svg>")[0]
    ends = [float(re.search(rf'y="([\d.]+)"[^>]*>{n} ', drawn)[1]) for n in ("high", "mid", "low")]  # type: ignore[index]
    assert ends == sorted(ends)
    assert all(b - a >= 15 for a, b in itertools.pairwise(ends))
