"""What a browser is asked about passkeys, and whether what it answers is right. Keeps nothing.

It loads the library, which takes a while: web loads it at the start, and nobody else does.
"""

import json
from dataclasses import dataclass
from typing import Final

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import PublicKeyCredentialDescriptor

from wenyue.accounts.second.passkeys import NewPasskey, Passkey, Place

ANSWER_LENGTH_MAX: Final = 8_000
_RP_NAME: Final = "稳约 Wenyue"
_TIMEOUT_MS: Final = 120_000
_CREDENTIAL_BYTES_MAX: Final = 1023  # WebAuthn level 2, 5.8.3
# What malformed answers raise in the library besides its own exceptions: it decodes CBOR, keys and base64 as they come, and
# JSON that is nested deeper than Python's stack.
_MALFORMED: Final = (
    WebAuthnException,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
)


def registration_options(
    place: Place, user_id: bytes, login: str, challenge: bytes, known: list[bytes]
) -> str:
    """What `navigator.credentials.create` is given, as JSON."""
    options = generate_registration_options(
        rp_id=place.rp_id,
        rp_name=_RP_NAME,
        user_name=login,
        user_id=user_id,
        challenge=challenge,
        timeout=_TIMEOUT_MS,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )
    return options_to_json(options)


def signing_options(place: Place, challenge: bytes, known: list[bytes]) -> str:
    """What `navigator.credentials.get` is given, as JSON."""
    options = generate_authentication_options(
        rp_id=place.rp_id,
        challenge=challenge,
        timeout=_TIMEOUT_MS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )
    return options_to_json(options)


def read_registration(place: Place, challenge: bytes, answer: str) -> NewPasskey | None:
    """The passkey that a browser made for this challenge at this place; None: it is not right."""
    if len(answer) > ANSWER_LENGTH_MAX:
        return None
    try:
        found = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=place.rp_id,
            expected_origin=place.origin,
        )
    except _MALFORMED:
        return None
    if len(found.credential_id) > _CREDENTIAL_BYTES_MAX:
        return None
    return NewPasskey(found.credential_id, found.credential_public_key, found.sign_count)


@dataclass(frozen=True, slots=True)
class Signed:
    """What a browser answered with a passkey, to which challenge, where."""

    place: Place
    challenge: bytes
    answer: str

    def check(self, known: list[Passkey]) -> tuple[Passkey, int] | None:
        """Which of these passkeys signed, and its counter now; None: it is not right."""
        if len(self.answer) > ANSWER_LENGTH_MAX:
            return None
        try:
            credential_id = base64url_to_bytes(json.loads(self.answer)["id"])
            used = next((one for one in known if one.credential_id == credential_id), None)
            if used is None:
                return None
            found = verify_authentication_response(
                credential=self.answer,
                expected_challenge=self.challenge,
                expected_rp_id=self.place.rp_id,
                expected_origin=self.place.origin,
                credential_public_key=used.public_key,
                credential_current_sign_count=used.sign_count,
            )
        except _MALFORMED:
            return None
        return used, found.new_sign_count
