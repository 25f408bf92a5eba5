"""``wenyue doctor``: looks at this installation and says, line by line, what is right and how to mend what is not.

It changes nothing and starts nothing: an embedded server that is not running is only looked at.
"""

from __future__ import annotations

from collections.abc import Callable

from wenyue.locale.terminal import gettext
from wenyue.ops.doctor.database import check_database
from wenyue.ops.doctor.machine import MACHINE
from wenyue.ops.doctor.report import Finding, Mark, show
from wenyue.platform.config import Settings
from wenyue.platform.variables import SettingsError

__all__ = ["Finding", "Mark", "examine", "show"]


def examine(load_settings: Callable[[], Settings]) -> list[Finding]:
    """Every check in order; a check that cannot run is a finding itself, never an exception."""
    try:
        settings = load_settings()
    except SettingsError as fault:
        return [Finding(Mark.FAULT, gettext("settings"), str(fault), gettext("correct this variable"))]
    return [finding for check in (*MACHINE, check_database) for finding in check(settings)]
