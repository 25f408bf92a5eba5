"""Admission: what a gate is shown, whether it opens, and the record of every scan. Owns the PostgreSQL schema `gate`.

`voucher_token` and `booking_code` are what a traveller shows; `scan` is what happens when they do.
"""

from wenyue.gate import persons
from wenyue.gate.codes import booking_code
from wenyue.gate.desk import Desk
from wenyue.gate.indexing import GO_THROUGH_AGAIN, go_through, go_through_again, index_bookings
from wenyue.gate.keyfile import load_gate_keys
from wenyue.gate.lookup import look_up
from wenyue.gate.model import (
    GATE_NAME_MAX,
    PRESENTED_LENGTH_MAX,
    REASON_LENGTH_MAX,
    UNDO_WINDOW_S,
    WHY_SHARED_NUMBER,
    Choice,
    Found,
    FoundVisit,
    LookupKind,
    LookupProblem,
    LookupRequest,
    Presented,
    Reason,
    ScanAnswer,
    ScanIdReused,
    ScanRequest,
    Standing,
    UndoLimits,
    UndoOutcome,
    Visit,
)
from wenyue.gate.scanned import clean_line
from wenyue.gate.store import recent, scan, scan_party
from wenyue.gate.tokens import GateKeys, TokenClaims, TokenProblem, read_token, voucher_token
from wenyue.gate.undoing import undo
from wenyue.gate.vouchers import voucher_text

__all__ = [
    "GATE_NAME_MAX",
    "GO_THROUGH_AGAIN",
    "PRESENTED_LENGTH_MAX",
    "REASON_LENGTH_MAX",
    "UNDO_WINDOW_S",
    "WHY_SHARED_NUMBER",
    "Choice",
    "Desk",
    "Found",
    "FoundVisit",
    "GateKeys",
    "LookupKind",
    "LookupProblem",
    "LookupRequest",
    "Presented",
    "Reason",
    "ScanAnswer",
    "ScanIdReused",
    "ScanRequest",
    "Standing",
    "TokenClaims",
    "TokenProblem",
    "UndoLimits",
    "UndoOutcome",
    "Visit",
    "booking_code",
    "clean_line",
    "go_through",
    "go_through_again",
    "index_bookings",
    "load_gate_keys",
    "look_up",
    "persons",
    "read_token",
    "recent",
    "scan",
    "scan_party",
    "undo",
    "voucher_text",
    "voucher_token",
]
