"""What an import of cards decides of each row, from facts that were gathered before: pure, but for keyed hashes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from wenyue.accounts import Identity
from wenyue.accounts.names import name_key
from wenyue.accounts.sealing import OpenedIdentity
from wenyue.cards.activation import CARD_TIMEZONE
from wenyue.cards.importing.import_rules import HELD, brought_validity, difference, may_be_handed_over
from wenyue.cards.importing.model import ON_RECORD, Decision, Facts, Known, New, NewAccount
from wenyue.cards.importing.store import CardHere, Imported
from wenyue.cards.model import CardState
from wenyue.cards.people import Validity
from wenyue.core.clock import local_date
from wenyue.core.documents import plain_name
from wenyue.core.limits import CLAIMS_PER_DOCUMENT_MAX
from wenyue.core.personal import Vault
from wenyue.imports.cards import CardPerson, CardRow
from wenyue.imports.refusals import Reason, Refusal
from wenyue.locale import Message


@dataclass(slots=True)
class Decider:
    """Decides row after row: those before count for those behind (two cards of one person come to one account)."""

    vault: Vault
    facts: Facts
    columns: Mapping[str, str]
    accounts: dict[bytes, list[NewAccount]] = field(default_factory=dict[bytes, list[NewAccount]])

    def decide(self, row: CardRow) -> Decision:
        """What becomes of the row."""
        said, facts = said_of(self.vault, row), self.facts
        known = facts.imported.get(row.card_no)
        if known is not None:
            return self._again(row, said, known)
        other = facts.loose.get(row.loose)
        if other is not None:
            return self._refuse(
                Reason.KEY_AMBIGUOUS,
                "card_no",
                row.card_no,
                Message(
                    "could be the same number as {number}, which was imported earlier", number=other.card_no
                ),
            )
        if row.card_no in facts.taken:
            return self._from_elsewhere(row, said, facts.here[facts.taken[row.card_no]])
        return self._new(row)

    def _new(
        self, row: CardRow, card_id: int | None = None, applied: frozenset[str] = frozenset()
    ) -> Decision:
        state = CardState[row.state.name]
        validity: Validity | None = Validity(None, None)
        if state in HELD:
            validity = brought_validity(
                self.facts.types[row.type_code].rules,
                first=row.valid_from,
                last=row.valid_to,
                issued=row.issued,
                today=self.facts.today,
            )
        elif state in {CardState.CANCELLED, CardState.REPLACED}:
            validity = Validity(row.valid_from, row.valid_to)
        if validity is None:
            return self._refuse(
                Reason.MISSING,
                "valid_to",
                "",
                Message("a card in use needs its last day: the type alone does not say it"),
            )
        account: int | NewAccount | Refusal | None = None
        if row.holder is not None and state not in {CardState.PRINTED, CardState.SHIPPED}:
            account = self._account(row, row.holder)
            if isinstance(account, Refusal):
                return account
        return New(validity, account, card_id, applied)

    def _again(self, row: CardRow, said: Mapping[str, str], known: Imported) -> Decision:
        if all(known.said.get(name) == value for name, value in said.items()):
            return Known(known.card_id, frozenset(), frozenset())
        card = self.facts.here[known.card_id]
        if may_be_handed_over(card.state, CardState[row.state.name]) and card.holder_id is None:
            changed = frozenset(name for name, value in said.items() if known.said.get(name) != value)
            return self._new(row, card.id, changed)
        if row.holder is not None and card.holder_key not in {None, self._key(row.holder)}:
            return self._another_holder(row)
        found = difference(known.said, said, self._here(card))
        applied, kept = set(found.applied), set(found.kept)
        is_fixed = row.holder is None or card.holder_id is None or card.holder_id in self.facts.proven
        if is_fixed and applied & ON_RECORD:
            kept |= applied & ON_RECORD
            applied -= ON_RECORD
        return Known(card.id, frozenset(applied), frozenset(kept))

    def _from_elsewhere(self, row: CardRow, said: Mapping[str, str], card: CardHere) -> Decision:
        if row.holder is None or card.holder_key != self._key(row.holder):
            return self._another_holder(row)
        here = self._here(card)
        kept = frozenset(name for name, value in said.items() if here.get(name, "") != value)
        return Known(card.id, frozenset(), kept, is_ours=False)

    def _here(self, card: CardHere) -> dict[str, str]:
        return here_of(self.vault, card, self.facts.identities.get(card.holder_id or 0))

    def _another_holder(self, row: CardRow) -> Refusal:
        return self._refuse(
            Reason.CONFLICT,
            "card_no",
            row.card_no,
            Message(
                "a card with this number is here, and is not this person's: a card does not change its holder"
            ),
        )

    def _account(self, row: CardRow, holder: CardPerson) -> int | NewAccount | Refusal:
        """The account that a card comes to.

        What the list says of its holder is a claim, like what somebody types: the card does not come to an account that
        somebody else may have opened with this document. It comes to the one whose document staff saw, or that an import
        opened; else to one of its own.
        """
        person_key, facts = self._key(holder), self.facts
        claims = facts.claims.get(person_key, [])
        is_settled = bool(claims) and claims[0].is_seen
        names = facts.names.get(person_key)
        is_named = names is None or name_key(self.vault, person_key, holder.name) in names
        for one in claims:
            known = facts.identities.get(one.traveller_id)
            if known is None or plain_name(known.name.reveal()) != plain_name(holder.name):
                continue
            is_joined = one.is_seen or (
                not is_settled
                and one.traveller_id in facts.opened
                and row.phone in {"", known.phone.reveal()}
            )
            if is_joined:
                return one.traveller_id
        if is_settled or not is_named:
            return self._refuse(
                Reason.CONFLICT,
                "name",
                "",
                Message(
                    "staff saw this document under another name: correct the name, or settle it at the counter"
                ),
            )
        planned = self.accounts.setdefault(person_key, [])
        for account in planned:
            is_same_name = plain_name(account.identity.name) == plain_name(holder.name)
            if is_same_name and row.phone in {"", account.identity.phone}:
                return account
        if len(claims) + len(planned) >= CLAIMS_PER_DOCUMENT_MAX:
            return self._refuse(
                Reason.CONFLICT,
                "document",
                "",
                Message(
                    "too many accounts claim this document: settle at the counter whose it is, then import again"
                ),
            )
        planned.append(NewAccount(Identity(holder.name, holder.document, row.phone)))
        return planned[-1]

    def _key(self, person: CardPerson) -> bytes:
        return self.vault.person_key(person.document.key)

    def _refuse(self, reason: Reason, name: str, value: str, fix: Message) -> Refusal:
        return Refusal(reason, self.columns.get(name, name), value, fix)


def said_of(vault: Vault, row: CardRow) -> dict[str, str]:
    """What a row says, as it is compared and kept; of people keyed hashes."""
    said = {"type": row.type_code, "state": row.state.value}
    for name, day in (("valid_from", row.valid_from), ("valid_to", row.valid_to), ("issued", row.issued)):
        if day is not None:
            said[name] = day.isoformat()
    if row.holder is not None:
        key = vault.person_key(row.holder.document.key)
        said |= {"holder": key.hex(), "name": name_key(vault, key, row.holder.name).hex()}
    if row.phone:
        said["phone"] = _phone(vault, row.phone)
    if row.companions is not None:
        keys = [vault.person_key(one.document.key) for one in row.companions]
        said["companions"] = _several(keys)
    return said | {f"remaining.{no}": str(left) for no, left in (row.remaining or {}).items()}


def here_of(vault: Vault, card: CardHere, identity: OpenedIdentity | None) -> dict[str, str]:
    """A card as it is, in the same words."""
    here = {
        "type": card.type_code,
        "state": card.state.name.lower(),
        "valid_from": card.valid_from.isoformat() if card.valid_from else "",
        "valid_to": card.valid_to.isoformat() if card.valid_to else "",
        "issued": local_date(card.issued_at, CARD_TIMEZONE).isoformat(),
        "companions": _several(card.companions),
    }
    if card.holder_key is not None:
        here["holder"] = card.holder_key.hex()
    if identity is not None and card.holder_key is not None:
        here["name"] = name_key(vault, card.holder_key, identity.name.reveal()).hex()
        here["phone"] = _phone(vault, identity.phone.reveal())
    return here | {f"remaining.{no}": str(left) for no, left in card.remaining.items()}


def _phone(vault: Vault, phone: str) -> str:
    return vault.fingerprint(f"imported phone|{phone}".encode()).hex() if phone else ""


def _several(keys: "tuple[bytes, ...] | list[bytes]") -> str:
    return ",".join(sorted(key.hex() for key in keys))
