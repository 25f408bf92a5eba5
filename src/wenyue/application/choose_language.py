"""A traveller chooses the language in which they are told what happens."""

from wenyue.accounts import set_locale
from wenyue.application.actors import Traveller
from wenyue.application.travelling import acting
from wenyue.container import Services


async def choose_language(services: Services, traveller: Traveller, locale: str) -> None:
    """From now on texts come in it. Raises LoginEnded."""
    async with acting(services, traveller) as own:
        await set_locale(own.tx, traveller.id, locale)
