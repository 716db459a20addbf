"""Run the indicators' own SQL, unchanged, on an existing cluster through Spark Connect.

Apache Spark, or Sail where no JVM is wanted. The cut to a moment and the lineage are made here, by
DuckDB, and handed over as Parquet in a folder (or bucket) that the cluster reads too; the method's
views and every indicator's SELECT then run there. Whole numbers come back, so readings are equal
to the last digit (`tocsin method check --engine spark`).
"""

import os
import shutil
import tempfile
import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from collectors.schema import TABLES
from config.errors import ConfigError
from monitor.asof import View
from monitor.indicators import Cursor, Rows

HANDED = (*TABLES, "roots", "clock", "lexicon", "packages", "licences")
"""Tables that are handed to the cluster; the rest is made there by the method's views."""


@dataclass(frozen=True)
class _Answer:
    """Rows of one query, as a DB-API cursor shows them."""

    description: list[tuple[str]]
    rows: Sequence[Any]

    def fetchall(self) -> list[Any]:
        """Return all rows as tuples."""
        return [tuple(row) for row in self.rows]


class ClusterRows:
    """`monitor.indicators.Rows` on a Spark Connect session."""

    def __init__(self, session: Any) -> None:
        self.session = session

    def execute(self, query: str, /) -> Cursor:
        """Run one query on the cluster and bring its rows here."""
        found = self.session.sql(query)
        return _Answer([(name,) for name in found.columns], found.collect())

    def interrupt(self) -> None:
        """Stop whatever the session is running."""
        self.session.interruptAll()


class ClusterView(View):
    """A view whose indicators run on a cluster."""

    def __init__(self, *args: Any, address: str, exchange: Path | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        self.session = connect(address)
        self._own = exchange is None
        self.exchange = exchange or Path(tempfile.mkdtemp(prefix="tocsin-exchange-"))
        self._handed: dict[str, str] = {}
        self._round = 0

    def prepare(self, moment: datetime, only: Collection[str] | None = None) -> Rows:
        """Hand over what changed, make the method's views on the cluster, return its rows."""
        wanted = self.needed(only)
        self.at(moment, [name for name in wanted if name not in self.views])
        self._round += 1
        for name in wanted:
            if name in HANDED:
                self._hand_over(name)
        for name in ("clock", "lexicon", "packages", "licences"):
            self._hand_over(name)
        for name in wanted:
            if name in self.views:
                self._keep(name, self.session.sql(self.views[name]))
        return ClusterRows(self.session)

    def _hand_over(self, name: str) -> None:
        stamp = self.made(name)
        if stamp and self._handed.get(name) == stamp:
            return
        target = self.exchange / f"{name}-{self._round}.parquet"
        self.connection.execute(f"COPY {name} TO '{target}' (FORMAT parquet)")
        self.session.read.parquet(str(target)).createOrReplaceTempView(name)
        self._handed[name] = stamp

    def _keep(self, name: str, found: Any) -> None:
        """Compute a view once and let every indicator read the result."""
        target = str(self.exchange / f"{name}-{self._round}")
        found.write.mode("overwrite").parquet(target)
        # An empty result leaves no file to read a schema from.
        self.session.read.schema(found.schema).parquet(target).createOrReplaceTempView(name)

    def close(self) -> None:
        """Leave the cluster as it was found."""
        super().close()
        self.session.stop()
        if self._own:
            shutil.rmtree(self.exchange, ignore_errors=True)


def connect(address: str) -> Any:
    """Return a session on the cluster at `sc://host:port`; ConfigError if that cannot be."""
    with warnings.catch_warnings():
        # Of pandas, which the client imports and nothing here uses.
        warnings.simplefilter("ignore", FutureWarning)
        try:
            import pyspark
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise ConfigError(
                "settings", "lake.engine", "the extra: pip install 'tocsin[spark]'"
            ) from error
        # The client alone brings no Spark, yet looks for one before it connects.
        os.environ.setdefault("SPARK_HOME", str(Path(pyspark.__file__).parent))
        return SparkSession.builder.remote(address).getOrCreate()
