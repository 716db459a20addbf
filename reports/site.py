"""The status site: every page of one language as bytes by path."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from reports.alert import render_alert
from reports.environment import Page, headed, render_body, render_page, say
from reports.formats import LANGS
from reports.marking import marking
from reports.model import AssessmentView, Audience, IndicatorView, RiskView
from reports.profile import PAGES
from reports.search import SCRIPT, entries
from reports.site_view import SiteView
from reports.status import status_bytes

Bodies = dict[str, str]
"""Pages without their heads, by path: those that tell every audience the same are drawn once."""

FAMILIES = 12
"""Families to which the page of an indicator leads."""


def _beside(view: AssessmentView | None, r: RiskView) -> RiskView | None:
    return next((o for o in view.risks if o.risk is r.risk), None) if view else None


def _twin(view: AssessmentView | None, i: IndicatorView) -> IndicatorView | None:
    return next((o for o in view.indicators if o.spec.id == i.spec.id), None) if view else None


def _page(view: SiteView, lang: str, path: str, title: str, here: str, script: str = "") -> Page:
    return Page(
        title=f"{title} | " + ("警钟" if lang == "zh" else "Tocsin"),
        path=f"{lang}/{path}",
        here=here,
        running="警钟" if lang == "zh" else "Tocsin",
        dated=view.now.as_of.date().isoformat(),
        marking=marking(view.audience, lang),
        script=script,
    )


def _same_for_all(
    bodies: Bodies, template: str, lang: str, zone: str, page: Page, **context: object
) -> bytes:
    """Return a page of which only the head is its audience's; `context` must show no audience."""
    if page.path not in bodies:
        bodies[page.path] = render_body(template, lang, zone, page, **context)
    return headed(lang, zone, page, bodies[page.path])


def _risks(view: SiteView, lang: str) -> Iterator[tuple[str, bytes]]:
    paths = view.profile_paths
    for r in view.now.risks:
        path = f"risks/{r.risk}.html"
        rec = _beside(view.reconstructed, r)
        shown = [_twin(view.reconstructed, i) if len(i.history) < 2 else i for i in r.indicators]
        charts = [i for i in shown if i is not None and len(i.history) > 1][:6]
        page = _page(view, lang, path, say(lang, view.zone, "risk_title", r), "index")
        yield (
            f"{lang}/{path}",
            render_page(
                "shared/risk.j2",
                lang,
                view.zone,
                page,
                view=view,
                r=r,
                rec=rec,
                charts=charts,
                figures=view.family_figures.get(r.risk, ()),
                paths=paths,
                rec_as_of=view.reconstructed.as_of if view.reconstructed else None,
            ),
        )


def _indicators(view: SiteView, lang: str, bodies: Bodies) -> Iterator[tuple[str, bytes]]:
    for r in view.now.risks:
        for i in r.indicators:
            path = f"indicators/{i.spec.code}.html"
            twin = _twin(view.reconstructed, i)
            # Where today knows nothing, the page is about the reconstructed value.
            main, alt = i, twin
            if i.state.reading.missing and twin and twin.state.reading.missing is None:
                main, alt = twin, i
            risk = r if main is i else (_beside(view.reconstructed, r) or r)
            title = f"{i.spec.code} {say(lang, view.zone, 'indicator_title', main)}"
            page = _page(view, lang, path, title, "indicators")
            yield (
                f"{lang}/{path}",
                _same_for_all(
                    bodies,
                    "shared/indicator.j2",
                    lang,
                    view.zone,
                    page,
                    view=view,
                    i=main,
                    alt=alt,
                    r=risk,
                    families=[f for f in view.families if i.spec.code in f.indicators][:FAMILIES],
                ),
            )


def _profiles(view: SiteView, lang: str, bodies: Bodies) -> Iterator[tuple[str, bytes]]:
    codes = {i.spec.code: i for i in view.now.indicators}
    paths = view.profile_paths
    for p in (*view.families, *view.publishers):
        title = say(lang, view.zone, "profile_title", p, prose="profile")
        page = _page(view, lang, p.path, title, "families")
        yield (
            f"{lang}/{p.path}",
            _same_for_all(
                bodies,
                "shared/profile.j2",
                lang,
                view.zone,
                page,
                view=view,
                p=p,
                codes=codes,
                paths=paths,
            ),
        )


SIMPLE = {
    "index.html": ("shared/index.j2", "headline", "index"),
    "indicators/index.html": ("shared/indicators.j2", "indicators_title", "indicators"),
    "alerts/index.html": ("shared/alerts.j2", "alerts_title", "alerts"),
    "reports/index.html": ("shared/reports.j2", "reports_title", "reports"),
    "pendulum.html": ("shared/pendulum.j2", "pendulum_title", "pendulum"),
    "diffusion.html": ("shared/diffusion.j2", "diffusion_title", "diffusion"),
    "families.html": ("shared/families.j2", "families_title", "families"),
    "publishers.html": ("shared/publishers.j2", "publishers_title", "families"),
    "method.html": ("shared/method.j2", "method_title", "method"),
    "sources.html": ("shared/sources.j2", "sources_title", "sources"),
}
"""Pages drawn from the whole view: template, macro of the title, place in the navigation."""


def for_audience(view: SiteView) -> SiteView:
    """Return the view without what its audience may not see: exercises are never public.

    Families and publishers beyond `PAGES` are dropped: no catalogue can make the site grow.
    """
    view = replace(view, families=view.families[:PAGES], publishers=view.publishers[:PAGES])
    if view.audience is Audience.INTERNAL:
        return view
    return replace(
        view,
        alerts=tuple(a for a in view.alerts if not a.exercise),
        alert_lines=tuple(a for a in view.alert_lines if not a.exercise),
    )


def render_site(view: SiteView, lang: str, bodies: Bodies | None = None) -> dict[str, bytes]:
    """Return every page of one language, by path under the site's root (`zh/index.html`, …).

    `bodies` keeps what the next audience of the same view need not have drawn again.
    The alert pages are rendered from the view; whoever holds the stored bytes of an alert
    overlays them.
    """
    view, bodies = for_audience(view), {} if bodies is None else bodies
    pages: dict[str, bytes] = {}
    for path, (template, macro, here) in SIMPLE.items():
        subject = view.now if macro == "indicators_title" else view
        prose = "profile" if here == "families" else "say"
        page = _page(view, lang, path, say(lang, view.zone, macro, subject, prose=prose), here)
        pages[f"{lang}/{path}"] = render_page(template, lang, view.zone, page, view=view)
    pages.update(_risks(view, lang))
    pages.update(_indicators(view, lang, bodies))
    pages.update(_profiles(view, lang, bodies))
    for alert in view.alerts:
        pages[f"{lang}/alerts/{alert.id}.html"] = render_alert(alert, lang, view.audience)
    found = entries(view, lang)
    page = _page(
        view,
        lang,
        "search.html",
        say(lang, view.zone, "search_title", len(found)),
        "search",
        script=SCRIPT,
    )
    pages[f"{lang}/search.html"] = render_page(
        "shared/search.j2", lang, view.zone, page, view=view, entries=found
    )
    return pages


def render_root(view: SiteView) -> dict[str, bytes]:
    """Return what stands above the languages: the entrance and `status.json`."""
    page = Page(title="警钟 Tocsin", running="Tocsin", dated=view.now.as_of.date().isoformat())
    entrance = render_page("shared/root.j2", "zh", view.zone, page, view=view)
    return {"index.html": entrance, "status.json": status_bytes(view)}


def render_all(view: SiteView, bodies: Bodies | None = None) -> Mapping[str, bytes]:
    """Return the whole tree of one audience: both languages and what stands above them.

    Whoever renders the same view for another audience hands over the same `bodies`.
    """
    pages = render_root(view)
    for lang in LANGS:
        pages.update(render_site(view, lang, bodies))
    return pages
