"""Names of closed sets that the record is written in: hubs, boards, kinds, relations, tables."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from reports.profile import PAGES, Profile
from reports.source_words import chinese
from reports.spell import Speaker

SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def original_language(words: str) -> str:
    """Return the language tag of a title of others: Chinese where it holds a Han character."""
    return "zh-CN" if any("\u4e00" <= c <= "\u9fff" for c in words) else "en"


@dataclass(frozen=True)
class Terms(Speaker):
    """A speaker that knows the record's own words; a word it does not know stays as it is."""

    def said(self, words: str) -> str:
        """Return a source's title, licence or terms in the page's language, where known."""
        return chinese().get(words, words) if self.tongue.lang == "zh" else words

    def host(self, url: str) -> str:
        """Return the host of an address, without `www.`."""
        return (urlsplit(url).hostname or "").removeprefix("www.")

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

    def table(self, table: str) -> str:
        """Return what a row of a table of the lake is."""
        return {
            "scores": self._("capability score"),
            "releases": self._("release"),
            "usage": self._("usage"),
            "incidents": self._("incident"),
            "advisories": self._("advisory"),
            "policy_events": self._("dated event"),
            "figures": self._("published figure"),
            "evidence": self._("entered by a person"),
            "counters": self._("download counters"),
            "models": self._("catalogue of models"),
            "tags": self._("tags of models"),
            "bases": self._("declared bases"),
            "files": self._("files of models"),
            "scans": self._("scan results"),
            "presence": self._("presence of repositories"),
            "publishers": self._("registry of publishers"),
        }.get(table, table)

    def event_kind(self, kind: str) -> str:
        """Return what a dated event is."""
        return {
            "policy": self._("act"),
            "incident": self._("incident"),
            "advisory": self._("advisory"),
            "evaluation": self._("evaluation"),
            "release": self._("release"),
            "research": self._("research"),
        }.get(kind, kind)

    def quantity(self, value: float, unit: str) -> str:
        """Return a value of a row with its unit, as the record names units."""
        figure = self.tongue.number(value, 2 if value % 1 and abs(value) < 1000 else 0)
        if unit == "log10_flop":
            return "10" + str(round(value)).translate(SUPERSCRIPT) + " FLOP"
        if unit == "percent":
            return f"{figure}%"
        word = {
            "models": self._("models"),
            "downloads": self._("downloads"),
            "downloads_30d": self._("downloads in 30 days"),
            "documents": self._("documents"),
            "incidents": self._("incidents"),
            "months": self._("months"),
            "ratio": self._("times"),
            "eci": self._("ECI points"),
            "elo": self._("rating points"),
            "tokens": self._("tokens"),
        }.get(unit, unit)
        return f"{figure}{word}" if self.tongue.lang == "zh" else f"{figure} {word}".rstrip()

    def foreign(self, words: str) -> str:
        """Return the language tag of a title that is not in the page's language, else nothing.

        Titles of others stay as they are; whoever shows one says that it is the original.
        """
        tag = original_language(words)
        return "" if tag == self.tongue.tag else tag

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
        return re.split(r"[:：(（]", self.said(title), maxsplit=1)[0].strip()

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
