"""How much a child process may use that opens a file nobody vouches for (`platform.confined`)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """Memory in bytes, processor time in seconds. It has twice that time by the clock."""

    memory: int
    processor_s: int
