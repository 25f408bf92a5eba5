"""Accounts: travellers, their common visitors (常用游客), staff, logins, and how secrets are hashed.

Owns the PostgreSQL schema `accounts`. Functions take a transaction and never commit; refusals that count failed tries
are returned, not raised, so that the caller's commit keeps the count.
"""

from wenyue.accounts import claims, gate_devices, importing, losses, names, sealing, staffing
from wenyue.accounts.failures import FailedSignIn
from wenyue.accounts.guard import Attempt, Caller, Guard, Throttled
from wenyue.accounts.logins import (
    HOLD_LOGINS,
    acting_as,
    check_staff,
    end_login,
    end_logins,
    save_staff,
    start_login,
    who,
    who_of,
)
from wenyue.accounts.model import (
    Identity,
    Login,
    LoginEnded,
    Staff,
    StaffRefusal,
    Terms,
    Traveller,
    VisitorRecord,
    VisitorRefusal,
)
from wenyue.accounts.passwords import hash_secret, is_outdated, verify_secret
from wenyue.accounts.staffing import retire_staff
from wenyue.accounts.store import (
    add_visitor,
    remove_visitor,
    set_locale,
    traveller,
    traveller_for,
    visitors,
)

__all__ = [
    "HOLD_LOGINS",
    "Attempt",
    "Caller",
    "FailedSignIn",
    "Guard",
    "Identity",
    "Login",
    "LoginEnded",
    "Staff",
    "StaffRefusal",
    "Terms",
    "Throttled",
    "Traveller",
    "VisitorRecord",
    "VisitorRefusal",
    "acting_as",
    "add_visitor",
    "check_staff",
    "claims",
    "end_login",
    "end_logins",
    "gate_devices",
    "hash_secret",
    "importing",
    "is_outdated",
    "losses",
    "names",
    "remove_visitor",
    "retire_staff",
    "save_staff",
    "sealing",
    "set_locale",
    "staffing",
    "start_login",
    "traveller",
    "traveller_for",
    "verify_secret",
    "visitors",
    "who",
    "who_of",
]
