"""What a use case asks for when it needs it."""

from typing import Generic, TypeVar

T = TypeVar("T")


class Given(Generic[T]):
    """It is there already: whoever acts read everything beforehand, and nothing is called back."""

    __slots__ = ("_what",)

    def __init__(self, what: T) -> None:
        self._what = what

    def __call__(self) -> T:
        """It."""
        return self._what
