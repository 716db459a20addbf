"""The gettext catalogues, read straight from their .po files, so that no build step is needed."""

import gettext
import io
from functools import cache
from importlib.resources import files

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


@cache
def catalogue(lang: str) -> Catalog:
    """Return the catalogue of a language as it stands in `reports/locale`."""
    name = files("reports") / "locale" / lang / "LC_MESSAGES" / "tocsin.po"
    return read_po(io.BytesIO(name.read_bytes()), locale=lang, charset="utf-8")


@cache
def translations(lang: str) -> gettext.GNUTranslations:
    """Return the translations of a language; an unknown message comes back as it is."""
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(lang))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
