"""Names of the figures printed beside a value: a closed list, so that no bare key appears."""

from collections.abc import Callable

BOARDS = {"eci": "ECI", "arena": "Arena", "arena_text": "Arena"}


def label(key: str, word: Callable[[str], str]) -> str:
    """Return the words of a companion or vote; an unknown key is shown with its blanks.

    Keys that end in a board's name (`point_eci`, `tolerance_2_arena`) get it in brackets.
    """
    for board, name in BOARDS.items():
        if key == board:
            return word("judged by %s") % name
        if key.endswith(f"_{board}"):
            return f"{label(key.removesuffix(f'_{board}'), word)} · {name}"
    if key.startswith("tolerance_"):
        return word("with tolerance %s") % key.removeprefix("tolerance_")
    return _names(word).get(key) or key.replace("_", " ")


def _names(word: Callable[[str], str]) -> dict[str, str]:
    return {
        "accessibility_unknown": word("openness unknown"),
        "against_apps": word("against apps"),
        "against_weights": word("against weights"),
        "all_growth": word("growth of all"),
        "by_downloads": word("by downloads"),
        "by_file_lists": word("by file lists"),
        "by_name": word("by name"),
        "by_publisher": word("by publisher"),
        "by_tag": word("by tag"),
        "change_26_weeks": word("change in 26 weeks"),
        "confirmations": word("confirmations"),
        "confirmed": word("confirmed"),
        "count": word("count"),
        "critical_without_fix": word("critical without a fix"),
        "cusum": word("cumulative sum"),
        "events": word("events"),
        "exploited": word("exploited"),
        "groups": word("groups"),
        "horizontal_mean": word("mean over scores"),
        "items": word("items"),
        "judged": word("judged value (mean of three month ends)"),
        "largest_share": word("share of the largest"),
        "models": word("models"),
        "open_of_unknown_origin": word("open, origin unknown"),
        "open_weights": word("open-weight share"),
        "own_75th_percentile": word("its own 75th percentile"),
        "part_growth": word("growth of the part"),
        "point": word("point value"),
        "points": word("points"),
        "positives": word("positives"),
        "ratio": word("ratio"),
        "repositories": word("repositories"),
        "scanned": word("scanned"),
        "steps_mean": word("mean over steps"),
        "stock": word("stock"),
        "stock_share": word("share of the stock"),
        "suspicious": word("suspicious"),
        "tested": word("tested"),
        "unanimous": word("where all bases agree"),
        "undated": word("undated"),
        "without_largest": word("without the largest"),
        "without_pipeline": word("without a task"),
    }
