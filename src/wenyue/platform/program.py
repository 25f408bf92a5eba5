"""Commands whose help speaks the terminal's language: the English stands in the code, the rest in the catalogues' part `help`.

Messages there are what `--help` shows: docstrings of commands, `help=` of programs, commands, options and arguments, and Typer's
own words. They are looked up when help is shown: no other command reads a catalogue for it.
"""

from collections.abc import Callable
from inspect import cleandoc
from typing import Any, NamedTuple

import typer
import typer.core

from wenyue.locale.terminal import pgettext


class _Command(typer.core.TyperCommand):
    """One command."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - typer does not export their types
        """Write the help, in the terminal's language."""
        _speak(self, ctx)
        super().format_help(ctx, formatter)

    def format_usage(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - as above
        """Write how it is called."""
        _write_usage(self, ctx, formatter)


class ProgramGroup(typer.core.TyperGroup):
    """A group of commands."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - as above
        """Write the help, in the terminal's language."""
        _speak(self, ctx)
        self.subcommand_metavar = pgettext("help", "COMMAND [ARGS]...")
        for command in self.commands.values():
            command.help = said(command.help)
        super().format_help(ctx, formatter)

    def format_usage(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - as above
        """Write how it is called."""
        _write_usage(self, ctx, formatter)


class Tool(NamedTuple):
    """A command that is imported when it is called: the module whose `app` it is."""

    module: str
    help: str


class Program(typer.Typer):
    """What commands are hung on, in the place of `typer.Typer`."""

    def __init__(self, *, cls: type[ProgramGroup] = ProgramGroup, **settings: Any) -> None:  # noqa: ANN401 - typer's
        super().__init__(cls=cls, add_completion=False, pretty_exceptions_enable=False, **settings)

    def command(
        self,
        name: str | None = None,
        *,
        cls: type[typer.core.TyperCommand] | None = _Command,
        **settings: Any,  # noqa: ANN401 - typer's
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """As typer's."""
        return super().command(name, cls=cls, **settings)


def said(text: str | None) -> str | None:
    """A text of help in the terminal's language; what no catalogue has, such as a list of names, as it is."""
    return pgettext("help", cleandoc(text)) if text else text


def _speak(command: Any, ctx: Any) -> None:  # noqa: ANN401 - as above
    """Put into the terminal's language what help shows of a command, and Typer's own words."""
    from typer import rich_utils  # noqa: PLC0415 - only help needs it

    command.help = said(command.help)
    command.options_metavar = pgettext("help", "[OPTIONS]")
    for parameter in command.params:
        parameter.help = said(parameter.help)
    command.get_help_option(ctx).help = pgettext("help", "Show this message and exit.")
    rich_utils.ARGUMENTS_PANEL_TITLE = pgettext("help", "Arguments")
    rich_utils.OPTIONS_PANEL_TITLE = pgettext("help", "Options")
    rich_utils.COMMANDS_PANEL_TITLE = pgettext("help", "Commands")
    rich_utils.REQUIRED_LONG_STRING = pgettext("help", "[required]")
    rich_utils.DEFAULT_STRING = pgettext("help", "[default: {}]")

    class Folding(rich_utils.OptionHighlighter):
        """A sentence without blanks goes on in the next line, and is not cut off at the end of the first."""

        def __call__(self, text: Any) -> Any:  # noqa: ANN401 - a str or a Text, as rich has it
            told = super().__call__(text)
            told.overflow = "fold"
            return told

    rich_utils.highlighter = Folding()


def _write_usage(command: Any, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - as above
    pieces = " ".join(command.collect_usage_pieces(ctx))
    formatter.write_usage(ctx.command_path, pieces, prefix=pgettext("help", "Usage: "))
