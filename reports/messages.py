"""Which messages the code and the shared templates ask for, so that catalogues can be checked."""

from importlib.resources import as_file, files

from babel.messages.extract import extract_from_dir

KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "n_": (1, 2), "word": None}
METHODS = [("**.py", "python"), ("**.j2", "jinja2")]
OPTIONS = {
    "**.j2": {
        "extensions": "jinja2.ext.i18n,jinja2.ext.do,jinja2.ext.loopcontrols",
        "trim_blocks": "true",
        "silent": "false",
    }
}

Message = str | tuple[str, str]


def wanted() -> dict[Message, list[str]]:
    """Return every message with the places that use it, in order of first use."""
    found: dict[Message, list[str]] = {}
    with as_file(files("reports")) as folder:
        for name, line, message, _comments, _context in extract_from_dir(
            folder, METHODS, OPTIONS, KEYWORDS
        ):
            key = message if isinstance(message, str) else (message[0], message[1])
            found.setdefault(key, []).append(f"{name}:{line}")
    return found
