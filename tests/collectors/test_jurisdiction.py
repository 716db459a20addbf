"""Country names of the sources become codes, or unknown."""

import pytest

from collectors.jurisdiction import code_of, jurisdictions


@pytest.mark.parametrize(
    ("names", "codes"),
    [
        ("United States of America,United States of America", "US"),
        ("United States of America,United Kingdom of Great Britain and Northern Ireland", "GB,US"),
        ("Korea (Republic of)", "KR"),
        ("Iran (Islamic Republic of)", "IR"),
        ("Hong Kong", "HK"),
        ("Taiwan", "TW"),
        ("Vietnam", "VN"),
        ("Czechia,Czech Republic", "CZ"),
        ("Multinational", "unknown"),
        ("Multinational,China", "CN"),
        (" china ,", "CN"),
        ("", "unknown"),
        (None, "unknown"),
        ("Atlantis", "unknown"),
    ],
)
def test_names_become_codes(names: str | None, codes: str) -> None:
    assert jurisdictions(names) == codes


def test_what_is_no_country_has_no_code() -> None:
    assert code_of("European Union") is None
    assert code_of("United Nations") is None
