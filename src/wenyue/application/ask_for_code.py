"""Somebody whose card is lost, or whose PIN is no help, asks for a code on the phone on record."""

from uuid import UUID

from wenyue.accounts import Caller, Identity
from wenyue.application.code_words import code_words, shared_words
from wenyue.cards import recovery
from wenyue.container import Services
from wenyue.notifications import CODE, SHARED_CODE, Notice, notify
from wenyue.platform.addresses import line_of


async def ask_for_code(
    services: Services,
    caller: Caller,
    request_id: UUID,
    identity: Identity,
    *,
    locale: str,
    is_lost: bool = True,
) -> None:
    """Send a code to the phone on record, if document, name and phone are a holder's; nobody is told whether they are.

    `locale`: of the request, as whoever waits for the code reads it. What warns the holder keeps to the holder's own. Raises
    Throttled.
    """
    now = services.clock()
    name = services.vault.person_key(identity.document.key).hex()
    async with services.guard.attempt("code", name, caller, now) as tried:
        begun = await recovery.begin(
            tried.tx,
            services.vault,
            request_id=request_id,
            identity=identity,
            now=now,
            requester=line_of(caller.address),
            is_lost=is_lost,
        )
        tried.is_right, tried.is_kept = begun is not None, True
        if begun is not None:
            words = shared_words(begun, locale) if begun.is_shared else code_words(begun, is_lost=is_lost)
            kind = SHARED_CODE if begun.is_shared else CODE
            notice = Notice(begun.text_id, kind, begun.holder_id, begun.phone, words, locale)
            await notify(tried.tx, services.vault, notice, now)
