"""The special assessment of one risk, as one self-contained page."""

from reports.chapters import SpecialView
from reports.environment import Page, environment, render_page
from reports.marking import marking


def render_special(view: SpecialView, lang: str) -> bytes:
    """Return the assessment of one risk in depth: finding, evidence, reasons, gaps, measures."""
    brand = "警钟" if lang == "zh" else "Tocsin"
    prose = environment(lang, view.zone).get_template(f"{lang}/special.j2").module
    title = str(prose.title(view)).replace("|", "")  # type: ignore[attr-defined]
    page = Page(
        title=f"{title} | {brand}",
        running=f"{brand} {title}",
        dated=view.assessment.as_of.date().isoformat(),
        marking=marking(view.audience, lang),
    )
    risk = next(r for r in view.assessment.risks if r.risk is view.risk)
    return render_page("shared/special.j2", lang, view.zone, page, a=view, r=risk)
