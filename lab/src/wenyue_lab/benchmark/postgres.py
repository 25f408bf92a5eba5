"""What the database server itself used."""

from wenyue.ops.processes import children
from wenyue.platform.embedded_server import ServerInfo
from wenyue_lab.benchmark.site import cpu_seconds as _process_cpu_s


def cpu_seconds(server: ServerInfo) -> float:
    """Processor seconds of the server and every process of its, the ended ones included."""
    total = _process_cpu_s(server.pid)
    for pid in children(server.pid):
        try:
            total += _process_cpu_s(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended between the list and the look; its time is the parent's now
    return total
