"""A small GraphQL: one query, root fields with filter, sort and pagination, nested selections.

Enough of the October 2021 specification for read-only lists: operations, variables, literals,
aliases and selection sets; no fragments, no directives, no introspection.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(
    r"""[\s,]+|\#[^\n]*|(?P<token>\.\.\.|[{}()\[\]:$!=@]|"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|[_A-Za-z]\w*)"""
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "EQ": lambda a, b: a == b,
    "NE": lambda a, b: a != b,
    "GT": lambda a, b: a is not None and a > b,
    "GTE": lambda a, b: a is not None and a >= b,
    "LT": lambda a, b: a is not None and a < b,
    "LTE": lambda a, b: a is not None and a <= b,
    "IN": lambda a, b: a in b,
    "NIN": lambda a, b: a not in b,
    "ALL": lambda a, b: isinstance(a, list) and all(x in a for x in b),
    "EXISTS": lambda a, b: (a is not None) is bool(b),
}


class GraphqlError(ValueError):
    """The query is not understood; the message says where."""


@dataclass
class Selection:
    """One selected field with its alias, arguments and children."""

    name: str
    alias: str
    arguments: dict[str, Any] = field(default_factory=dict)
    children: list["Selection"] = field(default_factory=list)


class _Parser:
    def __init__(self, text: str, variables: Mapping[str, Any]) -> None:
        self.tokens = _tokens(text)
        self.at = 0
        self.variables = variables

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token != expected):
            raise GraphqlError(f"expected {expected or 'more'}, found {token or 'the end'}")
        self.at += 1
        return token

    def operation(self) -> list[Selection]:
        if self.peek() == "query":
            self.take()
            if self.peek() not in ("{", "("):
                self.take()
            if self.peek() == "(":
                depth = 0
                while True:
                    token = self.take()
                    depth += {"(": 1, ")": -1}.get(token, 0)
                    if depth == 0:
                        break
        elif self.peek() != "{":
            raise GraphqlError("only queries are answered here")
        return self.selections()

    def selections(self) -> list[Selection]:
        self.take("{")
        found = []
        while self.peek() != "}":
            found.append(self.selection())
        self.take("}")
        return found

    def selection(self) -> Selection:
        alias = name = self.take()
        if not re.fullmatch(r"[_A-Za-z]\w*", name):
            raise GraphqlError(f"expected a field, found {name}")
        if self.peek() == ":":
            self.take()
            name = self.take()
        made = Selection(name, alias)
        if self.peek() == "(":
            self.take()
            while self.peek() != ")":
                key = self.take()
                self.take(":")
                made.arguments[key] = self.value()
            self.take(")")
        if self.peek() == "{":
            made.children = self.selections()
        return made

    def value(self) -> Any:
        token = self.take()
        if token == "$":
            return self.variables.get(self.take())
        if token == "[":
            items = []
            while self.peek() != "]":
                items.append(self.value())
            self.take("]")
            return items
        if token == "{":
            made = {}
            while self.peek() != "}":
                key = self.take()
                self.take(":")
                made[key] = self.value()
            self.take("}")
            return made
        return _literal(token)


def _literal(token: str) -> Any:
    constants: dict[str, Any] = {"true": True, "false": False, "null": None}
    if token in constants:
        return constants[token]
    if token.startswith('"'):
        return token[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if re.fullmatch(r"-?\d+", token):
        return int(token)
    if re.fullmatch(r"-?\d+\.\d+", token):
        return float(token)
    return token  # an enumeration, e.g. DESC


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise GraphqlError(f"unexpected {text[at]!r} at {at}")
        if match["token"]:
            found.append(match["token"])
        at = match.end()
    return found


def _holds(row: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    for key, test in wanted.items():
        if key == "AND":
            good = all(_holds(row, part) for part in test)
        elif key == "OR":
            good = any(_holds(row, part) for part in test)
        elif key == "NOR":
            good = not any(_holds(row, part) for part in test)
        elif key not in row:
            raise GraphqlError(f"no field {key} to filter by")
        else:
            good = all(_compare(op, row[key], value) for op, value in test.items())
        if not good:
            return False
    return True


def _compare(operator: str, left: Any, right: Any) -> bool:
    if operator not in _COMPARE:
        raise GraphqlError(f"no operator {operator}")
    return _COMPARE[operator](left, right)


def _project(value: Any, children: list[Selection]) -> Any:
    if not children:
        return value
    if isinstance(value, list):
        return [_project(v, children) for v in value]
    if value is None:
        return None
    missing = [c.name for c in children if c.name not in value]
    if missing:
        raise GraphqlError(f"no field {missing[0]}")
    return {c.alias: _project(value[c.name], c.children) for c in children}


def execute(
    query: str, variables: Mapping[str, Any], tables: Mapping[str, list[dict[str, Any]]]
) -> dict[str, Any]:
    """Return `data` of the query over the tables; raises GraphqlError."""
    data = {}
    for root in _Parser(query, variables).operation():
        if root.name not in tables:
            raise GraphqlError(f"no field {root.name}")
        rows = tables[root.name]
        if wanted := root.arguments.get("filter"):
            rows = [row for row in rows if _holds(row, wanted)]
        for key, direction in reversed(list((root.arguments.get("sort") or {}).items())):
            rows = sorted(rows, key=lambda r, k=key: r[k], reverse=direction == "DESC")  # type: ignore[misc]
        paging = root.arguments.get("pagination") or {}
        skip, limit = paging.get("skip") or 0, paging.get("limit")
        rows = rows[skip:] if limit is None else rows[skip : skip + limit]
        data[root.alias] = _project(rows, root.children)
    return data
