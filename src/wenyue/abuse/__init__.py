"""Abuse: suspicious patterns are counted without personal data, found by rule, told, and blocked for a time with a reason.

Owns the PostgreSQL schema `abuse`.
"""

from wenyue.abuse.detector import Detector
from wenyue.abuse.model import SHIPPED, STOPS, Act, Block, Finding, Pattern, PatternRule
from wenyue.abuse.store import (
    block,
    close,
    look_at_accounts,
    note_pairs,
    open_findings,
    read_blocks,
    read_pairs,
    read_rules,
    save_findings,
    save_rule,
    tidy,
)

__all__ = [
    "SHIPPED",
    "STOPS",
    "Act",
    "Block",
    "Detector",
    "Finding",
    "Pattern",
    "PatternRule",
    "block",
    "close",
    "look_at_accounts",
    "note_pairs",
    "open_findings",
    "read_blocks",
    "read_pairs",
    "read_rules",
    "save_findings",
    "save_rule",
    "tidy",
]
