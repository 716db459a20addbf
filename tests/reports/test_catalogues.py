"""The catalogues hold every label that code and templates ask for, in both languages."""

import re
from importlib.resources import files

import pytest
from babel.messages.catalog import Message

from collectors.registry import COLLECTORS
from reports.messages import wanted
from reports.source_words import chinese
from reports.words import catalogue, translations


def entries(lang: str) -> dict[object, Message]:
    """Return the messages of a catalogue by id, plural pairs as tuples."""
    return {
        tuple(m.id) if isinstance(m.id, list | tuple) else m.id: m for m in catalogue(lang) if m.id
    }


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_label_is_translated_and_none_is_left_over(lang: str) -> None:
    held, asked = entries(lang), wanted()
    assert sorted(map(str, set(asked) - set(held))) == []
    assert sorted(map(str, set(held) - set(asked))) == []
    for key, message in held.items():
        forms = message.string if isinstance(message.string, tuple | list) else [message.string]
        assert all(forms), (lang, key)
        assert not message.fuzzy, key


def test_placeholders_survive_translation() -> None:
    for key, message in entries("zh").items():
        first = key[0] if isinstance(key, tuple) else key
        forms = message.string if isinstance(message.string, tuple | list) else [message.string]
        names = set(re.findall(r"%\(\w+\)s|%s", str(first)))
        for form in forms:
            assert set(re.findall(r"%\(\w+\)s|%s", str(form))) == names, key


def test_plural_forms_follow_the_language() -> None:
    en, zh = translations("en"), translations("zh")
    assert en.ngettext("%(num)s day", "%(num)s days", 1) == "%(num)s day"
    assert en.ngettext("%(num)s day", "%(num)s days", 2) == "%(num)s days"
    assert zh.ngettext("%(num)s day", "%(num)s days", 1) == "%(num)s天"


def test_prose_stands_in_both_languages_under_the_same_names() -> None:
    folder = files("reports") / "templates"
    for name in ("say", "alert", "annual", "method", "profile", "quarterly", "special"):
        macros = {
            lang: re.findall(
                r"{% macro (\w+)\(", (folder / lang / f"{name}.j2").read_text(encoding="utf-8")
            )
            for lang in ("zh", "en")
        }
        assert macros["zh"] == macros["en"], name
        assert len(set(macros["zh"])) == len(macros["zh"]), name


def test_every_source_is_told_in_chinese() -> None:
    spoken = chinese()
    for collector in COLLECTORS:
        source = collector.source
        for words in (source.title, source.licence, source.terms):
            named = not re.search(r"[a-z]{3,} [a-z]{3,}", words)
            assert words in spoken or named, (source.id, words)
    mentioned = {w for c in COLLECTORS for w in (c.source.title, c.source.licence, c.source.terms)}
    assert set(spoken) - mentioned == {"Tocsin"}
