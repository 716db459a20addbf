"""What each table says of every family and publisher, read in one query a table."""

from collections import Counter, defaultdict
from datetime import date

from duckdb import DuckDBPyConnection

from collectors.schema import from_days
from monitor.credit import credit
from monitor.profile_tables import FIRST_PARTY, MOST_D30, make_tables
from monitor.profile_tallies import display, distinct, licences, months, panel
from reports.profile import (
    Account,
    DownloadPoint,
    Profile,
    ProfileKind,
    ReleaseLine,
    ScoreLine,
    Standing,
    Unnamed,
)

LEAST = 3
"""Releases that earn a page to who has neither a repository on a hub nor a score."""
NEWEST = 40
"""Releases listed on a page; all are counted."""
YEAR = 365


Row = tuple[object, ...]


def _whole(cell: object) -> int:
    return int(str(cell))


def _day(cell: object) -> date | None:
    return None if cell is None else from_days(_whole(cell))


def _micro(cell: object) -> float | None:
    return None if cell is None else _whole(cell) / 1_000_000


class Profiles:
    """Reads every family's and publisher's part of each table in one query."""

    def __init__(self, connection: DuckDBPyConnection, *, removed_known: bool = True) -> None:
        make_tables(connection, removed_known=removed_known)
        self.connection = connection

    def rows(self, sql: str) -> list[Row]:
        """Return the rows of a query of our own."""
        return self.connection.execute(sql).fetchall()

    def grouped(self, sql: str) -> dict[str, list[Row]]:
        """Return the rows by their first column, in the order of the query."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows(sql):
            found[str(row[0])].append(row[1:])
        return found

    def told(self, kind: ProfileKind) -> list[Profile]:
        """Return every profile of a kind with anything on record, the most prominent first."""
        key = "family" if kind is ProfileKind.FAMILY else "organisation"
        accounts = self.accounts(key)
        releases, scores = self.releases(key), self.scores(key)
        standings, downloads = self.standings(key), self.downloads(key)
        incidents = self.incidents() if kind is ProfileKind.FAMILY else {}
        found = []
        for name, listed in accounts.items():
            lines = releases.get(name, [])
            known = Profile(
                kind=kind,
                name=display(listed, kind),
                organisations=distinct(a.organisation for a in listed),
                families=distinct(a.family for a in listed if a.family),
                jurisdictions=distinct(a.jurisdiction for a in listed),
                accounts=tuple(listed),
                releases=tuple(lines[:NEWEST]),
                by_openness=Counter(line.openness for line in lines),
                undated=sum(line.on is None for line in lines),
                months=months(lines),
                licences=licences(lines),
                downloads=panel(downloads.get(name, ())),
                scores=tuple(scores.get(name, ())),
                standings=tuple(standings.get(name, ())),
                incidents=tuple(incidents.get(name, ())),
            )
            if known.standings or known.scores or known.released >= LEAST:
                found.append(known)
        return sorted(found, key=lambda p: p.weight)

    def accounts(self, key: str) -> dict[str, list[Account]]:
        """Return the registry's entries, ended ones too, by family or organisation."""
        found: dict[str, list[Account]] = defaultdict(list)
        for name, *cells in self.rows(
            f"""SELECT lower({key}), hub, account, organisation, coalesce(family, ''), jurisdiction,
                       kind, valid_from_day, valid_to_day, source, source_url
                FROM publishers WHERE {key} IS NOT NULL AND kind IN {FIRST_PARTY}
                ORDER BY hub = 'name', hub, account, valid_from_day"""
        ):
            hub, account, organisation, family, where, kind = (str(c) for c in cells[:6])
            begins = from_days(_whole(cells[6]))
            found[str(name)].append(
                Account(
                    hub, account, organisation, family, where, kind, begins, _day(cells[7]),
                    credit(str(cells[8]))[0], str(cells[9]),
                )
            )  # fmt: skip
        return found

    def releases(self, key: str) -> dict[str, list[ReleaseLine]]:
        """Return the releases by family or organisation, newest first, undated ones last."""
        return {
            name: [
                ReleaseLine(
                    model=str(model), on=_day(on), weights_on=_day(weights),
                    openness=str(openness), licence=str(licence),
                    parameters=None if size is None else _whole(size),
                    source=credit(str(source))[0], url=str(url),
                )
                for model, on, weights, openness, licence, size, source, url in rows
            ]
            for name, rows in self.grouped(
                f"""SELECT {key}, model_name, released_day, weights_day, openness, licence,
                           parameters, source, source_url
                    FROM released WHERE {key} IS NOT NULL
                    ORDER BY released_day DESC NULLS LAST, model_name"""
            ).items()
        }  # fmt: skip

    def scores(self, key: str) -> dict[str, list[ScoreLine]]:
        """Return the best of each vintage of each board, open and closed apart, oldest first."""
        return {
            name: [
                ScoreLine(
                    board=str(board), board_on=from_days(_whole(on)), openness=str(openness),
                    model=str(model), released_on=_day(released), score=_micro(score) or 0.0,
                    low=_micro(low), high=_micro(high), rank=_whole(place), of=_whole(places),
                    best_open=_micro(best),
                )
                for board, on, openness, model, released, score, low, high, place, places, best
                in rows
            ]
            for name, rows in self.grouped(
                f"""SELECT {key}, board, board_day, openness, model_name, released_day, score_micro,
                           low_micro, high_micro, place, places, best_open
                    FROM scored WHERE {key} IS NOT NULL
                    QUALIFY row_number() OVER (PARTITION BY {key}, board, board_day, openness
                                               ORDER BY score_micro DESC, model_name) = 1
                    ORDER BY board, board_day, openness DESC"""
            ).items()
        }  # fmt: skip

    def standings(self, key: str) -> dict[str, list[Standing]]:
        """Return what stands on each hub: own repositories, and all that goes back to them."""
        totals = {
            str(hub): (_whole(downloads or 0), _whole(derived or 0))
            for hub, downloads, derived in self.rows(
                """SELECT o.source, sum(d.d30), sum(CASE WHEN o.depth > 0 THEN 1 ELSE 0 END)
                   FROM origin AS o
                   LEFT JOIN d30 AS d ON d.source = o.source AND d.model_id = o.model_id
                   GROUP BY o.source"""
            )
        }
        own = {
            (str(name), str(hub)): (_whole(n), _whole(counted), d30, _day(on))
            for name, hub, n, counted, d30, on in self.rows(
                f"""SELECT h.{key}, o.source, count(*), count(d.d30), sum(d.d30),
                           max(d.observed_day)
                    FROM origin AS o
                    JOIN hand AS h ON h.hub = o.source AND h.account = o.account
                    LEFT JOIN d30 AS d ON d.source = o.source AND d.model_id = o.model_id
                    WHERE h.{key} IS NOT NULL GROUP BY 1, 2"""
            )
        }
        relations = self.relations(key)
        found: dict[str, list[Standing]] = defaultdict(list)
        for name, hub, models, d30, on, derived, removed in self.rows(
            f"""SELECT h.{key}, o.source, count(*), sum(d.d30), max(d.observed_day),
                       sum(CASE WHEN o.depth > 0 THEN 1 ELSE 0 END), count(s.model_id)
                FROM origin AS o
                JOIN hand AS h ON h.hub = o.source AND h.account = o.root_account
                LEFT JOIN d30 AS d ON d.source = o.source AND d.model_id = o.model_id
                LEFT JOIN stripped AS s ON s.source = o.source AND s.model_id = o.model_id
                WHERE h.{key} IS NOT NULL GROUP BY 1, 2 ORDER BY 2, 1"""
        ):
            place = (str(name), str(hub))
            n, counted, downloads, own_on = own.get(place, (0, 0, None, None))
            all_downloads, all_derived = totals[str(hub)]
            lineage = None if d30 is None else _whole(d30)
            found[str(name)].append(
                Standing(
                    hub=str(hub), as_of=_day(on) or own_on, models=n, counted=counted,
                    downloads=None if downloads is None else _whole(downloads),
                    lineage_models=_whole(models), lineage_downloads=lineage,
                    lineage_share=lineage / all_downloads
                    if lineage is not None and all_downloads else None,
                    derivatives=_whole(derived),
                    derivative_share=_whole(derived) / all_derived if all_derived else None,
                    relations=relations.get(place, {}), removed=_whole(removed),
                )
            )  # fmt: skip
        return found

    def relations(self, key: str) -> dict[tuple[str, str], dict[str, int]]:
        """Return how the derivatives relate to their first base."""
        found: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        for name, hub, relation, n in self.rows(
            f"""SELECT h.{key}, o.source, b.relation, count(*)
                FROM origin AS o
                JOIN hand AS h ON h.hub = o.source AND h.account = o.root_account
                JOIN bases AS b ON b.source = o.source AND b.model_id = o.model_id
                               AND b.position = 0
                WHERE h.{key} IS NOT NULL AND o.depth > 0
                GROUP BY 1, 2, 3 ORDER BY 4 DESC, 3"""
        ):
            found[str(name), str(hub)][str(relation)] = _whole(n)
        return found

    def downloads(self, key: str) -> dict[str, list[DownloadPoint]]:
        """Return the 30-day counters of first-party repositories by day, of the last year."""
        return {
            name: [DownloadPoint(from_days(_whole(d)), _whole(n), _whole(m)) for d, n, m in rows]
            for name, rows in self.grouped(
                f"""SELECT h.{key}, c.observed_day, sum(c.downloads_30d), count(*)
                    FROM counters AS c
                    JOIN hand AS h ON h.hub = c.source
                     AND h.account = lower(split_part(c.model_id, '/', 1))
                    WHERE c.source = 'huggingface' AND h.{key} IS NOT NULL
                      AND c.downloads_30d BETWEEN 0 AND {MOST_D30}
                      AND (c.downloads_all_time IS NULL OR c.downloads_30d <= c.downloads_all_time)
                      AND c.observed_day > (SELECT as_of_day - {YEAR} FROM clock)
                    GROUP BY 1, 2 ORDER BY 1, 2"""
            ).items()
        }

    def incidents(self) -> dict[str, list[tuple[int, int]]]:
        """Return by family how many incidents of each year of listing name it."""
        years: dict[str, Counter[int]] = defaultdict(Counter)
        for family, on in self.rows(
            """SELECT lower(open_family), coalesce(published_day, occurred_day) FROM incidents
               WHERE open_family IS NOT NULL
                 AND coalesce(published_day, occurred_day) IS NOT NULL"""
        ):
            years[str(family)][from_days(_whole(on)).year] += 1
        return {family: sorted(found.items()) for family, found in years.items()}

    def unnamed(self) -> Unnamed:
        """Return what goes back to roots without a page: counted together."""
        ((roots, models, downloads),) = self.rows(
            """SELECT count(DISTINCT o.root_account), count(*), sum(d.d30)
               FROM origin AS o
               LEFT JOIN d30 AS d ON d.source = o.source AND d.model_id = o.model_id
               WHERE NOT EXISTS (SELECT 1 FROM hand AS h
                                 WHERE h.hub = o.source AND h.account = o.root_account)"""
        )
        return Unnamed(
            _whole(roots), _whole(models), None if downloads is None else _whole(downloads)
        )
