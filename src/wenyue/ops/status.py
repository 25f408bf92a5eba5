"""``wenyue status``: the status page as a process of its own, and what operators write on it."""

import asyncio
import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, Final, TypeAlias

import typer
from rich.console import Console

from wenyue.core.clock import utc_now
from wenyue.locale import DEFAULT, LOCALES, SOURCE, Message, Texts, short_tag
from wenyue.platform.config import load
from wenyue.platform.fault import SetupError
from wenyue.platform.program import Program
from wenyue.web.status.history import NOTE_STATES, TEXT_MAX, TITLE_MAX, History
from wenyue.web.status.model import COMPONENTS, Incident, Note
from wenyue.web.status.run import run_status
from wenyue.web.status.wording import say_title

NAMES: Final = tuple(one.name for one in COMPONENTS)
Number: TypeAlias = Annotated[str, typer.Argument(help="as `open` and `list` print it")]
_WANTED: Final = (DEFAULT, SOURCE)  # what operators write; more is welcome
app = Program(
    invoke_without_command=True,
    help="The public status page, and its incidents.",
)
incident = Program(no_args_is_help=True, help="Tell travellers about an incident.")
app.add_typer(incident, name="incident")


def written(**lengths: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command an option for each of these texts in each language, and hands it on as Texts.

    The text `title` has `--title-zh`, `--title-en`, …; the text `note` has `--zh`, `--en`, …. `lengths`: characters at most.
    """

    def with_options(command: Callable[..., None]) -> Callable[..., None]:
        options = {
            f"{text}_{short_tag(locale)}".replace("-", "_"): (text, locale)
            for text in lengths
            for locale in LOCALES
        }

        @wraps(command)
        def run(**given: Any) -> None:  # noqa: ANN401 - what typer read
            texts: dict[str, dict[str, str]] = {text: {} for text in lengths}
            for name, (text, locale) in options.items():
                said = str(given.pop(name))
                if said or locale in _WANTED:
                    _require(said, _option(text, locale), lengths[text])
                    texts[text][locale] = said
            command(**given, **texts)

        own = inspect.signature(command)
        parameters = [one for one in own.parameters.values() if one.name not in lengths]
        for name, (text, locale) in options.items():
            option = typer.Option(
                _option(text, locale), help=LOCALES[locale].name, hidden=not LOCALES[locale].is_offered
            )
            parameters.append(
                inspect.Parameter(
                    name,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=inspect.Parameter.empty if locale in _WANTED else "",
                    annotation=Annotated[str, option],
                )
            )
        run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined] - what typer looks at
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        return run

    return with_options


def _option(text: str, locale: str) -> str:
    return f"--{short_tag(locale).lower()}" if text == "note" else f"--{text}-{short_tag(locale).lower()}"


@app.callback()
def serve_status_page(context: typer.Context) -> None:
    """Without a command: serve the page until SIGTERM (WENYUE_STATUS_PORT)."""
    if context.invoked_subcommand is None:
        asyncio.run(run_status(load(), None))


@incident.command("open")
@written(title=TITLE_MAX, note=TEXT_MAX)
def open_(
    component: Annotated[str, typer.Argument(help=" · ".join(NAMES))], *, title: Texts, note: Texts
) -> None:
    """Begin one, and print its number."""
    if component not in NAMES:
        raise SetupError(
            Message(
                "{component} isn't a component: {names}", component=repr(component), names=", ".join(NAMES)
            )
        )
    now = utc_now()
    made = Incident("", component, now, None, False, title, (Note(now, "investigating", note),))
    Console().print(_history().open_incident(made), markup=False)


@incident.command("update")
@written(note=TEXT_MAX)
def update(
    number: Number,
    *,
    state: Annotated[str, typer.Option(help=" · ".join(NOTE_STATES[:-1]))] = "watching",
    note: Texts,
) -> None:
    """Tell more."""
    if state not in NOTE_STATES[:-1]:
        raise SetupError(
            Message(
                "{state} isn't one of {note_states}",
                state=repr(state),
                note_states=", ".join(NOTE_STATES[:-1]),
            )
        )
    _add(number, state, note)


@incident.command("close")
@written(note=TEXT_MAX)
def close(number: Number, *, note: Texts) -> None:
    """It is over."""
    _add(number, "resolved", note)


@incident.command("list")
def list_() -> None:
    """Open ones first, then the newest."""
    console = Console()
    for one in _history().incidents():
        mark = "open" if one.closed_at is None else f"closed {one.closed_at:%Y-%m-%d %H:%M}"
        titles = " · ".join(dict.fromkeys(say_title(one, locale) for locale in LOCALES))
        line = f"{one.id}  {one.opened_at:%Y-%m-%d %H:%M}  {mark}  {one.component}  {titles}"
        console.print(line, markup=False, soft_wrap=True)


def _history() -> History:
    return History(load().home / "status")


def _add(number: str, state: str, note: Texts) -> None:
    if not _history().add_note(number, Note(utc_now(), state, note)):
        raise SetupError(
            Message(
                "no open incident {number}: see `wenyue status incident list`",
                number=repr(number),
            ),
        )


def _require(text: str, name: str, length_max: int) -> None:
    if not text.strip() or len(text) > length_max:
        raise SetupError(
            Message(
                "{name} has {n} characters; it must have 1 to {length_max}",
                name=name,
                n=len(text),
                length_max=length_max,
            )
        )
