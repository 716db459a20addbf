"""Country names as sources write them → ISO 3166-1 alpha-2 codes; unknown is a value."""

import csv
from functools import cache
from importlib.resources import files

from babel import Locale

from config.baseline.build.places import of_organisation

UNKNOWN = "unknown"


@cache
def _codes() -> dict[str, str]:
    """Return code by lower-cased name: CLDR's English names, then our table of other spellings."""
    territories = Locale("en").territories
    codes = {
        str(name).casefold(): code
        for code, name in territories.items()
        if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "ZZ", "XA", "XB")
    }
    table = files("config") / "registry" / "country_names.csv"
    with table.open(encoding="utf-8") as lines:
        codes |= {row["name"].casefold(): row["code"] for row in csv.DictReader(lines)}
    return codes


def code_of(name: str) -> str | None:
    """Return the ISO alpha-2 code of one country name; None if the name is not known."""
    return _codes().get(" ".join(name.split()).casefold())


def jurisdictions(names: str | None, organisation: str | None = None) -> str:
    """Return the codes of comma-joined names, each once, sorted and comma-joined; or `unknown`.

    Names that repeat are one country. A name that is no country ("Multinational") adds nothing.
    Without any country the publisher registry says where the comma-joined organisations sit.
    """
    found = {code for name in (names or "").split(",") if (code := code_of(name))}
    return ",".join(sorted(found)) or of_organisation(organisation)
