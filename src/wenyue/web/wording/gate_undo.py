"""What is said of taking a scan back: the outcome of the try, and the reasons to choose from."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from wenyue.gate import UndoOutcome
from wenyue.locale import Message

UNDO_TEXTS: Final[Mapping[UndoOutcome, Message]] = MappingProxyType(
    {
        UndoOutcome.UNDONE: Message("undo_outcome.undone"),
        UndoOutcome.UNKNOWN_SCAN: Message("undo_outcome.unknown_scan"),
        UndoOutcome.NOT_ADMITTED: Message("undo_outcome.not_admitted"),
        UndoOutcome.TOO_LATE: Message("undo_outcome.too_late"),
        UndoOutcome.REASON_NEEDED: Message("undo_outcome.reason_needed"),
        UndoOutcome.SECOND_NEEDED: Message("undo_outcome.second_needed"),
        UndoOutcome.SECOND_UNFIT: Message("undo_outcome.second_unfit"),
    }
)

UNDO_REASONS: Final = (
    Message("Wrong person scanned"),
    Message("Scanned twice"),
    Message("The visitor didn't enter"),
    Message("The turnstile failed"),
)
