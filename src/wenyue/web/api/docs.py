"""The human page of the API at /docs, rendered from the OpenAPI document, and every problem code at /docs/problems."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from wenyue.web.api.docs_problems import problem_groups
from wenyue.web.api.docs_views import operations, shapes, statuses
from wenyue.web.shared import locale_of, render
from wenyue.web.shared.pages import server_of


async def _docs(request: Request) -> Response:
    locale = locale_of(request)
    document = request.app.openapi()
    context = {
        "groups": operations(document, locale),
        "statuses": statuses(document),
        "shapes": shapes(document),
        "server": server_of(request),
    }
    return render(request, "api/docs.html", context)


async def _problems(request: Request) -> Response:
    return render(request, "api/problems.html", {"groups": problem_groups(locale_of(request))})


routes: Final = [
    Route("/docs", _docs, methods=["GET"]),
    Route("/docs/problems", _problems, methods=["GET"]),
]
