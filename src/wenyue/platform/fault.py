"""Operational faults that a person at a terminal can mend: one clear line, never a traceback."""

from __future__ import annotations


class SetupError(Exception):
    """Something in the installation or its surroundings is wrong, and the reader can mend it.

    ``en`` says what is wrong and what to do; ``zh`` is the same, shorter, in Chinese.
    ``str()`` is the one line to print; commands exit with status 1 after it.
    """

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(f"{zh} · {en}")
        self.en = en
        self.zh = zh
