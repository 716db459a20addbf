"""Names that come again are counted the same, however often one asks in between."""

from hypothesis import given
from hypothesis import strategies as st

from collectors.quarantine_repeats import Repeats

NAMES = st.lists(st.lists(st.sampled_from("abcdefghijk"), max_size=12), max_size=8)


@given(NAMES, st.sets(st.integers(0, 7)))
def test_the_count_is_all_names_less_the_different_ones(
    pages: list[list[str]], asked_after: set[int]
) -> None:
    repeats = Repeats()
    seen: list[str] = []
    for number, page in enumerate(pages):
        repeats.see(page)
        seen += page
        if number in asked_after:
            assert repeats.count() == len(seen) - len(set(seen))
    assert repeats.count() == len(seen) - len(set(seen))
    assert repeats.count() == len(seen) - len(set(seen)), "asking does not count"
