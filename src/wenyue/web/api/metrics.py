"""`GET /metrics`: every process's figures in Prometheus' text format, for whoever may ask.

Who may: with `WENYUE_METRICS_TOKEN`, whoever sends it as a bearer token; without, only this machine itself – and not
through a reverse proxy on it, which would pass on the whole world (`infra.addresses.is_of_this_machine`).
"""

import hmac
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from wenyue.platform.addresses import Network, is_of_this_machine
from wenyue.telemetry import METRICS_TYPE, Exchange, Meter, metrics_text

__all__ = ["Exchange", "Meter", "answer_metrics"]


async def answer_metrics(
    request: Request, exchange: Exchange, token: str, proxies: Sequence[Network]
) -> Response:
    """The figures, 401 for a wrong token, 403 for another machine when no token is set."""
    if token:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return PlainTextResponse(
                "WENYUE_METRICS_TOKEN is wanted as a bearer token\n",
                401,
                headers={"WWW-Authenticate": "Bearer"},
            )
    elif not is_of_this_machine(request.scope, proxies):
        return PlainTextResponse("only from this machine, or with WENYUE_METRICS_TOKEN\n", 403)
    text = metrics_text(await exchange.snapshots())
    return Response(text, media_type=METRICS_TYPE, headers={"Cache-Control": "no-store"})
