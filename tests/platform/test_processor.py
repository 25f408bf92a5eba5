"""Whether a process has a processor to spare."""

import time
from pathlib import Path

import pytest

from wenyue.platform.load_shedding import processor
from wenyue.platform.load_shedding.processor import Processor


def _compute(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


@pytest.mark.parametrize("is_linux", [True, False])
def test_overload_O2_a_thread_that_computes_is_busy_and_one_that_sleeps_is_not(
    monkeypatch: pytest.MonkeyPatch, *, is_linux: bool
) -> None:
    if not is_linux:
        monkeypatch.setattr(processor, "_SCHEDSTAT", Path("/nowhere/schedstat"))
    own = Processor()
    _compute(0.2)
    busy, _ = own.shares(0.2)  # at least this much of 0.2 s was computed, whatever else ran
    time.sleep(0.2)  # that a thread that sleeps is not busy is what is tried
    assert busy > 0.9
    assert own.shares(0.2)[0] < 0.5
    assert own.shares(0.0) == (0.0, 0.0)
