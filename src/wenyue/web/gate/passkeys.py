"""The second person's passkey at the gate: what the page's script asks the browser for, and what it signed for this one act.

The browser is the colleague's; the passkey is on a key that is plugged in or held to it, or on the second person's own phone.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from starlette.responses import Response

from wenyue.accounts.second.passkeys import Passkey, Place, challenge_to_confirm
from wenyue.application.ask_passkey import ask_passkey
from wenyue.application.second_proofs import NotConfirmed, Second
from wenyue.core.personal import Vault
from wenyue.web.gate.context import GateContext
from wenyue.web.shared.ceremonies import Signed, signing_options
from wenyue.web.shared.passkey_place import place_of

_BY: Final = "second_by"  # `ask`: what to sign is wanted; `passkey`: it was signed
_AT: Final = "second_at"
_ANSWER: Final = "second_answer"
_PIECES_MAX: Final = 20  # of a passkey's answer: a field is cut at 512 characters
_LASTS_S: Final = 300  # from the challenge to the answer; browsers give up after two minutes
_SECOND_MAX: Final = 2**40
_REFUSED: Final = 422


@dataclass(frozen=True, slots=True)
class Act:
    """What is confirmed, and in whose login: a passkey signs for this and nothing else. `at`: when it was asked, in seconds."""

    place: Place
    vault: Vault = field(repr=False)
    said: str = field(repr=False)
    at: int

    def challenge(self, known: list[Passkey]) -> bytes:
        """What one of these passkeys is to sign."""
        return challenge_to_confirm(self.vault, f"{self.at}|{self.said}", known)


@dataclass(frozen=True, slots=True)
class SignedAct:
    """What somebody's passkey signed for an act. The challenge follows from their passkeys as they are when it is checked."""

    act: Act
    answer: str = field(repr=False)
    now: datetime

    def check(self, known: list[Passkey]) -> tuple[Passkey, int] | None:
        """Which of these passkeys signed, and its counter now; None: it is not right, or too old."""
        if not 0 <= self.now.timestamp() - self.act.at <= _LASTS_S:
            return None
        return Signed(self.act.place, self.act.challenge(known), self.answer).check(known)


def asks_what_to_sign(context: GateContext) -> bool:
    """Whether the page's script wants to know what to sign, and nothing done yet."""
    return context.form.one(_BY) == "ask"


def is_signed(context: GateContext) -> bool:
    """Whether the form says that a passkey signed."""
    return context.form.one(_BY) == "passkey"


def signed_act(context: GateContext, said: str) -> SignedAct | None:
    """What the form brings of a passkey for the act `said`; None: nothing."""
    place, at = place_of(context.request), context.form.number(_AT, 0, _SECOND_MAX)
    if not is_signed(context) or place is None:
        return None
    answer = "".join(context.form.many(_ANSWER, _PIECES_MAX))
    return SignedAct(_act(context, place, said, at or 0), answer, context.now)


def said_of(*parts: str) -> str:
    """An act by what it consists of: no two acts are said alike."""
    return json.dumps(parts)


async def offer(
    context: GateContext, second: Second, said: str
) -> tuple[Act, list[Passkey]] | NotConfirmed | None:
    """The act, and the passkeys that may sign for it; None: there is none that is good here."""
    found = await ask_passkey(context.services, context.login_key, second)
    if isinstance(found, NotConfirmed):
        return found
    place = place_of(context.request)
    return (
        None
        if place is None or not found
        else (_act(context, place, said, int(context.now.timestamp())), found)
    )


def options_said(context: GateContext, act: Act, known: list[Passkey]) -> Response:
    """The answer to the script: what the browser is to ask, and the second that goes back with what was signed."""
    options = signing_options(act.place, act.challenge(known), [one.credential_id for one in known])
    return context.parts({"options": options, "at": str(act.at)})


def refusal_said(context: GateContext, field_name: str, text: str) -> Response:
    """The answer to the script: why there is nothing to sign, and at which field."""
    return context.parts({"field": field_name, "text": text}, _REFUSED)


def _act(context: GateContext, place: Place, said: str, at: int) -> Act:
    return Act(place, context.services.vault, f"{context.login_key}|{said}", at)
