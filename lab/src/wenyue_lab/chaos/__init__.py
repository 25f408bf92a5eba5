"""Drills: break a real installation on purpose while people book, and check from outside that nothing was lost."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

    app: typer.Typer

__all__ = ["app"]


def __getattr__(name: str) -> object:
    """Import the command when it is called: `wenyue probe` and `wenyue up` use parts of this package and shall be quick."""
    if name != "app":
        raise AttributeError(name)
    from wenyue_lab.chaos.command import app  # noqa: PLC0415 - as said

    return app
