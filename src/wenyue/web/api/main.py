"""The FastAPI application behind the hot endpoints: JSON routes, the description of the API, health and figures."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from fastapi import FastAPI, Request
from fastapi.telemetry import TelemetryConfig
from starlette.responses import Response

from wenyue.container import Services
from wenyue.telemetry import abuse_source, admission_source, engine_source, pool_source, room_source
from wenyue.web.api import (
    bookings,
    card_eligibility,
    cards,
    docs,
    gate,
    gate_lookup,
    gate_session,
    holders,
    lost,
    others,
    room,
    session,
    venues,
    visitors,
)
from wenyue.web.api.faults import catch_all, handle_faults
from wenyue.web.api.health import Health
from wenyue.web.api.metrics import Exchange, Meter, answer_metrics
from wenyue.web.api.openapi import describe
from wenyue.web.middleware.compression import Compression
from wenyue.web.middleware.edge import Edge
from wenyue.web.middleware.logins import Logins

# FastAPI's own would tell exceptions with their text and, by environment variables, send them away: ours is `platform.tracing`.
_NO_TELEMETRY: Final[TelemetryConfig] = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def create_api(
    services: Services,
    logins: Logins,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]],
) -> FastAPI:
    """Every route that is not hot. The hot endpoints count with `api.state.meter`."""
    meter = Meter()
    sources = [
        engine_source(services.engine),
        pool_source(services.db),
        admission_source(services.admission),
        abuse_source(services.abuse),
        room_source(services.room),
    ]
    exchange = Exchange(services.settings.home, "web", sources, meter, freshness=services.freshness)

    @asynccontextmanager
    async def whole_life(api: FastAPI) -> AsyncGenerator[None]:
        async with lifespan(api):
            writing = asyncio.create_task(exchange.write_figures(), name="metrics")
            yield
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    api = FastAPI(
        title="Wenyue",
        version="1",
        lifespan=whole_life,
        redoc_url=None,
        docs_url=None,
        openapi_url=None,
        telemetry=_NO_TELEMETRY,
    )
    api.state.services = services
    api.state.logins = logins
    api.state.meter = meter
    api.state.exchange = exchange
    for part in (
        session,
        lost,
        cards,
        visitors,
        venues,
        card_eligibility,
        room,
        bookings,
        holders,
        others,
        gate_session,
        gate,
        gate_lookup,
    ):
        api.include_router(part.router)
    handle_faults(api)
    api.add_middleware(Compression)
    api.add_middleware(Edge, meter=meter)
    _add_health(api, services, exchange)
    describe(api)
    api.router.routes.extend([*docs.routes, catch_all(api)])
    return api


def _add_health(api: FastAPI, services: Services, exchange: Exchange) -> None:
    health = Health(services)
    api.add_api_route("/healthz", health.alive, include_in_schema=False)
    api.add_api_route("/readyz", health.ready, include_in_schema=False)

    @api.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        """Figures for Prometheus."""
        settings = services.settings
        return await answer_metrics(request, exchange, settings.telemetry.metrics_token, settings.web.proxies)
