"""Issue, activation and sign-in: the number, the PIN, the person."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

import msgspec

from wenyue.accounts import (
    Attempt,
    Identity,
    claims,
    hash_secret,
    is_outdated,
    names,
    traveller,
    traveller_for,
    verify_secret,
)
from wenyue.audit import Entry, record
from wenyue.cards.codes import clean_pin, new_card_no, new_pin
from wenyue.cards.model import CardRules, CardState
from wenyue.cards.parse import parse_rules
from wenyue.cards.people import CardProblem, Denied, Validity, activation_terms, state_problem
from wenyue.cards.rules import in_month_days
from wenyue.core.card_numbers import clean_card_no
from wenyue.core.clock import local_date
from wenyue.core.limits import CLAIMS_PER_DOCUMENT_MAX
from wenyue.core.personal import Secret, Vault
from wenyue.events import append, kinds
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.cards", "life.sql")
_GUESSES: Final = frozenset(
    {
        CardProblem.PIN_WRONG,
        CardProblem.HOLDER_KNOWN,
        CardProblem.HOLDER_CLAIMED,
        CardProblem.ACTIVE_ELSEWHERE,
    }
)
_CHECKS_MAX: Final = 2
CARD_TIMEZONE: Final = "Asia/Shanghai"  # the day a card is issued or activated is a day there


@dataclass(frozen=True, slots=True)
class Issued:
    """A new card. This is the only time its PIN is known."""

    card_id: int
    card_no: str
    pin: Secret[str]


@dataclass(frozen=True, slots=True)
class ActivationRequest:
    """What a person types to make a card theirs. `actor` when somebody does it for them: 'staff:3'.

    `signed_in_as`: the account that the caller has proved to be, if any. A document number is no secret: only who is
    signed in adds a further card to an account that has one. `is_separate`: a card that is with this document and name already
    is not the caller's, so theirs gets an account of its own.
    """

    card_no: str
    pin: str = field(repr=False)
    identity: Identity
    locale: str = "zh-CN"
    actor: str = ""
    signed_in_as: int | None = None
    is_separate: bool = False


@dataclass(frozen=True, slots=True)
class Activated:
    """The card is this person's. `is_replay`: it already was. `is_further`: they had one, and their phone is to be told."""

    card_id: int
    holder_id: int
    valid_from: date | None
    valid_to: date | None
    is_replay: bool
    is_further: bool = False


async def issue(
    tx: Tx,
    vault: Vault,
    *,
    type_code: str,
    now: datetime,
    actor: str,
    card_no: str | None = None,
    pin: str | None = None,
    is_shipped: bool = True,
) -> Issued:
    """A new card, by default one that can be activated; number and PIN are drawn unless given (cards brought along).

    Raises ValueError naming the field: type_code (unknown, or outside its yearly sales window 京津冀), card_no (none, or
    taken, also by a dead number), pin (none).
    """
    rules = await type_rules(tx, type_code)
    if rules is None:
        raise ValueError(f"type_code: there is no card type {type_code!r}")
    day = local_date(now, CARD_TIMEZONE)
    if is_shipped and rules.sold_from_md and not in_month_days(day, rules.sold_from_md, rules.sold_to_md):
        raise ValueError(f"type_code: {type_code} is sold from {rules.sold_from_md} to {rules.sold_to_md}")
    number = new_card_no() if card_no is None else clean_card_no(card_no)
    secret = new_pin() if pin is None else clean_pin(pin)
    if not number:
        raise ValueError("card_no: 1 to 32 digits, letters or Chinese characters")
    if not secret:
        raise ValueError("pin: 4 to 32 digits or letters")
    row = {
        "card_no": number,
        "type_code": type_code,
        "state": CardState.SHIPPED if is_shipped else CardState.PRINTED,
        "pin_hash": await hash_secret(secret, vault),
        "now": now,
    }
    added = await (await tx.execute(_SQL["add_card"], row)).fetchone()
    if added is None:
        raise ValueError(f"card_no: {number} is taken")
    await record(tx, [Entry(now, actor, "card.issued", f"card:{added[0]}", {"type": type_code})])
    await append(tx, [kinds.CardIssued(added[0], type_code)], now)
    return Issued(added[0], number, Secret(secret))


async def activate(tx: Tx, vault: Vault, request: ActivationRequest, now: datetime) -> Activated | Denied:
    """Make a shipped card the person's: number + PIN + real name + document (宜昌: 卡号 + 刮开密码).

    Makes an account, sets the validity, grants the entitlements; the card comes to the account that is signed in when that has
    this document and name. The same person again gets the same answer (`is_replay`). A typed document is a claim: it neither
    keeps anybody else from activating with that document nor leads into their account, until staff saw whose it is, after
    which it is HOLDER_KNOWN (but for that account, and for staff). HOLDER_CLAIMED when a card is with this document and name
    and the caller has not said that it is not theirs. Other refusals: PIN_WRONG, and every CardProblem about states, deadline
    and age. Whoever calls it for a stranger does so in a `Guard.attempt`, which slows guessing; see `prove`.
    """
    proven = await prove(tx, vault, request.card_no, request.pin)
    if isinstance(proven, Denied):
        return proven
    card = await lock_by_no(tx, clean_card_no(request.card_no))
    if card is None:
        raise LookupError("a card that is locked has gone")  # cards are never deleted
    person_key = vault.person_key(request.identity.document.key)
    if card.state != CardState.SHIPPED:
        return _not_shipped(card, person_key)
    rules = await type_rules(tx, card.type_code)
    if rules is None:
        raise LookupError(f"card {card.id} has no type {card.type_code}")  # a foreign key forbids it
    issued = local_date(card.issued_at, CARD_TIMEZONE)
    terms = activation_terms(rules, issued, request.identity.born, local_date(now, CARD_TIMEZONE))
    if isinstance(terms, Denied):
        return terms
    account = await _account_for(tx, vault, request, person_key)
    if isinstance(account, CardProblem):
        return Denied(account)
    made = await _hand_over(
        tx, vault, request, account_id=account, card=card, rules=rules, terms=terms, now=now
    )
    return replace(made, is_further=account is not None)


async def sign_in(tx: Tx, vault: Vault, card_no: str, pin: str) -> int | Denied:
    """The traveller whose active card this is, by number and PIN.

    A card reported lost does not sign anybody in (whoever found it may have its PIN): its holder signs in otherwise or
    goes to the counter. The login begins in this transaction, in which the card stays as it is. Commit a refusal too; see
    `prove`.
    """
    proven = await prove(tx, vault, card_no, pin)
    if isinstance(proven, Denied):
        return proven
    problem = state_problem(proven.state)
    if problem is not None or proven.holder_id is None:
        return Denied(problem or CardProblem.NOT_ACTIVATED)
    return proven.holder_id


@dataclass(frozen=True, slots=True)
class ProvenCard:
    """The card whose PIN was right, as it is until the transaction ends."""

    state: CardState
    holder_id: int | None


async def prove(tx: Tx, vault: Vault, card_no: str, pin: str) -> ProvenCard | Denied:
    """The card, when number and PIN belong together, else PIN_WRONG: the same answer, after the same time, whatever is wrong.

    So nobody learns here which numbers exist, or were replaced. Once its PIN is checked, the card is neither
    reported lost nor replaced until the transaction ends. A right PIN that is stored in an older way is stored anew.
    """
    number = clean_card_no(card_no)
    for _ in range(_CHECKS_MAX):  # again, when what it was checked against was changed meanwhile
        row = await (await tx.execute(_SQL["pin_of"], {"card_no": number})).fetchone()
        if row is None:
            await verify_secret(pin, "", vault)  # for as long as with a number that exists
            return Denied(CardProblem.PIN_WRONG)
        card_id, stored = row[:2]
        secret = clean_pin(pin)
        if not await verify_secret(secret, stored, vault):
            return Denied(CardProblem.PIN_WRONG)
        if is_outdated(stored, vault):
            fresh = {"id": card_id, "old": stored, "new": await hash_secret(secret, vault)}
            if (await tx.execute(_SQL["set_pin_hash"], fresh)).rowcount:
                stored = fresh["new"]
        locked = {"card_no": number, "pin_hash": stored}
        found = await (await tx.execute(_SQL["lock_proven"], locked)).fetchone()
        if found is not None:
            if found[2]:
                await tx.execute(_SQL["pin_used"], locked)
            return ProvenCard(CardState(found[0]), found[1])
    return Denied(CardProblem.PIN_WRONG)


async def judge(tried: Attempt, card_no: str, answer: object) -> None:
    """Tell the guard what became of a try with this number, and whose card was guessed at.

    A right PIN is no failure, even when the card's state forbids what was asked for. HOLDER_KNOWN and HOLDER_CLAIMED are: with a
    fresh card of their own nobody asks of document after document whose holds a card. ACTIVE_ELSEWHERE is one, too: nobody asks
    of a card, with its PIN, which document its holder has.
    """
    tried.is_right = not (isinstance(answer, Denied) and answer.problem in _GUESSES)
    if not tried.is_right:
        row = await (await tried.tx.execute(_SQL["pin_of"], {"card_no": clean_card_no(card_no)})).fetchone()
        tried.who = "" if row is None else f"card:{row[0]}"


def with_tries(denied: Denied, tried: Attempt) -> Denied:
    """A wrong PIN, with how many more may be wrong before the next has to wait."""
    return replace(denied, tries_left=tried.tries_left) if denied.problem is CardProblem.PIN_WRONG else denied


@dataclass(frozen=True, slots=True)
class LockedCard:
    """A card's row, locked for a change."""

    id: int
    type_code: str
    state: CardState
    issued_at: datetime
    valid_from: date | None
    valid_to: date | None
    holder_id: int | None
    holder_key: bytes | None


async def lock_by_no(tx: Tx, card_no: str) -> LockedCard | None:
    """The card with this (cleaned) number, locked; None when there is none."""
    return locked_card(await (await tx.execute(_SQL["lock_by_no"], {"card_no": card_no})).fetchone())


def locked_card(row: tuple[Any, ...] | None) -> LockedCard | None:
    """What a statement that locks one card found."""
    return None if row is None else LockedCard(row[0], row[1], CardState(row[2]), *row[3:])


async def type_rules(tx: Tx, code: str) -> CardRules | None:
    """One card type's rules; None when there is no such type."""
    row = await (await tx.execute(_SQL["type_rules"], {"code": code})).fetchone()
    return None if row is None else parse_rules(row[0])


async def _hand_over(
    tx: Tx,
    vault: Vault,
    request: ActivationRequest,
    *,
    account_id: int | None,
    card: LockedCard,
    rules: CardRules,
    terms: Validity,
    now: datetime,
) -> Activated:
    actor = request.actor or "traveller"
    holder_id = account_id or await traveller_for(
        tx, vault, request.identity, now, locale=request.locale, actor=actor, is_separate=True
    )
    row = {
        "id": card.id,
        "now": now,
        "valid_from": terms.first,
        "valid_to": terms.last,
        "holder_id": holder_id,
        "holder_key": vault.person_key(request.identity.document.key),
    }
    await tx.execute(_SQL["activate"], row)
    granted = [{"no": no, "granted": rule.granted} for no, rule in enumerate(rules.entitlements)]
    await tx.execute(
        _SQL["grant_entitlements"],
        {"card_id": card.id, "entitlements": msgspec.json.encode(granted).decode()},
    )
    who = request.actor or f"traveller:{holder_id}"
    await record(tx, [Entry(now, who, "card.activated", f"card:{card.id}", {"holder": holder_id})])
    await append(tx, [kinds.CardActivated(card.id)], now)
    return Activated(card.id, holder_id, terms.first, terms.last, is_replay=False)


def _not_shipped(card: LockedCard, person_key: bytes) -> Activated | Denied:
    """Activating a card that is not waiting for it: a replay, somebody else's, or past its life."""
    if card.holder_key is not None and card.holder_key != person_key:
        return Denied(CardProblem.ACTIVE_ELSEWHERE)
    problem = state_problem(card.state)
    if problem is not None or card.holder_id is None:
        return Denied(problem or CardProblem.EXPIRED)
    return Activated(card.id, card.holder_id, card.valid_from, card.valid_to, is_replay=True)


async def _account_for(
    tx: Tx, vault: Vault, request: ActivationRequest, person_key: bytes
) -> int | CardProblem | None:
    """The account that this card comes to, None: one of its own; or why it comes to none.

    Whoever opens an account sees and changes its bookings, and each of its cards opens it: so a card comes to one that is there
    only by who is signed in to it, or by staff who know whose document it is.
    """
    identity = request.identity
    await names.lock_person(tx, person_key)
    found = await claims.claims_of(tx, person_key)
    is_settled = bool(found) and found[0].is_seen
    own = next((one.traveller_id for one in found if one.traveller_id == request.signed_in_as), None)
    if own is None and request.actor and is_settled:
        own = found[0].traveller_id
    if own is not None:
        return own if await _is_named(tx, vault, own, identity) else CardProblem.HOLDER_KNOWN
    is_another = await names.is_another(tx, vault, person_key, identity.name)
    if is_settled or is_another or len(found) >= CLAIMS_PER_DOCUMENT_MAX:
        return CardProblem.HOLDER_KNOWN
    if not request.actor and not request.is_separate:
        for one in found:
            if await _is_named(tx, vault, one.traveller_id, identity):
                return CardProblem.HOLDER_CLAIMED
    return None


async def _is_named(tx: Tx, vault: Vault, account_id: int, identity: Identity) -> bool:
    known = await traveller(tx, vault, account_id)
    return known is not None and known.is_named(identity.name)
