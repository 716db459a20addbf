"""Do two engines agree? Every indicator of a method on the same cut, on DuckDB and on a cluster."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from config import baseline
from config.method import Method
from monitor.asof import View
from monitor.baseline import load_baseline
from monitor.cluster import ClusterView
from monitor.context import Context
from monitor.indicators import evaluate
from monitor.method_check import Finding
from monitor.record import spark_address
from rules.types import Reading


class Engine(StrEnum):
    """Engines that a method can be compared on, besides DuckDB and SQLite."""

    SPARK = "spark"


@dataclass(frozen=True)
class Compared:
    """One indicator on both engines."""

    code: str
    here: Reading
    there: Reading

    @property
    def agree(self) -> bool:
        """Whether both gave the same reading, to the last digit."""
        return self.here == self.there


def compare(method: Method, view: View, cluster: ClusterView, moment: datetime) -> list[Compared]:
    """Return every indicator's reading on both engines as of the moment."""
    here, there = view.prepare(moment), cluster.prepare(moment)
    return [
        Compared(
            indicator.code,
            evaluate(here, indicator, moment, home=view.home, vintage=""),
            evaluate(there, indicator, moment, home=view.home, vintage=""),
        )
        for indicator in method.indicators
    ]


def compare_on_cluster(context: Context, method: Method) -> list[Finding]:
    """Return what differs between DuckDB and the cluster on the shipped record, at its cut-off."""
    load_baseline(context)
    lake, home, files = context.lake, context.settings.home, context.lake.visible()
    here = View(lake, files, home=home, views=method.views, reconstructed=True)
    there = ClusterView(
        lake, files, home=home, views=method.views, reconstructed=True,
        address=spark_address(context),
    )  # fmt: skip
    try:
        return [
            Finding(
                f"indicators {c.code}",
                "engine",
                f"{c.here.value}, the cluster says {c.there.value}",
            )
            for c in compare(method, here, there, baseline.CUTOFF)
            if not c.agree
        ]
    finally:
        there.close()
        here.close()
