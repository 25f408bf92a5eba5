"""Every command that there is, hidden ones too, with its options."""

import importlib
from collections.abc import Iterator
from typing import Any

import typer.main

from wenyue import cli


def leaves() -> Iterator[tuple[str, frozenset[str]]]:
    """`room open` and its options, such as `--as`."""
    top: Any = typer.main.get_command(cli.app)
    for name, command in top.commands.items():
        yield name, _options(command)
    for name, (module, _) in cli.every_tool().items():
        yield from _below(name, typer.main.get_command(importlib.import_module(module).app))


def _below(name: str, command: Any) -> Iterator[tuple[str, frozenset[str]]]:
    below: dict[str, Any] = getattr(command, "commands", {})
    if not below or command.invoke_without_command:
        yield name, _options(command)
    for part, one in below.items():
        yield from _below(f"{name} {part}", one)


def _options(command: Any) -> frozenset[str]:
    return frozenset(word for one in command.params for word in one.opts)
