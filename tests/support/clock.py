"""A clock that is moved by hand."""

from datetime import datetime, timedelta


class Clock:
    """The only source of now."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Now."""
        return self.now

    def forward(self, seconds: float) -> None:
        """Later."""
        self.now += timedelta(seconds=seconds)
