"""Which models a page says its models were made from: `baseModels` first, tags where it is silent.

Each base of a model counts once, in the order given; no model is its own base. Made a page at a
time: two models in three name a base.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from collectors.base import Columns, Parsed, Refused
from collectors.huggingface_ids import are_model_ids, is_model_id, refusal
from collectors.huggingface_items import Bases, Described
from collectors.huggingface_tags import Tags, first_of_pairs
from collectors.record import Base

_BASE = "base_model:"
RELATIONS = frozenset({"finetune", "adapter", "quantized", "merge"})


@dataclass(frozen=True)
class _Edges:
    """Base and relation by row of a page; equal rows stand side by side."""

    rows: NDArray[np.int32]
    bases: pa.StringArray
    relations: pa.StringArray

    def where(self, mask: pa.BooleanArray) -> "_Edges":
        places = np.frombuffer(pc.indices_nonzero(mask).buffers()[1], np.uint64)
        if len(places) == len(self.rows):
            return self
        return _Edges(self.rows[places], self.bases.filter(mask), self.relations.filter(mask))


def lineage(
    items: Sequence[Described], ids: pa.StringArray, tags: Tags, shared: Mapping[str, object]
) -> Iterator[Parsed]:
    """Yield the columns of `bases`, and what was named as a base and can be no model's id."""
    edges = _declared(items, tags)
    edges = edges.where(pc.not_equal(edges.bases, ids.take(pa.array(edges.rows))))
    # Most pages name one base a model, so none twice.
    several = np.any(edges.rows[1:] <= edges.rows[:-1])
    if (
        several
        and (first := first_of_pairs(edges.rows, edges.bases.dictionary_encode())) is not None
    ):
        edges = edges.where(pa.array(first))
    if not are_model_ids(edges.bases):
        names = edges.bases.to_pylist()
        for row, base in zip(edges.rows, names, strict=True):
            if not is_model_id(base):
                yield Refused("bases", items[row].id, f"base {refusal('bases', base).reason}")
        edges = edges.where(pa.array(map(is_model_id, names)))
    if len(edges.rows):
        columns = {
            "model_id": ids.take(pa.array(edges.rows)),
            "position": pa.array(_positions(edges.rows)),
            "base_id": edges.bases,
            "relation": edges.relations,
        }
        yield Columns(Base, columns, shared)


def _positions(rows: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the place of each base among those of its model, from 0."""
    places = np.arange(len(rows))
    begins = np.append(True, rows[1:] != rows[:-1])
    return places - np.maximum.accumulate(np.where(begins, places, 0))


def _declared(items: Sequence[Described], tags: Tags) -> _Edges:
    """Return every base that is named, as often as it is named."""
    rows: list[int] = []
    bases: list[str] = []
    relations: list[str] = []
    unclear: set[int] = set()
    for row, item in enumerate(items):
        found = item.bases
        if not found:
            continue
        if isinstance(found, Bases) and found.models and found.relation in RELATIONS:
            for base in found.models:
                rows.append(row)
                bases.append(base if isinstance(base, str) else base.id)
                relations.append(found.relation)
        else:
            unclear.add(row)
    silent = np.ones(len(items), np.bool_)
    silent[rows] = False
    tagged = _tagged(tags, silent)
    for row in sorted(unclear | tagged.keys()):
        found, by_base = items[row].bases, tagged.get(row, {})
        for base in (found.models if isinstance(found, Bases) else found) or by_base:
            rows.append(row)
            bases.append(base if isinstance(base, str) else base.id)
            relations.append(by_base.get(bases[-1], "unknown"))
    texts = (pa.array(column, pa.string()) for column in (bases, relations))
    return _Edges(np.array(rows, np.int32), *texts)


def _tagged(tags: Tags, wanted: NDArray[np.bool_]) -> dict[int, dict[str, str]]:
    """Return base → relation by row, from `base_model:ID` and `base_model:RELATION:ID`."""
    found: dict[int, dict[str, str]] = {}
    for row, rest in tags.beginning(_BASE, wanted):
        relation, _, base = rest.rpartition(":")
        own = found.setdefault(row, {})
        if relation in RELATIONS or base not in own:
            own[base] = relation if relation in RELATIONS else "unknown"
    return found
