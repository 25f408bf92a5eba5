"""The traveller's list of visitors, as pages show it."""

from wenyue.accounts import VisitorRecord
from wenyue.core.documents import DocumentKind, mask_document
from wenyue.web.shared import Locale
from wenyue.web.traveller.views import PersonView
from wenyue.web.wording.documents import DOCUMENT_KINDS


def person_of(one: VisitorRecord, locale: Locale, age: str = "", *, is_chosen: bool = False) -> PersonView:
    """A visitor by full name, for the account whose list it is; the document masked."""
    kinds = {kind.value: kind for kind in DocumentKind}
    kind = kinds.get(one.document_kind)
    name = DOCUMENT_KINDS[kind].say(locale) if kind else ""
    return PersonView(
        id=one.id,
        name=one.name.reveal(),
        document=f"{name} {mask_document(one.document_number.reveal())}".strip(),
        age=age,
        is_self=one.is_self,
        is_chosen=is_chosen,
    )
