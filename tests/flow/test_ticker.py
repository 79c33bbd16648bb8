"""What looks around: each at its own pace, in one thread, whatever becomes of the others."""

import os
import threading
import time

import pytest
from structlog.testing import capture_logs

from flow.ticker import Look, Ticker
from store.engine import StoreUnavailable

WAIT_S = 60


class Clock:
    def __init__(self):
        self.at = 100.0

    def __call__(self):
        return self.at


def ticking(clock, *looks):
    """A ticker that has started and whose own thread is over: the test makes its rounds."""
    ticker = Ticker(looks, clock=clock)
    ticker.end()
    ticker.start()
    return ticker


def test_each_looks_at_its_own_pace_and_in_the_order_given():
    clock, seen = Clock(), []
    ticker = ticking(
        clock,
        Look("versions", 500, lambda: seen.append("versions"), at_once=True),
        Look("files", 500, lambda: seen.append("files")),
        Look("alarms", 2000, lambda: seen.append("alarms")),
    )
    assert seen == ["versions"]
    for _ in range(8):
        clock.at += 0.25
        ticker.round()
    assert seen == ["versions", *["versions", "files"] * 3, "versions", "files", "alarms"]
    assert ticker.rest() == 0.5


def test_a_slow_round_is_followed_by_a_whole_pace():
    clock, times = Clock(), []

    def slow():
        clock.at += 3

    ticker = ticking(clock, Look("slow", 500, slow), Look("files", 500, lambda: times.append(clock.at)))
    for _ in range(3):
        clock.at += ticker.rest()
        ticker.round()
    assert times == [103.5, 107.0, 110.5]


def test_one_that_fails_is_said_once_and_stops_no_other():
    clock, seen, troubles = Clock(), [], [ValueError("x"), ValueError("y"), StoreUnavailable("away"), None, None]

    def failing():
        trouble = troubles.pop(0)
        if trouble is not None:
            raise trouble

    ticker = ticking(clock, Look("failing", 1000, failing), Look("files", 1000, lambda: seen.append(clock.at)))
    with capture_logs() as lines:
        for _ in range(5):
            clock.at += 1
            ticker.round()
    assert len(seen) == 5
    assert [(line["event"], line["log_level"], line.get("why", "")) for line in lines] == [
        ("look_failed", "error", ""),
        ("look_failed", "warning", "away"),
        ("look_works_again", "info", ""),
    ]


def test_it_starts_once_and_ends_when_told():
    looked, threads = threading.Event(), set()

    def look():
        threads.add(threading.current_thread())
        looked.set()

    ticker = Ticker([Look("one", 1, look)])
    starting = [threading.Thread(target=ticker.start) for _ in range(8)]
    for thread in starting:
        thread.start()
    for thread in starting:
        thread.join()
    assert looked.wait(WAIT_S)
    (thread,) = threads
    ticker.end()
    thread.join(WAIT_S)
    assert not thread.is_alive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_has_a_thread_of_its_own():
    looked = threading.Event()
    ticker = Ticker([Look("one", 10, looked.set)])
    ticker.start()
    assert looked.wait(WAIT_S)
    child = os.fork()
    if child == 0:
        looked.clear()
        ticker.start()
        os._exit(0 if looked.wait(WAIT_S) else 1)
    end = time.monotonic() + 2 * WAIT_S
    while (done := os.waitpid(child, os.WNOHANG))[0] == 0 and time.monotonic() < end:
        time.sleep(0.01)
    ticker.end()
    assert done == (child, 0)


def test_nothing_to_look_at_is_no_thread_that_spins():
    ticker = Ticker()
    assert ticker.rest() is None
