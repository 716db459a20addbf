"""The small forms that stand in table rows: bullet, sparkline, coverage bar."""

from collections.abc import Callable, Sequence

from markupsafe import Markup

from reports.charts.svg import circle, frame, hatch, join, line, num, path, rect, text


def bullet(
    value: float | None,
    yellow: float,
    red: float,
    title: str,
    spell: Callable[[float], str] = num,
    *,
    falling: bool = False,
    provisional: bool = False,
    low: float | None = None,
    high: float | None = None,
) -> Markup:
    """Return a threshold band on which risk rises to the right, whatever the unit's direction.

    `falling` says that smaller values are riskier; hatched bands are provisional thresholds.
    """
    width, height = 150.0, 26.0
    gap = abs(red - yellow) or abs(yellow) * 0.25 or 1.0
    safe, worst = (
        (yellow + gap * 1.4, red - gap * 1.1)
        if falling
        else (
            yellow - gap * 1.4,
            red + gap * 1.1,
        )
    )
    if falling and red >= 0:
        worst = max(worst, min(0.0, red))
    if not falling and yellow >= 0:
        safe = max(safe, min(0.0, yellow))

    def place(point: float) -> float:
        share = (point - safe) / ((worst - safe) or 1)
        return min(max(share * width, 1.5), width - 1.5)

    at_yellow, at_red = place(yellow), place(red)
    same = abs(at_red - at_yellow) < 0.5
    spans = (("g", 0.0, at_yellow), ("y", at_yellow, at_red), ("r", at_red, width))
    marks = [
        hatch(x, 3, end - x, 10, k) if provisional else rect(x, 3, end - x, 10, f"bd-{k}")
        for k, x, end in spans
        if end - x > 0.1
    ]
    marks += [line(at_yellow, 2, at_yellow, 14, "th-y"), line(at_red, 2, at_red, 14, "th-r")]
    first, second = spell(yellow), spell(red)
    if not same and at_red - at_yellow > 6 * (len(first) + len(second)) / 2 + 4:
        marks += [text(at_yellow, 24, first, "m"), text(min(at_red, width - 10), 24, second, "m")]
    elif same:
        marks.append(text(at_yellow, 24, first, "m"))
    else:
        marks += [text(at_yellow + 2, 24, first, "e"), text(at_red - 2, 24, second, "")]
    if low is not None and high is not None:
        marks.append(line(place(low), 8, place(high), 8, "iv"))
    if value is not None:
        marks.append(rect(place(value) - 2, 0, 4, 16, "tick"))
    return frame(width, height, join(marks), title, cls="bul")


def spark(values: Sequence[float | None], title: str) -> Markup:
    """Return a line of the newest values without scale; gaps stay gaps, one dot is no line."""
    known = [v for v in values if v is not None]
    if len(known) < 2:
        return Markup("")
    width, height = 92.0, 26.0
    low, high = min(known), max(known)

    def at(index: int, value: float) -> tuple[float, float]:
        x = 2 + index / (len(values) - 1) * (width - 8)
        return x, height - 4 - (value - low) / ((high - low) or 1) * (height - 8)

    runs: list[list[tuple[float, float]]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(at(index, value))
    marks = [path(run, "ln") for run in runs if len(run) > 1]
    if not marks:
        return Markup("")
    last = max(i for i, v in enumerate(values) if v is not None)
    x, y = at(last, known[-1])
    marks.append(circle(x, y, 3, "dot"))
    return frame(width, height, join(marks), title, cls="spark")


def coverage_bar(share: float, gate: float, title: str) -> Markup:
    """Return the share of weight that is fresh, with the gate as an upright line."""
    width = 320.0
    body = join(
        [
            rect(0.5, 4.5, width - 1, 8, "cv0"),
            rect(0.5, 4.5, (width - 1) * min(max(share, 0), 1), 8, "cv1"),
            line(width * gate, 0, width * gate, 17, "cvg"),
        ]
    )
    return Markup(
        '<svg class="covbar" viewBox="0 0 320 17" preserveAspectRatio="none" role="img"'
        ' aria-label="{}"><title>{}</title>{}</svg>'
    ).format(title, title, body)
