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
from collectors.huggingface_items import Bases, Described, Named
from collectors.huggingface_tags import Tags, first_of_pairs
from collectors.record import Base

_BASE = "base_model:"
RELATIONS = frozenset({"finetune", "adapter", "quantized", "merge"})


@dataclass(frozen=True)
class _Edges:
    """Base and relation of rows of a page; `rows` holds equal numbers side by side."""

    rows: NDArray[np.int32]
    bases: pa.StringArray
    relations: pa.StringArray

    def where(self, mask: NDArray[np.bool_]) -> "_Edges":
        kept = pa.array(mask)
        return _Edges(self.rows[mask], self.bases.filter(kept), self.relations.filter(kept))

    def positions(self) -> NDArray[np.int64]:
        """Return the place of each base among those of its model, from 0."""
        starts = np.flatnonzero(np.diff(self.rows, prepend=-1))
        lengths = np.diff(starts, append=len(self.rows))
        return np.arange(len(self.rows)) - np.repeat(starts, lengths)


def lineage(
    items: Sequence[Described], ids: pa.StringArray, tags: Tags, shared: Mapping[str, object]
) -> Iterator[Parsed]:
    """Yield the columns of `bases`, and what was named as a base and can be no model's id."""
    edges = _declared(items, tags)
    edges = edges.where(pc.not_equal(edges.bases, ids.take(pa.array(edges.rows))).to_numpy(False))
    if (first := first_of_pairs(edges.rows, edges.bases)) is not None:
        edges = edges.where(first)
    names = edges.bases.to_pylist()
    if not are_model_ids(names):
        good = np.fromiter(map(is_model_id, names), np.bool_, len(names))
        for place in map(int, np.flatnonzero(~good)):
            reason = f"base {refusal('bases', names[place]).reason}"
            yield Refused("bases", items[edges.rows[place]].id, reason)
        edges = edges.where(good)
    if len(edges.rows):
        columns = {
            "model_id": ids.take(pa.array(edges.rows)),
            "position": pa.array(edges.positions()),
            "base_id": edges.bases,
            "relation": edges.relations,
        }
        yield Columns(Base, columns, shared)


def _declared(items: Sequence[Described], tags: Tags) -> _Edges:
    """Return every base that is named, as often as it is named."""
    said: list[tuple[int, Sequence[Named | str], str]] = []
    silent = np.zeros(len(items), np.bool_)
    for row, item in enumerate(items):
        found = item.bases
        if isinstance(found, Bases) and found.models and found.relation in RELATIONS:
            said.append((row, found.models, found.relation))
        else:
            silent[row] = True
    tagged = _tagged(tags, silent)
    for row in map(int, np.flatnonzero(silent)):
        found, by_base = items[row].bases, tagged.get(row, {})
        named = (found.models if isinstance(found, Bases) else found) or list(by_base)
        said += [(row, (b,), by_base.get(_name(b), "unknown")) for b in named]
    counts = [len(named) for _, named, _ in said]
    names = [b if isinstance(b, str) else b.id for _, named, _ in said for b in named]
    places = pa.array(np.repeat(np.arange(len(said)), counts))
    return _Edges(
        np.repeat(np.array([row for row, _, _ in said], np.int32), counts),
        pa.array(names, pa.string()),
        pa.array([relation for _, _, relation in said], pa.string()).take(places),
    )


def _name(base: Named | str) -> str:
    return base if isinstance(base, str) else base.id


def _tagged(tags: Tags, wanted: NDArray[np.bool_]) -> dict[int, dict[str, str]]:
    """Return base → relation by row, from `base_model:ID` and `base_model:RELATION:ID`."""
    found: dict[int, dict[str, str]] = {}
    for row, rest in tags.beginning(_BASE, wanted):
        relation, _, base = rest.rpartition(":")
        own = found.setdefault(row, {})
        if relation in RELATIONS or base not in own:
            own[base] = relation if relation in RELATIONS else "unknown"
    return found
