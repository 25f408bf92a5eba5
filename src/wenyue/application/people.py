"""The people of a booking, as a face has checked them."""

from datetime import date

from msgspec import Struct

from wenyue.accounts import VisitorRecord, names
from wenyue.booking import PartyVisitor, Visitor
from wenyue.core.documents import Document, bare_number
from wenyue.core.personal import Vault


class Person(Struct, frozen=True):
    """Somebody who is to have a place. `number` is the canonical document number; the keys are those of `Visitor`."""

    name: str
    kind: str
    number: str
    birth: date | None
    person_key: bytes
    number_key: bytes | None

    def __repr__(self) -> str:
        return "Person(***)"

    @property
    def visitor(self) -> Visitor:
        """What the rules look at."""
        return Visitor(self.person_key, self.birth, self.number_key)

    def named(self, vault: Vault) -> Visitor:
        """… where the name is compared with those under which the person is known."""
        name_key = names.name_key(vault, self.person_key, self.name)
        return Visitor(self.person_key, self.birth, self.number_key, name_key)

    @property
    def sealed(self) -> PartyVisitor:
        """What is sealed with the booking."""
        return PartyVisitor(self.name, self.kind, self.number, self.birth)


def person_of_document(name: str, document: Document, vault: Vault) -> Person:
    """A person whose document was read from a form or a body."""
    bare = document.bare_number
    return Person(
        name,
        document.kind,
        document.number,
        document.birth,
        vault.person_key(document.key),
        vault.person_key(bare) if bare is not None else None,
    )


def person_of_record(one: VisitorRecord, vault: Vault) -> Person:
    """A common visitor of the traveller."""
    number = one.document_number.reveal()
    bare = bare_number(one.document_kind, number)
    return Person(
        one.name.reveal(),
        one.document_kind,
        number,
        one.birth,
        one.person_key,
        vault.person_key(bare) if bare is not None else None,
    )
