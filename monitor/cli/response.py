"""`tocsin response`: the case that a rise opens, its six steps and its tasks."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from sqlmodel import Session, col, select

from config.responses import STEPS, StepName
from monitor.cli.acting import KeyOption, acting, iso, looking, moment_or_span
from monitor.cli.console import JsonFlag, level, out, print_json
from monitor.errors import ResponseError
from monitor.response.cases import (
    add_task,
    finish_step,
    finish_task,
    steps_of,
    tasks_of,
)
from monitor.response.panel import votes
from monitor.store.alerts import AlertRow, ArtefactRow, NoticeRow
from monitor.store.response import CaseRow

app = typer.Typer(no_args_is_help=True, help="Response cases: steps, tasks, meeting pack.")
Case = Annotated[int, typer.Argument(metavar="CASE", help="Number of the case; see `list`.")]


class StepWord(StrEnum):
    """The six steps, as words of the command line."""

    ACKNOWLEDGE = "acknowledge"
    CONVENE = "convene"
    ASSESS = "assess"
    PLAN = "plan"
    REPORT = "report"
    CLOSE = "close"


def document(session: Session, case: CaseRow) -> dict[str, Any]:
    """Return a case with steps, tasks and votes as one JSON object."""
    alert = session.get_one(AlertRow, case.alert_id)
    return {
        "id": case.id,
        "alert": alert.number,
        "risk": case.risk,
        "level": case.level,
        "state": case.state,
        "exercise": case.exercise,
        "opened_at": iso(case.opened_at),
        "closed_at": iso(case.closed_at),
        "conclusion": case.conclusion,
        "steps": [
            {
                "name": s.name,
                "due_at": iso(s.due_at),
                "done_at": iso(s.done_at),
                "done_by": s.done_by,
                "note": s.note,
            }
            for s in steps_of(session, case.id)
        ],
        "tasks": [
            {
                "id": t.id,
                "title": t.title,
                "owner": t.owner,
                "due_at": iso(t.due_at),
                "done_at": iso(t.done_at),
                "done_by": t.done_by,
                "note": t.note,
            }
            for t in tasks_of(session, case.id)
        ],
        "votes": [
            {
                "person": v.person,
                "sector": v.sector,
                "level": v.level,
                "agrees": v.agrees,
                "reason": v.reason,
                "at": iso(v.at),
            }
            for v in votes(session, case.id)
        ],
    }


@app.command("list")
def list_(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Those that are over too.")] = False,
    json: JsonFlag = False,
) -> None:
    """List open cases with the step that is due next."""
    with looking(context) as session:
        query = select(CaseRow).order_by(col(CaseRow.id))
        if not everything:
            query = query.where(CaseRow.state == "open")
        found = [document(session, case) for case in session.exec(query)]
    if json:
        print_json({"cases": found})
        return
    for case in found:
        todo = next((s for s in case["steps"] if s["done_at"] is None), None)
        said = (
            f"next: {todo['name']} by {todo['due_at'] or 'no clock'}" if todo else "all steps done"
        )
        mark = " · exercise 演练" if case["exercise"] else ""
        out.print(
            f"{case['id']}  alert {case['alert']}  {level(case['level'])}  {case['risk']}  "
            f"{case['state']}, {said}{mark}"
        )
    if not found:
        out.print("no open case")


@app.command()
def show(context: typer.Context, case: Case, json: JsonFlag = False) -> None:
    """Show one case: steps with who and when, tasks, votes, conclusion."""
    with looking(context) as session:
        found = document(session, _case(session, case))
    if json:
        print_json(found)
        return
    out.print(
        f"case {found['id']} of alert {found['alert']}: {level(found['level'])} {found['risk']}"
    )
    for s in found["steps"]:
        if s["done_at"]:
            said = f"done {s['done_at']} by {escape(s['done_by'])} {escape(s['note'])}".rstrip()
        else:
            said = f"due {s['due_at']}" if s["due_at"] else "no clock"
        out.print(f"  {'■' if s['done_at'] else '□'} {s['name']}: {said}")
    for t in found["tasks"]:
        box = "■" if t["done_at"] else "□"
        out.print(
            f"  {box} task {t['id']} {escape(t['title'])} — {escape(t['owner'])}, due {t['due_at']}"
        )
    for v in found["votes"]:
        word = "signs" if v["agrees"] else f"dissents: {escape(v['reason'])}"
        out.print(f"  {v['person']} ({v['sector']}) holds {v['level']}, {word}")
    if found["conclusion"]:
        out.print(f"  conclusion: {escape(found['conclusion'])}")


def _case(session: Session, number: int) -> CaseRow:
    case = session.get(CaseRow, number)
    if case is None:
        raise ResponseError(f"there is no case {number}")
    return case


@app.command()
def step(
    context: typer.Context,
    case: Case,
    name: Annotated[StepWord, typer.Argument(help="The step that is done.")],
    note: Annotated[str, typer.Option(help="What came of it; for `close`, the conclusion.")] = "",
    key: KeyOption = None,
) -> None:
    """Record that a step is done, by you, now. Steps follow their order."""
    word: StepName = next(s for s in STEPS if s == name.value)
    with acting(context, key) as person:
        done = finish_step(
            person.session, case, word, identity=person.who, note=note, now=person.now
        )
    out.print(f"case {case}: {done.name} done by {escape(done.done_by or '')}")


@app.command()
def task(
    context: typer.Context,
    case: Case,
    title: Annotated[str, typer.Argument(help="What is to be done.")],
    owner: Annotated[str, typer.Option(help="Who owes it.")],
    due: Annotated[str, typer.Option(help="Span (3d) or ISO moment.")],
    key: KeyOption = None,
) -> None:
    """Add a task to a case."""
    with acting(context, key) as person:
        added = add_task(
            person.session,
            case,
            title=title,
            owner=owner,
            due=moment_or_span(due, person.now),
            identity=person.who,
            now=person.now,
        )
    out.print(f"task {added.id} of case {case}, due {iso(added.due_at)}")


@app.command()
def done(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="TASK", help="Number of the task.")],
    note: Annotated[str, typer.Option(help="The result.")] = "",
    key: KeyOption = None,
) -> None:
    """Record that a task is done."""
    with acting(context, key) as person:
        finish_task(person.session, number, identity=person.who, note=note, now=person.now)
    out.print(f"task {number} done")


@app.command()
def pack(
    context: typer.Context,
    case: Case,
    folder: Annotated[Path, typer.Option("--out", help="Folder to write to.")] = Path(),
) -> None:
    """Write the joint-meeting pack as it was delivered, in Chinese and English."""
    with looking(context) as session:
        row = _case(session, case)
        query = (
            select(ArtefactRow)
            .join(NoticeRow, col(NoticeRow.id) == col(ArtefactRow.notice_id))
            .where(NoticeRow.case_id == row.id, ArtefactRow.kind == "pack")
        )
        found = list(session.exec(query))
    folder.mkdir(parents=True, exist_ok=True)
    for artefact in found:
        (folder / artefact.name).write_bytes(artefact.body)
        out.print(str(folder / artefact.name))
