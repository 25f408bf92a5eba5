"""``wenyue status``: the status page as a process of its own, and what operators write on it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

import typer
from rich.console import Console

from wenyue.core.clock import utc_now
from wenyue.locale import Message
from wenyue.platform.config import load
from wenyue.platform.fault import SetupError
from wenyue.web.status.history import NOTE_STATES, TEXT_MAX, TITLE_MAX, History
from wenyue.web.status.model import COMPONENTS, Incident, Note
from wenyue.web.status.run import run_status

NAMES: Final = tuple(one.name for one in COMPONENTS)
Zh = Annotated[str, typer.Option(help="in Chinese")]
En = Annotated[str, typer.Option(help="in English")]
app = typer.Typer(
    add_completion=False,
    invoke_without_command=True,
    help="The public status page, and its incidents (状态页).",
)
incident = typer.Typer(no_args_is_help=True, help="Tell travellers about an incident (事件).")
app.add_typer(incident, name="incident")


@app.callback()
def serve_status_page(context: typer.Context) -> None:
    """Without a command: serve the page until SIGTERM (WENYUE_STATUS_PORT)."""
    if context.invoked_subcommand is None:
        asyncio.run(run_status(load(), None))


@incident.command("open")
def open_(
    component: Annotated[str, typer.Argument(help=", ".join(NAMES))],
    *,
    title_zh: Annotated[str, typer.Option(help="title in Chinese")],
    title_en: Annotated[str, typer.Option(help="title in English")],
    zh: Zh,
    en: En,
) -> None:
    """Begin one, and print its number (新建)."""
    if component not in NAMES:
        raise SetupError(
            Message("{component} is no component: {names}", component=repr(component), names=", ".join(NAMES))
        )
    _require(title_zh, "--title-zh", TITLE_MAX)
    _require(title_en, "--title-en", TITLE_MAX)
    now = utc_now()
    note = _note("investigating", zh, en)
    made = Incident("", component, now, None, False, title_zh, title_en, (note,))
    Console().print(_history().open_incident(made), markup=False)


@incident.command("update")
def update(
    number: Annotated[str, typer.Argument(help="as `open` and `list` print it")],
    *,
    zh: Zh,
    en: En,
    state: Annotated[str, typer.Option(help=", ".join(NOTE_STATES[:-1]))] = "watching",
) -> None:
    """Tell more (更新)."""
    if state not in NOTE_STATES[:-1]:
        raise SetupError(
            Message(
                "{state} is none of {note_states}", state=repr(state), note_states=", ".join(NOTE_STATES[:-1])
            )
        )
    _add(number, _note(state, zh, en))


@incident.command("close")
def close(
    number: Annotated[str, typer.Argument(help="as `open` and `list` print it")], *, zh: Zh, en: En
) -> None:
    """It is over (关闭)."""
    _add(number, _note("resolved", zh, en))


@incident.command("list")
def list_() -> None:
    """Open ones first, then the newest (列出)."""
    console = Console()
    for one in _history().incidents():
        mark = "open" if one.closed_at is None else f"closed {one.closed_at:%Y-%m-%d %H:%M}"
        line = f"{one.id}  {one.opened_at:%Y-%m-%d %H:%M}  {mark}  {one.component}  {one.title_zh} · {one.title_en}"
        console.print(line, markup=False, soft_wrap=True)


def _history() -> History:
    return History(load().home / "status")


def _note(state: str, zh: str, en: str) -> Note:
    _require(zh, "--zh", TEXT_MAX)
    _require(en, "--en", TEXT_MAX)
    return Note(utc_now(), state, zh, en)


def _add(number: str, note: Note) -> None:
    if not _history().add_note(number, note):
        raise SetupError(
            Message(
                "no open incident {number} that takes more: see `wenyue status incident list`",
                number=repr(number),
            ),
        )


def _require(text: str, name: str, length_max: int) -> None:
    if not text.strip() or len(text) > length_max:
        raise SetupError(
            Message(
                "{name} has {n} characters; 1 to {length_max} are taken",
                name=name,
                n=len(text),
                length_max=length_max,
            )
        )
