"""Where a face finds what it may call."""

from typing import cast

from starlette.requests import Request

from wenyue.container import Services


def services_of(request: Request) -> Services:
    """The services of the application that serves `request` (`app.state.services`)."""
    return cast(Services, request.app.state.services)
