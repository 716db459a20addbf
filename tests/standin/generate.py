"""A catalogue of as many models as asked for, made page by page: nothing is held in memory.

The shape follows the Hub as counted in 2025–2026: downloads fall by a power law and two thirds
of the models have none in 30 days; about ten tags each; three in five declare a base (one in
twenty a merge of two), and the bases are mostly the popular models; one parameter count in four.
Everything follows from the seed and the model's rank, so any page can be made at any time.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from math import gcd
from pathlib import Path

from tests.standin.catalogue import Item

_START = datetime(2022, 3, 2, 23, 29, 4, tzinfo=UTC)
_SPAN_S = int((datetime(2026, 8, 20, tzinfo=UTC) - _START).total_seconds())
_HEADS = (
    "Qwen", "deepseek-ai", "meta-llama", "mistralai", "google", "microsoft", "moonshotai",
    "zai-org", "openai", "nvidia", "tencent", "baidu", "ibm-granite", "allenai", "tiiuae",
    "stabilityai",
)  # fmt: skip
_LICENCES = (
    ("apache-2.0",) * 9 + ("mit",) * 5 + ("other",) * 3 + ("cc-by-nc-4.0", "llama3.1", "gemma")
)
_PIPELINES = ("text-generation",) * 6 + (
    "text-to-image", "image-text-to-text", "feature-extraction", "automatic-speech-recognition",
)  # fmt: skip
_LIBRARIES = ("transformers",) * 6 + ("peft", "diffusers", "gguf", "sentence-transformers")
_LANGUAGES = ("en", "zh", "multilingual", "fr", "ja", "de")
_SIZES = (494_032_768, 1_543_714_304, 3_085_938_688, 7_615_616_512, 14_770_033_664, 32_763_876_352)
_MASK = (1 << 64) - 1


def _mix(value: int) -> int:
    """Return 64 well-mixed bits (splitmix64)."""
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


class Generated:
    """`count` models by seed; ranks run from the most downloaded, 0, to the last."""

    def __init__(self, count: int, seed: int = 2026, cache: Path | None = None) -> None:
        self.count, self.seed, self._cache = count, seed, cache
        self._step = next(
            s for s in range(max(1, int(count * 0.618)), 2 * count + 2) if gcd(s, count) == 1
        )
        self._back = pow(self._step, -1, count) if count > 1 else 0
        if cache is not None:
            cache.mkdir(parents=True, exist_ok=True)

    def downloads(self, rank: int) -> int:
        """Return the 30-day downloads of a rank; zero beyond 35.5 % of the catalogue."""
        reached = int(self.count * 0.355)
        if rank >= reached:
            return 0
        return max(1, int(12_000_000 / (rank + 1) ** 1.02))

    def created_at(self, rank: int) -> datetime:
        """Return when a rank was made; no two ranks share a place in that order."""
        place = rank * self._step % self.count
        return _START + timedelta(seconds=place * _SPAN_S // self.count)

    def model_id(self, rank: int) -> str:
        """Return the id of a rank; every 40th model is of a known publisher."""
        bits = _mix(self.seed + rank)
        if rank < 400 or rank % 40 == 0:
            return f"{_HEADS[bits % len(_HEADS)]}/Model-{rank:07d}"
        owner = f"user{bits % max(1, self.count // 7):06x}"
        mark = "-abliterated" if bits % 331 == 0 else "-GGUF" if bits % 9 == 0 else ""
        return f"{owner}/model-{rank:07d}{mark}"

    def bases(self, rank: int) -> tuple[str, tuple[int, ...]]:
        """Return the relation to the bases, and their ranks: always more popular models."""
        bits = _mix(self.seed * 31 + rank)
        if rank < 400 or bits % 100 >= 60:
            return "", ()
        first = (bits >> 8) % max(1, min(rank, 4000 if bits % 3 else rank))
        if bits % 20 == 0:
            return "merge", tuple(sorted({first, (bits >> 24) % rank}))
        return ("quantized", "finetune", "finetune", "adapter")[bits % 4], (first,)

    def object_id(self, rank: int) -> str:
        """Return the hub's key of a rank, rising with it."""
        return f"{0x620000000000000000000000 + rank:024x}"

    def _fields(self, rank: int) -> dict[str, str]:
        """Return every field of a model as JSON text."""
        bits = _mix(self.seed * 17 + rank)
        name, made, down = self.model_id(rank), self.created_at(rank), self.downloads(rank)
        licence = _LICENCES[bits % len(_LICENCES)]
        pipeline, library = _PIPELINES[(bits >> 8) % 10], _LIBRARIES[(bits >> 16) % 10]
        tags = [
            library, "safetensors", pipeline, "conversational", _LANGUAGES[(bits >> 24) % 6],
            f"license:{licence}", "endpoints_compatible", "region:us",
        ]  # fmt: skip
        if name.endswith("-abliterated"):
            tags += ["abliterated", "uncensored"]
        if bits % 3 == 0:
            tags.append(f"arxiv:24{bits % 12 + 1:02d}.{(bits >> 30) % 20000:05d}")
        relation, ranks = self.bases(rank)
        base_ids = [self.model_id(r) for r in ranks]
        for base in base_ids:
            tags += [f"base_model:{base}", f"base_model:{relation}:{base}"]
        stamp = made.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        changed = (made + timedelta(days=bits % 40)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        fields = {
            "_id": f'"{self.object_id(rank)}"',
            "id": f'"{name}"',
            "modelId": f'"{name}"',
            "author": f'"{name.split("/", 1)[0]}"',
            "createdAt": f'"{stamp}"',
            "lastModified": f'"{changed}"',
            "downloads": str(down),
            "downloadsAllTime": str(down * (3 + bits % 20) + bits % 60),
            "likes": str(down // (900 + bits % 700)),
            "trendingScore": str(max(0, 400 - rank)),
            "private": "false",
            "gated": '"auto"' if bits % 53 == 0 else "false",
            "disabled": "false",
            "sha": f'"{_mix(bits):016x}{_mix(bits + 1):016x}{bits & 0xFFFFFFFF:08x}"',
            "tags": '["' + '","'.join(tags) + '"]',
            "pipeline_tag": f'"{pipeline}"',
            "library_name": f'"{library}"',
        }
        if bits % 4 == 0:
            size = _SIZES[(bits >> 40) % len(_SIZES)]
            fields["safetensors"] = f'{{"parameters":{{"BF16":{size}}},"total":{size}}}'
        if ranks:
            models = ",".join(
                f'{{"_id":"{self.object_id(r)}","id":"{i}"}}'
                for r, i in zip(ranks, base_ids, strict=True)
            )
            fields["baseModels"] = f'{{"relation":"{relation}","models":[{models}]}}'
        return fields

    def _ranks(self, sort: str, after: Item | None) -> Callable[[int], int | None]:
        """Return a function from place (0 = first after the cursor) to rank, None past the end."""
        start = 0
        if after is not None:
            rank = int(str(after["_id"]), 16) - 0x620000000000000000000000
            start = self._place(sort, rank) + 1

        def at(offset: int) -> int | None:
            place = start + offset
            if place >= self.count:
                return None
            if sort not in ("createdAt", "lastModified"):
                return place
            return (self.count - 1 - place) * self._back % self.count

        return at

    def _place(self, sort: str, rank: int) -> int:
        if sort not in ("createdAt", "lastModified"):
            return rank
        return self.count - 1 - rank * self._step % self.count

    def page(
        self, sort: str, after: Item | None, limit: int, keys: Sequence[str]
    ) -> tuple[bytes, Item | None]:
        """Return a JSON array of models after the cursor, and the last one if more follow."""
        at = self._ranks(sort, after)
        ranks = [r for r in (at(n) for n in range(limit)) if r is not None]
        more = at(limit) is not None
        last = self._mark(sort, ranks[-1]) if ranks and more else None
        stored = self._stored(sort, ranks, keys)
        if stored is not None and stored.exists():
            return stored.read_bytes(), last
        body = self._body(ranks, keys)
        if stored is not None:
            stored.write_bytes(body)
        return body, last

    def _body(self, ranks: Sequence[int], keys: Sequence[str]) -> bytes:
        rows = []
        for rank in ranks:
            fields = self._fields(rank)
            rows.append("{" + ",".join(f'"{k}":{fields[k]}' for k in keys if k in fields) + "}")
        return ("[" + ",".join(rows) + "]").encode()

    def _stored(self, sort: str, ranks: Sequence[int], keys: Sequence[str]) -> Path | None:
        if self._cache is None or not ranks:
            return None
        shape = _mix(hash_text(",".join(keys)) ^ self.seed ^ self.count)
        return self._cache / f"{sort}-{ranks[0]}-{len(ranks)}-{shape:016x}.json"

    def _mark(self, sort: str, rank: int) -> Item:
        value = json.loads(self._fields(rank).get(sort, "null"))
        return {sort: value, "_id": self.object_id(rank)}

    def item(self, rank: int) -> Item:
        """Return one whole model."""
        made: Item = {k: json.loads(v) for k, v in self._fields(rank).items()}
        return made

    def find(self, model_id: str) -> Item | None:
        """Return the model of that id; its rank stands in its name."""
        digits = model_id.split("odel-", 1)[-1][:7]
        if not digits.isdigit() or int(digits) >= self.count:
            return None
        return self.item(int(digits)) if self.model_id(int(digits)) == model_id else None

    def select(
        self, wanted: Callable[[Item], bool], sort: str, after: Item | None, limit: int
    ) -> tuple[list[Item], bool]:
        """Return whole models that are wanted, and whether more follow; looks at each in turn."""
        found: list[Item] = []
        at, offset = self._ranks(sort, after), 0
        while (rank := at(offset)) is not None:
            item = self.item(rank)
            if wanted(item):
                if len(found) == limit:
                    return found, True
                found.append(item)
            offset += 1
        return found, False


def hash_text(text: str) -> int:
    """Return 64 bits of a text, the same in every process."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & _MASK
    return value
