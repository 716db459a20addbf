"""Templates to bytes: one environment per language and zone, one style sheet, a strict policy."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from reports import drawing, guide, tally, vintages
from reports.formats import Tongue
from reports.profile_charts import ProfileDrawer
from reports.words import translations

SHEETS = ("tokens", "page", "parts", "charts", "documents", "phone", "print")
OTHER = {"zh": "en", "en": "zh"}


@dataclass(frozen=True)
class Page:
    """Where a page stands and what runs at its head when printed.

    `path` is relative to the site's root (`zh/risks/misuse.html`); empty means a document that is
    sent on its own, without links to the site.
    """

    title: str
    path: str = ""
    here: str = ""
    running: str = ""
    dated: str = ""
    marking: str = ""
    script: str = ""
    both_languages: bool = True


@cache
def stylesheet() -> str:
    """Return the style sheet that every page inlines."""
    folder = files("reports") / "static"
    return tidy("".join((folder / f"{name}.css").read_text(encoding="utf-8") for name in SHEETS))


def tidy(text: str) -> str:
    """Return the text without blank lines and trailing blanks; hashes are taken after it."""
    lines = (line.rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def _quoted(words: str) -> str:
    """Return words as a CSS string that cannot leave its quotes or its style element."""
    kept = "".join(c for c in words if c.isprintable() and c not in '"\\<>&')
    return f'"{kept}"'


def page_style(page: Page) -> str:
    """Return the style sheet with the running head of one document."""
    head = f"{page.marking}  {page.running}".strip()
    small = "font:9pt sans-serif;color:#45525e"
    return stylesheet() + (
        f"@page{{@top-left{{content:{_quoted(head)};{small}}}"
        f"@top-right{{content:{_quoted(page.dated)};{small}}}}}\n"
        '@page:first{@top-left{content:""}@top-right{content:""}}\n'
    )


def digest(text: str) -> str:
    """Return the hash source by which the policy admits one inline style or script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def policy(style: str, script: str) -> str:
    """Return the Content-Security-Policy: nothing from anywhere, one style, at most one script."""
    parts = ["default-src 'none'", f"style-src '{digest(style)}'"]
    if script:
        parts.append(f"script-src '{digest(script)}'")
    return "; ".join([*parts, "img-src data:", "base-uri 'none'", "form-action 'none'"])


def phrases(words: object) -> Markup:
    """Return a heading whose `|` marks become the only places where it may break."""
    parts = [p for p in (part.strip() for part in escape(words).split("|")) if p]
    if len(parts) < 2:
        return Markup("").join(parts)
    return Markup("").join(Markup('<span class="ph">{}</span>').format(p) for p in parts)


def plain(words: object) -> Markup:
    """Return a heading as one line, its break marks gone."""
    return Markup(" ").join(escape(words).replace("|", "").split())


@cache
def environment(lang: str, zone: str) -> Environment:
    """Return the environment of a language: catalogue, formats, charts and level words."""
    env = Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )
    catalogue = translations(lang)
    env.install_gettext_callables(  # type: ignore[attr-defined]
        catalogue.gettext, catalogue.ngettext, newstyle=True, pgettext=catalogue.pgettext
    )
    tongue = Tongue(lang, zone)
    env.filters.update(
        ph=phrases if lang == "zh" else plain,
        plain=plain,
        w=lambda words: getattr(words, lang),
        day=tongue.day,
        moment=tongue.moment,
        stamp=tongue.stamp,
        number=tongue.number,
        signed=tongue.signed,
        percent=tongue.percent,
    )
    speaker = guide.Guide(tongue, catalogue)
    env.globals.update(
        lang=lang,
        L=tongue,
        S=speaker,
        draw=drawing.Drawer(tongue, speaker),
        pdraw=ProfileDrawer(tongue, speaker),
        tally=tally,
        vintages=vintages,
    )
    return env


def say(lang: str, zone: str, name: str, *arguments: object, prose: str = "say") -> str:
    """Return what a macro of the language's prose file says, as one plain line."""
    macro = getattr(environment(lang, zone).get_template(f"{lang}/{prose}.j2").module, name)
    return str(plain(macro(*arguments)).unescape())


def render_page(template: str, lang: str, zone: str, page: Page, **context: object) -> bytes:
    """Return one self-contained page: style inline, nothing fetched from anywhere."""
    return headed(lang, zone, page, render_body(template, lang, zone, page, **context))


def headed(lang: str, zone: str, page: Page, body: str) -> bytes:
    """Return a page out of its head, which bears the marking, and its body."""
    style = page_style(page)
    head = (
        environment(lang, zone)
        .get_template("shared/head.j2")
        .render(
            page=page,
            style=Markup(style),  # noqa: S704 (our own sheet; the running head is filtered)
            policy=policy(style, page.script),
        )
    )
    return (tidy(head).removesuffix("\n") + body).encode()


def render_body(template: str, lang: str, zone: str, page: Page, **context: object) -> str:
    """Return what stands below the head: the same for every audience unless `page.marking` is."""
    depth = page.path.count("/") - 1 if page.path else 0
    up = "../" * max(depth, 0)
    inner = page.path.split("/", 1)[1] if "/" in page.path else ""
    values: Mapping[str, object] = {
        **context,
        "page": page,
        "script": Markup(page.script),  # noqa: S704 (a constant of ours)
        "up": up,
        "other": f"{up}../{OTHER[lang]}/{inner}" if inner and page.both_languages else "",
        "other_lang": OTHER[lang],
    }
    return tidy(environment(lang, zone).get_template(template).render(values))
