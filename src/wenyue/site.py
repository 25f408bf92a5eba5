"""Which parts of web there are and how they are put together: the API, the pages, health. The only place that knows them all."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI

from wenyue.container import Services
from wenyue.web import console, gate, traveller
from wenyue.web.api.main import create_api
from wenyue.web.middleware.logins import Logins


def create_site(
    services: Services, logins: Logins, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]]
) -> FastAPI:
    """Every route that is not hot, in the order in which requests meet them."""
    site = create_api(services, logins, lifespan)
    site.router.routes.extend([*gate.routes, *console.routes, *traveller.routes, traveller.fallback])
    return site
