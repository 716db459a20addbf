"""The charts of a family's or publisher's page, and of the families behind a figure."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reports.chapters import FamilyFigure
from reports.charts.bars import Stack, bars, ranking, strip
from reports.charts.history import Dot, Line, history
from reports.formats import Tongue
from reports.profile import Profile, ScoreLine
from reports.terms import Terms


@dataclass(frozen=True)
class ProfileDrawer:
    """The charts of one language."""

    tongue: Tongue
    terms: Terms

    def releases(self, p: Profile, title: str) -> Markup:
        """Return the dated releases by month and openness; empty without a month."""
        if len(p.months) < 2:
            return Markup("")
        return bars(
            [Stack(m.month, (float(m.open), float(m.closed), float(m.unknown))) for m in p.months],
            [self.terms.openness(name) for name in ("open", "closed", "unknown")],
            self.terms._("a month"),
            title,
            title,
            self.tongue.lang,
            self.tongue.exact,
        )

    def downloads(self, p: Profile, title: str) -> Markup:
        """Return the counters by day; empty under two days."""
        if len(p.downloads) < 2:
            return Markup("")
        line = Line("", tuple(Dot(d.on, d.downloads / 1e4) for d in p.downloads))
        return history(
            [line],
            self.terms._("10,000 downloads in 30 days"),
            title,
            title,
            self.tongue.lang,
            self.tongue.exact,
            figure=lambda v: self.tongue.number(v, 1 if v < 100 else 0),
        )

    def board(self, p: Profile, board: str, title: str) -> Markup:
        """Return the best open model by vintage beside the best of anybody; empty under two."""
        lines = self.vintages(p, board)
        if len(lines) < 2:
            return Markup("")
        own = Line(p.name, tuple(Dot(s.board_on, s.score) for s in lines))
        best = Line(
            self.terms._("best open"),
            tuple(Dot(s.board_on, s.best_open) for s in lines if s.best_open is not None),
        )
        return history(
            [own, best],
            self.terms._("points"),
            title,
            title,
            self.tongue.lang,
            self.tongue.exact,
            figure=lambda v: self.tongue.number(v, 0),
        )

    def vintages(self, p: Profile, board: str) -> Sequence[ScoreLine]:
        """Return the best open model of each vintage of a board, oldest first."""
        return [s for s in p.scores if s.board == board and s.openness == "open"]

    def shares(self, figure: FamilyFigure, title: str) -> Markup:
        """Return the families of a figure, one bar each."""
        percent = figure.key != "frontier"
        rows = [
            (line.name, 100 * (line.share or 0.0) if percent else line.value)
            for line in figure.lines
        ]

        def spell(value: float) -> str:
            return self.tongue.share(value / 100) if percent else self.tongue.number(value, 1)

        return (
            ranking(rows, title, title, spell)
            if percent
            else strip(rows, title, spell, self.tongue.exact)
        )
