"""The documents are what their schemas say, and the schemas refuse what they should."""

import copy
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError
from referencing import Registry, Resource

from reports.annual import annual_data
from reports.schema import names, schema
from tests.reports import pages, sample


def validator(name: str) -> Draft202012Validator:
    """Return a validator that knows every schema by its file name."""
    known = [(f"{n}.json", Resource.from_contents(schema(n))) for n in names()]
    same = [
        (str(schema(n)["$id"]), Resource.from_contents(schema(n)))
        for n in names()
        if "$id" in schema(n)
    ]
    registry: Registry[Any] = Registry().with_resources([*known, *same])
    return Draft202012Validator(schema(name), registry=registry)


@pytest.mark.parametrize("name", names())
def test_every_schema_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))


def test_the_status_of_the_site_holds_its_schema_and_its_figures() -> None:
    document = json.loads(pages.site()["status.json"])
    validator("status").validate(document)
    assert document["as_of"] == "2026-11-23T06:00:00+00:00"
    lag = document["beside"]["risks"]["misuse"]["indicators"][1]
    assert (lag["id"], lag["value"], lag["unit"]) == ("misuse.s05", 5.2, "months")
    assert lag["observed_at"] == "2026-08-11"
    assert document["risks"]["misuse"]["indicators"][1]["missing"]["why"] == "no_data"


def test_the_data_file_of_the_annual_report_holds_its_schema() -> None:
    document = json.loads(annual_data(sample.annual()))
    validator("annual").validate(document)
    assert document["history"]["misuse.s05"][-1] == ["2026-08-11", 5.2, 3.6, 8.0]


def test_a_value_beside_a_reason_or_neither_is_refused() -> None:
    document = json.loads(pages.site()["status.json"])
    both, neither = copy.deepcopy(document), copy.deepcopy(document)
    both["risks"]["misuse"]["indicators"][0]["value"] = 0
    neither["risks"]["misuse"]["indicators"][0]["missing"] = None
    for wrong in (both, neither):
        with pytest.raises(ValidationError):
            validator("status").validate(wrong)
