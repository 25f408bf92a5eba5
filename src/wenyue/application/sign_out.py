"""Whoever is signed in signs out."""

from wenyue.accounts import end_login
from wenyue.container import Services


async def sign_out(services: Services, token: str) -> None:
    """End the login of this token everywhere it is used, whoever's it is; one that is nobody's is no error.

    From then on it changes nothing, whichever process it reaches. Raises DatabaseDown.
    """
    async with services.db.transaction() as tx:
        await end_login(tx, token, services.clock())
