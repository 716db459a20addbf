"""`tocsin explain`: the tree of reasons, down to rows with URL, fetch time and file hash."""

from typing import Annotated, Literal

import typer

from monitor.cli.assess import AsOf, MethodOption, Reconstructed, judge
from monitor.cli.console import JsonFlag, installation, out, print_json
from monitor.cli.explain_tree import tree
from monitor.explain import explanation, subject_of


def explain(
    context: typer.Context,
    subject: Annotated[
        str, typer.Argument(metavar="RISK_OR_INDICATOR", help="misuse, S05, or an id.")
    ],
    as_of: AsOf = None,
    reconstructed: Reconstructed = False,
    method: MethodOption = None,
    rows: Annotated[int, typer.Option(min=0, max=50, help="Source rows shown per table.")] = 5,
    lang: Annotated[Literal["zh", "en"], typer.Option(help="Language of the words.")] = "en",
    json: JsonFlag = False,
) -> None:
    """Explain a level: its clauses, values, source rows, what would change it, what is unknown."""
    opened = installation(context)
    subject_of(subject, opened.method)  # refuse an unknown name before the long fold
    judged = judge(opened, as_of, reconstructed=reconstructed, version=method, quiet=json)
    found = explanation(judged, subject_of(subject, judged.method), limit=rows)
    if json:
        print_json(found)
    else:
        words = tree(found, judged.method, lang)
        out.print(words, soft_wrap=False, no_wrap=False, overflow="fold")
