"""The record: what happened, by whom, to what. Append-only, sealed into a hash chain afterwards."""

from wenyue.audit.model import ENTRIES_PER_SEAL_MAX, ChainAhead, Entry, Link
from wenyue.audit.store import RECORD, entries_json, record, seal, verify, verify_from

__all__ = [
    "ENTRIES_PER_SEAL_MAX",
    "RECORD",
    "ChainAhead",
    "Entry",
    "Link",
    "entries_json",
    "record",
    "seal",
    "verify",
    "verify_from",
]
