"""Whether a batch may be read: facts of the candidate against those of the last good one.

Pure: `quarantine_gather` gathers the facts while a batch is written, the store keeps them as JSON,
and `check` compares. A finding that *holds* keeps the batch out of every indicator until a person
releases it; one that *flags* goes with the batch, so that no level hangs on the named rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from collectors.quarantine_facts import BatchFacts, CounterChange, PathSeen


class Severity(StrEnum):
    """What a finding does to its batch."""

    HOLD = "hold"
    FLAG = "flag"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a batch, in both languages, with the figures behind it."""

    code: str
    severity: Severity
    zh: str
    en: str
    detail: dict[str, int | str | list[str]] = msgspec.field(default_factory=dict)


@dataclass(frozen=True)
class QuarantineRules:
    """Where a difference becomes a finding; shares in permille."""

    halved_permille: int = 400
    rows_lost_permille: int = 300
    all_time_fell_permille: int = 50
    """Real corrections stay under 20 permille a day."""
    least_compared: int = 20
    """Fewer rows than this show nothing."""
    field_was_permille: int = 900
    field_now_permille: int = 100
    refused_permille: int = 50
    absurd_permille: int = 10
    gone_permille: int = 500
    least_gone: int = 3


DEFAULT_RULES = QuarantineRules()


def check(
    batch: BatchFacts, previous: BatchFacts | None, rules: QuarantineRules = DEFAULT_RULES
) -> list[Finding]:
    """Return what is wrong with the batch, the gravest first; nothing = it may be read."""
    found = [*_alone(batch, rules)]
    if previous is not None and previous.scope == batch.scope:
        found += [*_beside(batch, previous, rules)]
    if batch.counters is not None:
        found += [*_moved(batch.counters, rules)]
    return sorted(found, key=lambda f: (f.severity is Severity.FLAG, f.code))


def held(findings: Sequence[Finding]) -> bool:
    """Return whether any of the findings keeps the batch from being read."""
    return any(f.severity is Severity.HOLD for f in findings)


def _permille(part: int, whole: int) -> int:
    return 0 if whole <= 0 else part * 1000 // whole


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "0 %"


def _hold(code: str, zh: str, en: str, **detail: int | str | list[str]) -> Finding:
    return Finding(code=code, severity=Severity.HOLD, zh=zh, en=en, detail=detail)


def _flag(code: str, zh: str, en: str, **detail: int | str | list[str]) -> Finding:
    return Finding(code=code, severity=Severity.FLAG, zh=zh, en=en, detail=detail)


def _alone(batch: BatchFacts, rules: QuarantineRules) -> Iterator[Finding]:
    """Yield what can be seen without any earlier batch."""
    if batch.mislabelled:
        yield _hold(
            "html_for_data",
            f"{batch.mislabelled}份应答自称数据，实为网页。",
            f"{batch.mislabelled} answers called themselves data and were web pages.",
            answers=batch.mislabelled,
        )
    refused = sum(batch.refused.values())
    if refused:
        whole = refused + sum(batch.rows.values())
        many = _permille(refused, whole) > rules.refused_permille and refused > 1
        tell = _hold if many else _flag
        yield tell(
            "rows_refused",
            f"{refused}行未被收录，其余{whole - refused}行照常。",
            f"{refused} rows were not taken; the other {whole - refused} were.",
            rows=refused,
            reasons=[f"{k}: {v}" for k, v in sorted(batch.refused.items())][:20],
        )
    if batch.repeated:
        yield _flag(
            "repeated",
            f"{batch.repeated}行重复，按后到者计。",
            f"{batch.repeated} rows came twice; the later one counts.",
            rows=batch.repeated,
        )
    for name, number in sorted(batch.encodings.items()):
        yield _flag(
            "encoding",
            f"{number}份应答的编码有疑：{name}。",
            f"{number} answers with an encoding in doubt: {name}.",
            encoding=name,
        )
    yield from _odd_values(batch, rules)


def _odd_values(batch: BatchFacts, rules: QuarantineRules) -> Iterator[Finding]:
    counted = batch.rows.get("counters", 0)
    if batch.absurd:
        many = batch.absurd >= rules.least_compared
        many = many and _permille(batch.absurd, counted) > rules.absurd_permille
        tell = _hold if many else _flag
        yield tell(
            "absurd",
            f"{batch.absurd}个模型的计数自相矛盾。",
            f"{batch.absurd} models have counters that contradict each other.",
            models=batch.absurd,
            ids=batch.absurd_ids,
        )
    if batch.spikes:
        yield _flag(
            "young_spike",
            f"{len(batch.spikes)}个新仓库下载量骤增而几乎无人点赞，疑为刷量；不得单凭它们定级。",
            f"{len(batch.spikes)} young repositories have many downloads and next to no likes; "
            "no level may hang on them alone.",
            ids=batch.spikes,
        )
    asked = sum(batch.presence.values())
    gone = batch.presence.get("gone", 0)
    if gone >= rules.least_gone and _permille(gone, asked) > rules.gone_permille:
        yield _hold(
            "mostly_gone",
            f"关注名单中{asked}个仓库有{gone}个同时不见，更像来源故障。",
            f"{gone} of {asked} watched repositories are gone at once, more like a failing source.",
            gone=gone,
            asked=asked,
        )


def _beside(batch: BatchFacts, previous: BatchFacts, rules: QuarantineRules) -> Iterator[Finding]:
    """Yield what differs from the last good batch of the same scope."""
    yield from _kinds(batch, previous)
    yield from _drift(batch.paths, previous.paths, rules)
    yield from _emptied(batch, previous, rules)
    if batch.inventory:
        yield from _collapsed(batch, previous, rules)
    if batch.newest_day is not None and previous.newest_day is not None:
        back = previous.newest_day - batch.newest_day
        if back > 0:
            yield _hold(
                "back_in_time",
                f"最新观测日比上一批早{back}天。",
                f"The newest day observed lies {back} days before that of the last batch.",
                days=back,
            )


def _kinds(batch: BatchFacts, previous: BatchFacts) -> Iterator[Finding]:
    for kind in sorted(batch.kinds.keys() - previous.kinds.keys()):
        tell = _hold if kind in ("html", "empty") else _flag
        yield tell(
            "kind_changed",
            f"{batch.kinds[kind]}份应答的内容类型变为{kind}。",
            f"{batch.kinds[kind]} answers are now {kind}, which they never were.",
            kind=kind,
        )


def _drift(
    now: Mapping[str, PathSeen], before: Mapping[str, PathSeen], rules: QuarantineRules
) -> Iterator[Finding]:
    """Yield fields gone and fields of another type; a field that is new is only named."""
    parents = {p: seen.of for p, seen in now.items()}
    gone: list[str] = []
    for path, was in sorted(before.items()):
        if path in now or _permille(was.seen, was.of) < rules.field_was_permille:
            continue
        above = path.rpartition(".")[0]
        if was.of >= rules.least_compared and (above in parents or above == "$"):
            gone.append(path)
    if gone:
        yield _hold(
            "field_gone",
            f"字段不见：{'、'.join(gone[:5])}。",
            f"Fields are gone: {', '.join(gone[:5])}.",
            fields=gone[:50],
        )
    changed = [
        f"{path}: {'|'.join(before[path].types)} → {'|'.join(seen.types)}"
        for path, seen in sorted(now.items())
        if path in before and _disjoint(seen.types, before[path].types)
    ]
    if changed:
        yield _hold(
            "type_changed",
            f"字段类型改变：{'；'.join(changed[:5])}。",
            f"Fields have another type: {'; '.join(changed[:5])}.",
            fields=changed[:50],
        )
    added = sorted(now.keys() - before.keys()) if before else []
    if added:
        yield _flag(
            "field_new",
            f"出现新字段：{'、'.join(added[:5])}。",
            f"Fields are new: {', '.join(added[:5])}.",
            fields=added[:50],
        )


def _disjoint(one: Sequence[str], other: Sequence[str]) -> bool:
    some, before = set(one) - {"null"}, set(other) - {"null"}
    return bool(some and before) and not some & before


def _emptied(batch: BatchFacts, previous: BatchFacts, rules: QuarantineRules) -> Iterator[Finding]:
    """Yield columns that used to be filled and no longer are: a field gone, seen from inside."""
    lost = []
    for name, was in sorted(previous.filled.items()):
        table = name.partition(".")[0]
        rows, rows_before = batch.rows.get(table, 0), previous.rows.get(table, 0)
        if min(rows, rows_before) < rules.least_compared:
            continue
        full = _permille(was, rows_before) >= rules.field_was_permille
        if full and _permille(batch.filled.get(name, 0), rows) < rules.field_now_permille:
            lost.append(name)
    if lost:
        yield _hold(
            "column_empty",
            f"原本几乎都有值的列空了：{'、'.join(lost[:5])}。",
            f"Columns that were nearly always filled are empty: {', '.join(lost[:5])}.",
            columns=lost[:50],
        )


def _collapsed(
    batch: BatchFacts, previous: BatchFacts, rules: QuarantineRules
) -> Iterator[Finding]:
    for table, before in sorted(previous.rows.items()):
        now = batch.rows.get(table, 0)
        if before < rules.least_compared or table == "tags":
            continue
        if _permille(before - now, before) > rules.rows_lost_permille:
            yield _hold(
                "rows_collapsed",
                f"{table}表由{before}行降至{now}行，少了{_percent(before - now, before)}。",
                f"Table {table} fell from {before} rows to {now}, "
                f"by {_percent(before - now, before)}.",
                table=table,
                before=before,
                now=now,
            )


def _moved(change: CounterChange, rules: QuarantineRules) -> Iterator[Finding]:
    """Yield counters that fell together, or ran backwards."""
    enough = change.compared >= rules.least_compared
    if enough and _permille(change.halved, change.compared) > rules.halved_permille:
        share = _percent(change.halved, change.compared)
        yield _hold(
            "counters_halved",
            f"{share}的模型近30天下载量跌去一半以上（比较了{change.compared}个）。",
            f"{share} of the 30-day counters fell by more than half ({change.compared} compared).",
            halved=change.halved,
            compared=change.compared,
        )
    whole = change.all_time_compared
    if whole >= rules.least_compared and (
        _permille(change.all_time_fell, whole) > rules.all_time_fell_permille
    ):
        share = _percent(change.all_time_fell, whole)
        yield _hold(
            "counters_backward",
            f"{share}的累计下载量变小（比较了{whole}个）：像是旧快照重发。",
            f"{share} of the all-time counters fell ({whole} compared): like an old snapshot "
            "served again.",
            fell=change.all_time_fell,
            compared=whole,
        )
    if change.sprung:
        yield _flag(
            "spike",
            f"{len(change.sprung)}个模型下载量骤增20倍以上而几乎无人点赞；不得单凭它们定级。",
            f"{len(change.sprung)} models sprang up twentyfold with next to no likes; "
            "no level may hang on them alone.",
            ids=change.sprung,
        )
