"""A web server that stops taking connections while it cannot even refuse those it has.

What is not taken waits in the kernel's queue of the listening socket, or is taken by another process that shares it.
"""

import asyncio
import socket

import uvicorn

from wenyue.platform.http.web_server import TlsSocket, WebServer
from wenyue.platform.load_shedding.admission import Admission


class PausingServer(WebServer):
    """Serves a listening socket that stays open for everybody who shares it, accepting only while `is_flooded` is false.

    A socket of TLS (of one machine, for the local network) is served as ever.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        shared: socket.socket,
        admission: Admission,
        tls: TlsSocket | None = None,
    ) -> None:
        super().__init__(config, tls)
        self._shared, self._admission = shared, admission
        self.is_accepting = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept on a copy of the shared socket: closing that one stops accepting, and closes nothing else."""
        del sockets  # ours is known
        await super().startup([self._shared.dup()])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let go of the shared socket too, then end as usual."""
        self._shared.close()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        if self.is_accepting is self._admission.is_flooded:
            await self._turn()
        return await super().on_tick(counter)

    async def _turn(self) -> None:
        self.is_accepting = not self._admission.is_flooded
        if not self.is_accepting:
            self.servers.pop(0).close()
            return
        loop = asyncio.get_running_loop()
        self.servers.insert(
            0,
            await loop.create_server(self._protocol, sock=self._shared.dup(), backlog=self.config.backlog),
        )
