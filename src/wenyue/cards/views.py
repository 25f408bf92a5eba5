"""A traveller's cards as pages show them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from wenyue.accounts import sealing
from wenyue.cards.model import CardRules, CardState
from wenyue.cards.parse import parse_rules
from wenyue.cards.store import ENTITLEMENTS_OF
from wenyue.core.personal import Vault
from wenyue.locale import Texts
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.cards", "life.sql")
CARDS_PER_HOLDER_MAX: Final = 20  # shown; nobody has more


@dataclass(frozen=True, slots=True)
class EntitlementView:
    """One pool of entries. `left` None: unlimited."""

    no: int
    name: Texts
    granted: int | None
    used: int

    @property
    def left(self) -> int | None:
        """Entries that can still be booked."""
        return None if self.granted is None else self.granted - self.used


@dataclass(frozen=True, slots=True)
class CompanionView:
    """A named person of a card besides its holder; the label is masked."""

    person_key: bytes
    label: str
    birth: date | None


@dataclass(frozen=True, slots=True)
class CardView:
    """A card as its holder sees it. `valid_from` None: it starts with the first visit."""

    id: int
    card_no: str
    type_code: str
    name: Texts
    rules: CardRules
    state: CardState
    activated_at: datetime | None
    valid_from: date | None
    valid_to: date | None
    extended_days: int
    entitlements: tuple[EntitlementView, ...]
    companions: tuple[CompanionView, ...]

    def is_expired(self, today: date) -> bool:
        """Whether its last day has passed."""
        return self.valid_to is not None and today > self.valid_to


async def cards_of(tx: Tx, vault: Vault, holder_id: int) -> list[CardView]:
    """A traveller's cards, the newest first, at most CARDS_PER_HOLDER_MAX. Raises SealBroken."""
    bounds = {"holder_id": holder_id, "limit": CARDS_PER_HOLDER_MAX}
    rows = await (await tx.execute(_SQL["cards_of"], bounds)).fetchall()
    ids = {"ids": [row[0] for row in rows]}
    counters = {
        (card_id, no): (granted, used)
        for card_id, no, granted, used in await (await tx.execute(ENTITLEMENTS_OF, ids)).fetchall()
    }
    companions: dict[int, list[CompanionView]] = {}
    for card_id, person_key, sealed, is_live in await (await tx.execute(_SQL["companions"], ids)).fetchall():
        if is_live:
            opened = sealing.open_identity(vault, sealed, purpose=sealing.COMPANION)
            view = CompanionView(person_key, opened.label, opened.birth)
            companions.setdefault(card_id, []).append(view)
    views: list[CardView] = []
    for card_id, card_no, code, name, raw, state, activated_at, first, last, extended in rows:
        rules = parse_rules(raw)
        pools = tuple(
            EntitlementView(no, rule.name, *counters[card_id, no])
            for no, rule in enumerate(rules.entitlements)
            if (card_id, no) in counters
        )
        views.append(
            CardView(
                id=card_id,
                card_no=card_no,
                type_code=code,
                name=name,
                rules=rules,
                state=CardState(state),
                activated_at=activated_at,
                valid_from=first,
                valid_to=last,
                extended_days=extended,
                entitlements=pools,
                companions=tuple(companions.get(card_id, ())),
            )
        )
    return views
