"""Operational faults that a person at a terminal can mend: one clear line, never a traceback."""

from __future__ import annotations

from wenyue.locale import Message, command_locale


class SetupError(Exception):
    """Something in the installation or its surroundings is wrong, and the reader can mend it.

    ``message`` says what is wrong and what to do; ``str()`` is it in the language of the command line: the one line to
    print. Commands exit with status 1 after it.
    """

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message.say(command_locale())
