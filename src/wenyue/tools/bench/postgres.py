"""What the database server itself used."""

from pathlib import Path

from wenyue.infra.server import ServerInfo
from wenyue.tools.bench.site import cpu_seconds as _process_cpu_s


def cpu_seconds(server: ServerInfo) -> float:
    """Processor seconds of the server and every process of its, the ended ones included."""
    total = _process_cpu_s(server.pid)
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
    for pid in children.read_text(encoding="ascii").split():
        try:
            total += _process_cpu_s(int(pid))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended between the list and the look; its time is the parent's now
    return total
