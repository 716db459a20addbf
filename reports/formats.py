"""Numbers, dates and moments as readers of each language expect them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

MINUS = "\u2212"
LANGS = ("zh", "en")
LOCALES = {"zh": Locale("zh", "CN", "Hans"), "en": Locale("en", "GB")}
TAGS = {"zh": "zh-CN", "en": "en"}


@lru_cache(maxsize=50_000)
def _spelled(lang: str, value: float, pattern: str) -> str:
    """Return a number by the rules of a language; a site spells the same ones again and again."""
    return str(format_decimal(value, pattern, locale=LOCALES[lang])).replace("-", MINUS)


@dataclass(frozen=True)
class Tongue:
    """One language in one time zone; every figure on a page goes through it."""

    lang: str
    zone: str = "Asia/Shanghai"

    @property
    def locale(self) -> Locale:
        """The locale whose rules hold."""
        return LOCALES[self.lang]

    @property
    def tag(self) -> str:
        """Language tag of the page."""
        return TAGS[self.lang]

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a number with grouping, fixed decimals and a true minus sign."""
        rounded = round(value, decimals) + 0.0
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return _spelled(self.lang, rounded, pattern)

    def exact(self, value: float) -> str:
        """Return a number with as many decimals as it needs, six at most."""
        return _spelled(self.lang, round(value, 6), "#,##0.######")

    def signed(self, value: float, decimals: int = 1) -> str:
        """Return a number that always shows its sign; zero has none."""
        text = self.number(value, decimals)
        return f"+{text}" if round(value, decimals) > 0 else text

    def percent(self, share: float, decimals: int = 0) -> str:
        """Return a share of one as a percentage; Chinese and English both close it up."""
        return self.number(share * 100, decimals) + "%"

    def share(self, share: float) -> str:
        """Return a share with one decimal; what is little is not shown as nothing."""
        if 0 < share < 0.0005:
            return "不到0.1%" if self.lang == "zh" else "<0.1%"
        return self.percent(share, 1)

    def day(self, on: date) -> str:
        """Return a full date in words: 2026年8月12日 or 12 August 2026."""
        if self.lang == "zh":
            return f"{on.year}年{on.month}月{on.day}日"
        return format_date(on, "d MMMM y", locale=self.locale)

    def short_day(self, on: date) -> str:
        """Return month and day only: 8月12日 or 12 Aug."""
        if self.lang == "zh":
            return f"{on.month}月{on.day}日"
        return f"{on.day} {on.strftime('%b')}"

    def month(self, on: date) -> str:
        """Return year and month: 2026年8月 or Aug 2026."""
        if self.lang == "zh":
            return f"{on.year}年{on.month}月"
        return f"{on.strftime('%b')} {on.year}"

    def local(self, at: datetime) -> datetime:
        """Return the moment in the reader's zone: the centre's in Chinese, UTC in English."""
        return at.astimezone(ZoneInfo(self.zone if self.lang == "zh" else "UTC"))

    def zone_words(self) -> str:
        """Return the name of the zone in which moments are shown."""
        if self.lang == "en":
            return "UTC"
        return "北京时间" if self.zone == "Asia/Shanghai" else self.zone

    def moment(self, at: datetime) -> str:
        """Return date, time and zone in words."""
        local = self.local(at)
        clock = f"{local:%H:%M}"
        if self.lang == "zh":
            return f"{self.day(local.date())}{clock}（{self.zone_words()}）"
        return f"{self.day(local.date())}, {clock} UTC"

    def short_moment(self, at: datetime) -> str:
        """Return month, day and time, without year and zone."""
        local = self.local(at)
        join = "" if self.lang == "zh" else ", "
        return f"{self.short_day(local.date())}{join}{local:%H:%M}"

    def stamp(self, at: datetime) -> str:
        """Return a compact moment for notes: 2026-08-12 05:33（北京时间） or … UTC."""
        local = self.local(at)
        if self.lang == "zh":
            return f"{local:%Y-%m-%d %H:%M}（{self.zone_words()}）"
        return f"{local:%Y-%m-%d %H:%M} UTC"

    def local_day(self, at: datetime) -> date:
        """Return the calendar day of a moment in the reader's zone."""
        return self.local(at).date()

    def territory(self, code: str) -> str:
        """Return the name of a country or bloc by its code; an unknown code stays as it is."""
        if code == "EU":
            return "欧盟" if self.lang == "zh" else "European Union"
        if code.lower() in {"other", "unknown"}:
            other = {"zh": ("其他", "不详"), "en": ("Others", "Unknown")}[self.lang]
            return other[0] if code.lower() == "other" else other[1]
        name = self.locale.territories.get(code)
        return str(name) if name else code

    def listing(self, items: list[str]) -> str:
        """Return the items joined as the language joins them: 、 or commas and "and"."""
        if self.lang == "zh":
            return "、".join(items)
        if len(items) < 2:
            return "".join(items)
        return ", ".join(items[:-1]) + " and " + items[-1]


def age(now: datetime, then: datetime) -> timedelta:
    """Return how long ago `then` was; never negative."""
    return max(now - then, timedelta(0))
