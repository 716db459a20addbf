"""Search without a server: a page that lists everything, and a script that filters the list."""

from dataclasses import dataclass

from reports.environment import environment
from reports.guide import Guide
from reports.site_view import SiteView

MOST = 4000
"""Entries on the page; at some 200 bytes each it stays under a megabyte."""

SCRIPT = """const box = document.getElementById('q');
const rows = [...document.querySelectorAll('#hits li')];
const count = document.getElementById('count');
box.closest('form').hidden = false;
box.addEventListener('input', () => {
  const words = box.value.trim().toLowerCase().split(/\\s+/);
  let shown = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every(w => text.includes(w));
    if (!row.hidden) shown += 1;
  }
  count.textContent = shown;
});
box.closest('form').addEventListener('submit', e => e.preventDefault());
"""


@dataclass(frozen=True)
class Entry:
    """One thing that can be found: words, kind, address from the language's root."""

    words: str
    kind: str
    href: str
    more: str = ""


def entries(view: SiteView, lang: str) -> tuple[Entry, ...]:
    """Return everything that has a page or a row of its own, in reading order."""
    guide = environment(lang, view.zone).globals["S"]
    if not isinstance(guide, Guide):  # pragma: no cover - the environment always holds one
        raise TypeError(type(guide))
    word = guide._
    found = [
        Entry(guide.risk_long(r.risk), word("Risk"), f"risks/{r.risk}.html") for r in view.now.risks
    ]
    found += [
        Entry(
            f"{i.spec.code} {guide.words(i.spec.name)}",
            word("Indicator"),
            f"indicators/{i.spec.code}.html",
            guide.words(i.spec.measures),
        )
        for i in view.now.indicators
    ]
    found += [
        Entry(
            f"{a.year}/{a.number} {guide.risk_long(a.transition.risk)}",
            word("Alert"),
            f"alerts/{a.id}.html",
            a.created_at.date().isoformat(),
        )
        for a in view.alerts
    ]
    found += [
        Entry(
            f"{a.year}/{a.number} {guide.risk_long(a.risk)}",
            word("Alert"),
            f"alerts/{a.id}.html",
            a.opened_at.date().isoformat(),
        )
        for a in view.alert_lines
    ]
    found += [
        Entry(
            word("Annual report %(year)s") % {"year": year},
            word("Report"),
            f"reports/annual-{year}.html",
        )
        for year in view.annuals
    ]
    found += [
        Entry(
            guide.said(s.title),
            word("Source"),
            f"sources.html#source-{s.id}",
            guide.said(s.licence),
        )
        for s in view.sources
    ]
    found += [
        Entry(d.model, word("Diffusion"), "diffusion.html", d.organisation) for d in view.diffusion
    ]
    found += [
        Entry(f.name, word("Model family"), f.path, guide.tongue.listing(list(f.organisations)))
        for f in view.families
    ]
    found += [
        Entry(p.name, word("Publisher"), p.path, guide.territories(p.jurisdictions))
        for p in view.publishers
    ]
    return tuple(found[:MOST])
