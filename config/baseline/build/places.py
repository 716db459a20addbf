"""Country names of the sources → ISO 3166-1 alpha-2; organisations by the publisher registry."""

from functools import cache

from config import registry

_NAMES = {
    "United States of America": "US",
    "United States": "US",
    "United Kingdom of Great Britain and Northern Ireland": "GB",
    "United Kingdom": "GB",
    "Korea (Republic of)": "KR",
    "South Korea": "KR",
    "Republic of Korea": "KR",
    "China": "CN",
    "Hong Kong": "HK",
    "Macao": "MO",
    "Taiwan": "TW",
    "Taiwan (Province of China)": "TW",
    "France": "FR",
    "Germany": "DE",
    "Canada": "CA",
    "Israel": "IL",
    "Japan": "JP",
    "Russia": "RU",
    "Russian Federation": "RU",
    "Singapore": "SG",
    "Switzerland": "CH",
    "United Arab Emirates": "AE",
    "Saudi Arabia": "SA",
    "Spain": "ES",
    "Italy": "IT",
    "Netherlands": "NL",
    "Finland": "FI",
    "Sweden": "SE",
    "Norway": "NO",
    "Denmark": "DK",
    "Poland": "PL",
    "Austria": "AT",
    "Belgium": "BE",
    "Australia": "AU",
    "India": "IN",
    "Brazil": "BR",
    "Iran (Islamic Republic of)": "IR",
    "Viet Nam": "VN",
    "Vietnam": "VN",
    "Thailand": "TH",
    "Malaysia": "MY",
    "Indonesia": "ID",
    "Mexico": "MX",
    "Portugal": "PT",
    "Czechia": "CZ",
    "Greece": "GR",
    "Hungary": "HU",
    "Ireland": "IE",
    "Luxembourg": "LU",
    "New Zealand": "NZ",
    "Turkey": "TR",
    "Türkiye": "TR",
    "Qatar": "QA",
    "Ukraine": "UA",
    "Latvia": "LV",
    "Lithuania": "LT",
    "Estonia": "EE",
    "Bulgaria": "BG",
    "Romania": "RO",
    "Chile": "CL",
    "Argentina": "AR",
    "Colombia": "CO",
    "Peru": "PE",
    "Bangladesh": "BD",
    "Pakistan": "PK",
    "Sri Lanka": "LK",
    "Egypt": "EG",
    "South Africa": "ZA",
    "Kenya": "KE",
    "Nigeria": "NG",
    "Philippines": "PH",
    "Slovenia": "SI",
    "Serbia": "RS",
    "Croatia": "HR",
    "Slovakia": "SK",
    "Armenia": "AM",
    "Lebanon": "LB",
    "Multinational": "",
    "": "",
}


class UnknownCountryError(ValueError):
    """A source names a country that the list above does not know; add it there."""


@cache
def _registered() -> dict[str, str]:
    return {
        str(p["account"]): str(p["jurisdiction"])
        for p in registry.publishers()
        if p["hub"] == "name"
    }


def of_organisation(organisation: str | None) -> str:
    """Return the jurisdictions of a comma-joined list of organisations, or `unknown`."""
    names = [n.strip().lower() for n in (organisation or "").split(",") if n.strip()]
    found = {_registered().get(n, "unknown") for n in names} - {"unknown"}
    return ",".join(sorted(found)) or "unknown"


def by_country(countries: str) -> str:
    """Return the sorted distinct ISO codes of a source's country cell, joined; empty if none.

    The sources join one country per organisation and repeat it.
    """
    found: set[str] = set()
    for name in countries.split(","):
        code = _NAMES.get(name.strip())
        if code is None:
            raise UnknownCountryError(name)
        if code:
            found.add(code)
    return ",".join(sorted(found))


def jurisdictions(countries: str, organisation: str | None) -> str:
    """Return `by_country`; an empty cell falls back on the publisher registry, then `unknown`."""
    return by_country(countries) or of_organisation(organisation)
