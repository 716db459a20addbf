"""The quarterly brief: two pages on what moved, as one self-contained page."""

from reports.chapters import QuarterView
from reports.environment import Page, environment, render_page
from reports.marking import marking


def render_quarterly(view: QuarterView, lang: str) -> bytes:
    """Return the brief: levels then and now, what moved, what is due."""
    brand = "警钟" if lang == "zh" else "Tocsin"
    prose = environment(lang, view.zone).get_template(f"{lang}/quarterly.j2").module
    title = str(prose.title(view)).replace("|", "")  # type: ignore[attr-defined]
    page = Page(
        title=f"{title} | {brand}",
        running=f"{brand} {title}",
        dated=view.assessment.as_of.date().isoformat(),
        marking=marking(view.audience, lang),
    )
    return render_page("shared/quarterly.j2", lang, view.zone, page, a=view)
