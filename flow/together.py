"""Work of several threads done in one go by whoever of them comes first; no thread of its own.

A thread leaves its item and waits for its turn. The one that has it takes all that wait and does them together;
those whose item was done meanwhile only fetch their result. One thread alone does its own item at once.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
MOST = 64  # items of one go


@dataclass(eq=False)
class _Seat(Generic[Item, Result]):
    item: Item
    result: list[Result]
    failure: BaseException | None = None
    done: bool = False


class Together(Generic[Item, Result]):
    """`do_all` gets several items and answers a result for each, in their order. Where it fails by `everybodys`,
    all of them have failed; by anything else, they are done one by one, so that one item's fault is its own."""

    def __init__(
        self,
        do_all: Callable[[Sequence[Item]], Sequence[Result]],
        everybodys: type[Exception],
        most: int = MOST,
    ) -> None:
        self._do_all, self._everybodys, self._most = do_all, everybodys, most
        self._waiting: list[_Seat[Item, Result]] = []
        self._seats, self._turn = threading.Lock(), threading.Lock()

    def do(self, item: Item, timeout_s: float = -1) -> Result:
        """The item's result, or its failure. Raises TimeoutError when the turn does not come in `timeout_s`
        (below 0: it is waited for); nothing was done then."""
        seat: _Seat[Item, Result] = _Seat(item, [])
        with self._seats:
            self._waiting.append(seat)
        if not self._turn.acquire(timeout=timeout_s):
            with self._seats:
                if seat in self._waiting:
                    self._waiting.remove(seat)
                    raise TimeoutError("others are before this one")
            self._turn.acquire()  # somebody is doing it right now
        try:
            while not seat.done:
                self._lead()
        finally:
            self._turn.release()
        if seat.failure is not None:
            raise seat.failure
        return seat.result[0]

    def _lead(self) -> None:
        with self._seats:
            seats, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        try:
            self._settle(seats, self._do_all([seat.item for seat in seats]))
        except self._everybodys as why:
            _fail(seats, why)
        except BaseException as why:
            if len(seats) == 1:
                _fail(seats, why)
                return
            for seat in seats:
                self._alone(seat)

    def _alone(self, seat: _Seat[Item, Result]) -> None:
        try:
            self._settle([seat], self._do_all([seat.item]))
        except BaseException as why:
            _fail([seat], why)

    def _settle(self, seats: Sequence[_Seat[Item, Result]], results: Sequence[Result]) -> None:
        for seat, result in zip(seats, results, strict=True):
            seat.result.append(result)
            seat.done = True


def _fail(seats: Sequence[_Seat[Item, Result]], why: BaseException) -> None:
    for seat in seats:
        seat.failure, seat.done = why, True
