"""Pseudonyms for safety-removed, likeness and malicious repositories.

The record counts such repositories and follows their lineage; it is not a shopping guide. A
pseudonym is `redacted/BATCH-WORD-NUMBER`: the batch is the hash of the source file, the word the
lexicon word that its own name held (so a rule by name finds the same rows) or `tag`, the number a
running number in an order that says nothing of the name.
"""

import hashlib
import random
from collections.abc import Iterable
from dataclasses import dataclass, field

from config import registry

SAFE_TAGS = frozenset(
    {"safetensors", "gguf", "pytorch", "transformers", "onnx", "mlx", "custom_code", "merge",
     "region:us", "conversational", "text-generation", "image-text-to-text", "any-to-any"}
)  # fmt: skip
"""Tags so common that they name nothing; a pseudonym keeps these, licences and lexicon words."""

_KINDS = ("safety_removed", "person_likeness", "malicious")


def words_in_name(model_id: str) -> list[str]:
    """Return the lexicon words of any of the three kinds that the name holds, longest first."""
    name = model_id.rsplit("/", 1)[-1].lower()
    words = {w for kind in _KINDS for w in registry.lexicon()[kind] if w in name}
    return sorted(words, key=lambda w: (-len(w), w))


def tag_hits(tags: Iterable[str]) -> list[str]:
    """Return the tags that equal a lexicon word of any of the three kinds."""
    words = {w for kind in _KINDS for w in registry.lexicon()[kind]}
    return sorted({t for t in tags if t.lower() in words})


@dataclass
class Pseudonyms:
    """Which ids of one batch are hidden, and what stands for each, the same in every table."""

    batch: str
    hidden: dict[str, str] = field(default_factory=dict)

    def __call__(self, model_id: str) -> str:
        """Return the pseudonym of a hidden id, or the id itself."""
        return self.hidden.get(model_id, model_id)

    def tags(self, model_id: str, tags: Iterable[str]) -> list[str]:
        """Return the tags that may be shown beside the id or its pseudonym."""
        if model_id not in self.hidden:
            return list(tags)
        hits = set(tag_hits(tags))
        return [t for t in tags if t in hits or t in SAFE_TAGS or t.startswith("license:")]


def pseudonyms(source: bytes, ids: dict[str, list[str]], bases: Iterable[str]) -> Pseudonyms:
    """Return the pseudonyms of a batch: `ids` maps an id to its tags, `bases` are pointed at.

    The order of numbers is drawn with the source's hash as seed, so a rebuild gives the same and
    the number tells nothing.
    """
    digest = hashlib.sha256(source).hexdigest()
    named = {i for i in {*ids, *bases} if words_in_name(i)}
    hidden = sorted(named | {i for i, tags in ids.items() if tag_hits(tags)})
    random.Random(digest).shuffle(hidden)  # noqa: S311 - an order, not a secret
    found = Pseudonyms(digest[:8])
    for number, model_id in enumerate(hidden, start=1):
        word = (words_in_name(model_id) or ["tag"])[0]
        found.hidden[model_id] = f"redacted/{digest[:8]}-{word}-{number:04d}"
    return found
