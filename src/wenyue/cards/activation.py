"""Issue, activation and sign-in: the number, the PIN, the person."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

import msgspec

from wenyue.accounts import (
    Attempt,
    Identity,
    hash_secret,
    is_outdated,
    traveller,
    traveller_for,
    verify_secret,
)
from wenyue.audit import Entry, record
from wenyue.cards.codes import clean_card_no, clean_pin, new_card_no, new_pin
from wenyue.cards.model import CardRules, CardState
from wenyue.cards.parse import parse_rules
from wenyue.cards.people import CardProblem, Denied, Validity, activation_terms, state_problem
from wenyue.cards.rules import in_month_days
from wenyue.events import append, kinds
from wenyue.infra.db import Tx, queries
from wenyue.kernel.clock import local_date
from wenyue.kernel.personal import Secret, Vault

_SQL: Final = queries("wenyue.cards", "life.sql")
_GUESSES: Final = frozenset({CardProblem.PIN_WRONG, CardProblem.HOLDER_KNOWN, CardProblem.ACTIVE_ELSEWHERE})
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
    signed in adds a further card to an account that has one.
    """

    card_no: str
    pin: str = field(repr=False)
    identity: Identity
    locale: str = "zh-CN"
    actor: str = ""
    signed_in_as: int | None = None


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
    if not number or not secret:
        raise ValueError(f"{'pin' if number else 'card_no'}: 4 to 32 digits or letters")
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

    Finds or makes the traveller's account, sets the validity, grants the entitlements. The same person again gets
    the same answer (`is_replay`). Whose document holds a card already is HOLDER_KNOWN unless they are signed in (or
    staff acts), and always under another name than that on record; name and phone on record
    stay. Refusals: PIN_WRONG, and every CardProblem about states, deadline and age. Whoever calls it
    for a stranger does so in a `Guard.attempt`, which slows guessing; see `prove`.
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
    row = await (await tx.execute(_SQL["account_of"], {"person_key": person_key})).fetchone()
    if row is not None and not await _may_add(tx, vault, request, account_id=row[0], has_card=row[1]):
        return Denied(CardProblem.HOLDER_KNOWN)
    made = await _hand_over(tx, vault, request, card=card, rules=rules, terms=terms, now=now)
    return replace(made, is_further=row is not None)


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

    A right PIN is no failure, even when the card's state forbids what was asked for. HOLDER_KNOWN is one: with a fresh card
    of their own nobody asks of document after document whose holds a card. ACTIVE_ELSEWHERE is one, too: nobody asks of a
    card, with its PIN, which document its holder has.
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
    card: LockedCard,
    rules: CardRules,
    terms: Validity,
    now: datetime,
) -> Activated:
    actor = request.actor or "traveller"
    holder_id = await traveller_for(tx, vault, request.identity, now, locale=request.locale, actor=actor)
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


async def _may_add(
    tx: Tx, vault: Vault, request: ActivationRequest, *, account_id: int, has_card: bool
) -> bool:
    """Whether this card may come to an account that is there (whoever opens it sees and changes its bookings)."""
    if has_card and not request.actor and request.signed_in_as != account_id:
        return False
    known = await traveller(tx, vault, account_id)
    return known is not None and known.is_named(request.identity.name)
