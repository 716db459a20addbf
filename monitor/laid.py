"""Dated reports laid under the site: every year on record, and one special assessment per risk."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from config.method import Words
from monitor.context import Context
from monitor.record import Record
from monitor.reporting import FIRST_YEAR, Told, annual_of, own_record_begins, specials_of, until
from reports.annual import annual_data, render_annual
from reports.chapters import AnnualView, SpecialView
from reports.model import AlertView, Audience, SourceView
from reports.special import render_special
from rules.types import Risk

SPECIAL = {
    Risk.MISUSE: Words(zh="滥用风险专项评估", en="Special assessment: misuse"),
    Risk.SPILLOVER: Words(zh="外溢风险专项评估", en="Special assessment: spillover"),
    Risk.BACKDOOR: Words(zh="后门风险专项评估", en="Special assessment: backdoor"),
}


@dataclass(frozen=True)
class Laid:
    """The reports as views, ready to be rendered for either audience."""

    annuals: tuple[AnnualView, ...]
    specials: tuple[SpecialView, ...]

    @property
    def years(self) -> tuple[int, ...]:
        """Years that have a report."""
        return tuple(a.year for a in self.annuals)

    @property
    def documents(self) -> tuple[tuple[str, Words, str], ...]:
        """Address under `reports/`, words and date of every other report."""
        return tuple(
            (f"special-{s.risk}.html", SPECIAL[s.risk], s.assessment.as_of.date().isoformat())
            for s in self.specials
        )

    def pages(self, audience: Audience, languages: tuple[str, ...]) -> Mapping[str, bytes]:
        """Return every report by its path in the site, the data file of a year beside it."""
        found: dict[str, bytes] = {}
        for annual in self.annuals:
            view = replace(annual, audience=audience, alerts=_shown(annual, audience))
            data = annual_data(view)
            for lang in languages:
                place = f"{lang}/reports/annual-{view.year}"
                found[f"{place}.html"], found[f"{place}.json"] = render_annual(view, lang), data
        for special in self.specials:
            for lang in languages:
                found[f"{lang}/reports/special-{special.risk}.html"] = render_special(
                    replace(special, audience=audience), lang
                )
        return found


def _shown(annual: AnnualView, audience: Audience) -> tuple[AlertView, ...]:
    """Return the year's alerts; who signed or dissented is internal."""
    if audience is Audience.INTERNAL:
        return annual.alerts
    return tuple(
        replace(a, case=replace(a.case, signatures=(), tasks=())) if a.case else a
        for a in annual.alerts
    )


def lay(
    context: Context, now: Record, reconstructed: Record, sources: tuple[SourceView, ...]
) -> Laid:
    """Return the dated reports out of the two records that were folded already.

    A year is told from our own record once that covers it whole, else from the reconstructed one.
    """
    began = own_record_begins(context)
    annuals = []
    for year in range(FIRST_YEAR + 1, context.now().year + 1):
        first = datetime(year, 1, 1, tzinfo=UTC)
        record = now if began is not None and began <= first else reconstructed
        cutoff = min(datetime(year + 1, 1, 1, tzinfo=UTC), record.last.as_of)
        if cutoff < max(first, record.assessments[0].as_of):
            continue
        story = Told(until(record, cutoff), context.method, sources, cutoff)
        annuals.append(annual_of(context, story, year, Audience.PUBLIC))
    record = reconstructed if began is None else now
    story = Told(record, context.method, sources, record.last.as_of)
    return Laid(tuple(annuals), specials_of(context, story, Audience.PUBLIC))
