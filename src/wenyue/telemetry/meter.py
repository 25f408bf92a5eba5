"""Counting requests: cheap enough for the hot path (two look-ups, one bisection)."""

from bisect import bisect_left

from wenyue.telemetry.model import SECONDS_BOUNDS, Row


class Meter:
    """Requests of one process by method, route template and status."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, int], Row] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """One answered request. `route` is a template: the caller keeps the number of names small."""
        row = self._rows.get((method, route, status))
        if row is None:
            row = self._rows[method, route, status] = Row(
                method, route, status, 0.0, [0] * (len(SECONDS_BOUNDS) + 1)
            )
        row.seconds += seconds
        row.counts[bisect_left(SECONDS_BOUNDS, seconds)] += 1

    @property
    def rows(self) -> list[Row]:
        """What was counted until now."""
        return list(self._rows.values())
