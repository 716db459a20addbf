"""Feeds: RSS and Atom as they should be, and as they are."""

from functools import cached_property
from typing import TYPE_CHECKING

from tests.standin.message import Answer, Request, document, not_found, page

if TYPE_CHECKING:
    from tests.standin.server import StandIn


class Feeds:
    """Our own feeds by name, and the real malformed ones under `malformed/`.

    `rss.xml`, `atom.xml` are sound; `gb2312.xml` is in that encoding and does not say so;
    `truncated.xml` stops in the middle; `hostile.xml` carries markup where text belongs.
    """

    def __init__(self, standin: "StandIn") -> None:
        self._corpus = standin.corpus

    @cached_property
    def _malformed(self) -> dict[str, bytes]:
        return self._corpus.members("feeds_malformed/feeds.tar.gz")

    @cached_property
    def _own(self) -> dict[str, bytes]:
        rss, atom = self._corpus.own("feed_rss.xml"), self._corpus.own("feed_atom.xml")
        chinese = rss.decode().replace('encoding="utf-8"', "").encode("gb2312")
        return {
            "rss.xml": rss,
            "atom.xml": atom,
            "gb2312.xml": chinese,
            "truncated.xml": rss[: len(rss) * 2 // 3],
            "hostile.xml": self._corpus.own("feed_hostile.xml"),
        }

    def answer(self, request: Request) -> Answer:
        """Return the feed, without a charset in its type, as many servers do."""
        name = request.path.strip("/")
        if name == "":
            return document(sorted(self._own) + [f"malformed/{n}" for n in sorted(self._malformed)])
        body = self._own.get(name) or self._malformed.get(name.removeprefix("malformed/"))
        if body is None and "." in name.split("/")[0]:
            # another host's feed, asked of us under that host's name
            body = self._own["rss.xml" if ".cn/" in name else "atom.xml"]
        return not_found() if body is None else page(body, "application/xml")
