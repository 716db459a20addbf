"""Names of closed sets that the record is written in: hubs, boards, kinds, relations, tables."""

import re
from dataclasses import dataclass

from reports.profile import PAGES, Profile
from reports.spell import Speaker


@dataclass(frozen=True)
class Terms(Speaker):
    """A speaker that knows the record's own words; a word it does not know stays as it is."""

    def hub(self, hub: str) -> str:
        """Return a hub's name; `name` means that catalogues call it so."""
        return {
            "huggingface": "Hugging Face",
            "modelscope": self._("ModelScope"),
            "name": self._("in catalogues"),
        }.get(hub, hub)

    def board(self, board: str) -> str:
        """Return a board's name."""
        return {
            "eci": self._("Epoch Capabilities Index"),
            "arena_text": self._("LMArena, text"),
            "aa_index": self._("Artificial Analysis index"),
        }.get(board, board)

    def publisher_kind(self, kind: str) -> str:
        """Return what a publisher is."""
        return {
            "laboratory": self._("laboratory"),
            "company": self._("company"),
            "university": self._("university"),
        }.get(kind, kind)

    def openness(self, openness: str) -> str:
        """Return whether weights can be had."""
        return {
            "open": self._("open weights"),
            "closed": self._("closed"),
            "unknown": self._("unknown"),
        }.get(openness, openness)

    def relation(self, relation: str) -> str:
        """Return how a derivative relates to its base."""
        return {
            "finetune": self._("fine-tuned"),
            "adapter": self._("adapter"),
            "quantized": self._("quantised"),
            "merge": self._("merged"),
            "unknown": self._("not declared"),
        }.get(relation, relation)

    def size(self, parameters: int) -> str:
        """Return a number of weights: 7.2B; Chinese counts in 亿."""
        if self.tongue.lang == "zh":
            value, unit = parameters / 1e8, "亿"
        else:
            value, unit = parameters / 1e9, "B"
        decimals = 0 if value >= 100 else 1 if value >= 1 else 2
        return self.tongue.number(value, decimals) + unit

    def ten_thousands(self, count: float) -> str:
        """Return a large count shortened: 1.8亿次, 176.2 million."""
        if self.tongue.lang == "zh":
            steps = ((1e8, "亿次", 2), (1e4, "万次", 1), (1, "次", 0))
        else:
            steps = ((1e9, " billion", 2), (1e6, " million", 1), (1, "", 0))
        size, unit, decimals = next((s for s in steps if count >= s[0]), steps[-1])
        return self.tongue.number(count / size, decimals) + unit

    def licence(self, licence: str) -> str:
        """Return a licence as its source names it; an empty one is unknown."""
        return self._("unknown") if licence.casefold() in {"", "unknown"} else licence

    def kinds(self, p: Profile) -> str:
        """Return what a publisher is registered as."""
        return self.tongue.listing([self.publisher_kind(k) for k in p.kinds])

    def short_title(self, title: str) -> str:
        """Return a source's title up to a colon or bracket."""
        return re.split(r"[:：(（]", title, maxsplit=1)[0].strip()

    def sources_of_profile(self, p: Profile) -> list[str]:
        """Return the short titles of the sources of a page's releases, scores and counters."""
        names = [self.short_title(r.source) for r in p.releases]
        names += [self.hub(s.hub) for s in p.standings]
        return list(dict.fromkeys(names))

    def pages(self) -> int:
        """Return how many families, and how many publishers, have a page at most."""
        return PAGES

    def openable(self, url: str) -> bool:
        """Return whether an address may be a link: the web, and not our own example host."""
        return url.startswith(("https://", "http://")) and "//tocsin.example/" not in url

    def territories(self, codes: tuple[str, ...]) -> str:
        """Return the names of jurisdictions, joined."""
        return self.tongue.listing([self.tongue.territory(c) for c in codes])
