"""The alert report with its joint-meeting pack: what happened, what to do now, and why."""

from reports.environment import Page, render_page, say
from reports.marking import marking
from reports.model import AlertView, Audience


def _document(view: AlertView, lang: str, audience: Audience, title: str) -> Page:
    brand = "警钟" if lang == "zh" else "Tocsin"
    return Page(
        title=f"{title} | {brand}",
        running=f"{brand} {say(lang, view.zone, 'serial', view)}",
        dated=view.created_at.date().isoformat(),
        marking=marking(audience, lang, view.exercise),
    )


def render_alert(view: AlertView, lang: str, audience: Audience) -> bytes:
    """Return the alert report as one self-contained page.

    The internal one ends in the joint-meeting pack, which starts its own page in print; the public
    one leaves out people, agenda and signatures.
    """
    title = say(lang, view.zone, "alert_title", view)
    return render_page(
        "shared/alert.j2",
        lang,
        view.zone,
        _document(view, lang, audience, title),
        a=view,
        r=view.risk,
        with_pack=audience is Audience.INTERNAL and view.case is not None,
        internal=audience is Audience.INTERNAL,
    )


def render_pack(view: AlertView, lang: str) -> bytes:
    """Return the joint-meeting pack alone; it is always internal."""
    title = say(lang, view.zone, "pack_title", view)
    return render_page(
        "shared/pack.j2",
        lang,
        view.zone,
        _document(view, lang, Audience.INTERNAL, title),
        a=view,
        r=view.risk,
    )
