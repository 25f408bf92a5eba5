"""Whoever runs the server declares that one operator works alone, or that two do."""

from wenyue.application.on_server import on_server
from wenyue.application.operating import Operator, Works
from wenyue.changes import store


async def declare_operators(works: Works, operator: Operator, *, is_one: bool) -> None:
    """`is_one`: what would wait for a second person is done ten minutes later, and told. Recorded."""
    async with on_server(works, operator) as act:
        await store.declare(act.tx, is_one=is_one, actor=operator.name, now=act.now)
