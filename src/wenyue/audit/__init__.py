"""The record: what happened, by whom, to what. Append-only, sealed into a hash chain afterwards."""

from wenyue.audit import queries
from wenyue.audit.anchors import ANCHOR_EVERY, Anchors
from wenyue.audit.model import ENTRIES_PER_SEAL_MAX, Anchor, ChainAhead, Entry, Link
from wenyue.audit.store import (
    RECORD,
    broken_link,
    differing,
    entries_json,
    newest,
    record,
    seal,
    verify,
    verify_from,
)

__all__ = [
    "ANCHOR_EVERY",
    "ENTRIES_PER_SEAL_MAX",
    "RECORD",
    "Anchor",
    "Anchors",
    "ChainAhead",
    "Entry",
    "Link",
    "broken_link",
    "differing",
    "entries_json",
    "newest",
    "queries",
    "record",
    "seal",
    "verify",
    "verify_from",
]
