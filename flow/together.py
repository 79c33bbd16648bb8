"""Work of several threads done in one go by whoever of them comes first; no thread of its own.

A thread takes a seat. The first leads: it takes all that wait, does them together, wakes those that it did and hands
the lead to the first that came meanwhile. One thread alone does its own item at once and waits for nobody.
"""

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Take = Callable[[], Sequence[Item]]
DoAll = Callable[[Take[Item]], Sequence[Result]]
MOST = 64  # items of one go


class Apart(Exception):
    """These items of several cannot be done with the others: they are done alone, after them."""

    def __init__(self, items: Collection[object]) -> None:
        super().__init__(f"{len(items)} to be done alone")
        self.items = items


@dataclass(eq=False)
class _Seat(Generic[Item, Result]):
    item: Item
    result: list[Result] = field(default_factory=list)
    failure: BaseException | None = None
    done: bool = False
    leads: bool = False
    woken: threading.Lock = field(default_factory=threading.Lock)  # held until it is done or leads


class Together(Generic[Item, Result]):
    """The seats of those who do the same. Where several fail by `everybodys`, all of them have failed; where it is
    said that some are `Apart`, those are done alone after the others; by anything else, each is done alone, so that
    one item's fault is its own."""

    def __init__(self, everybodys: type[Exception], most: int = MOST) -> None:
        self._everybodys, self._most = everybodys, most
        self._waiting: list[_Seat[Item, Result]] = []
        self._seats = threading.Lock()
        self._led = False  # somebody leads

    def do(self, item: Item, do_all: DoAll[Item, Result], timeout_ms: int | None = None) -> Result:
        """The item's result, or its failure. Raises TimeoutError when it is not done in `timeout_ms` (None: it is
        waited for); somebody may still be doing it then.

        `do_all`, the same for all who share the seats, answers a result for each item, in their order. It asks for
        the items as late as it can, after it has won the database's lock: whoever came meanwhile is with them."""
        seat: _Seat[Item, Result] = _Seat(item)
        seat.woken.acquire()
        with self._seats:
            self._waiting.append(seat)
            seat.leads, self._led = not self._led, True
        if not seat.leads and not seat.woken.acquire(timeout=-1 if timeout_ms is None else timeout_ms / 1000):
            self._leave(seat)
        if seat.leads:
            seats: list[_Seat[Item, Result]] = []
            try:
                self._lead(seats, do_all)
            finally:
                self._hand_on()  # first: the next one has a lock to wait for
                for other in seats:
                    if other is not seat:
                        other.woken.release()
        if seat.failure is not None:
            raise seat.failure
        return seat.result[0]

    def waiting(self) -> int:
        """How many have a seat and are not being done yet."""
        return len(self._waiting)

    def _leave(self, seat: _Seat[Item, Result]) -> None:
        """Get up after having waited too long; not where it was done, or was handed the lead, at this moment."""
        with self._seats:
            if seat.done or seat.leads:
                return
            if seat in self._waiting:
                self._waiting.remove(seat)
        raise TimeoutError("others are before this one")

    def _hand_on(self) -> None:
        with self._seats:
            self._led = bool(self._waiting)
            if self._led:
                self._waiting[0].leads = True
                self._waiting[0].woken.release()

    def _lead(self, seats: list[_Seat[Item, Result]], do_all: DoAll[Item, Result]) -> None:
        """`seats` are then those that were done."""

        def take() -> list[Item]:
            if not seats:
                with self._seats:
                    seats[:], self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            return [seat.item for seat in seats]

        try:
            results = do_all(take)
        except BaseException as why:
            take()  # it may have failed before it did
            self._after_failure(seats, why, do_all)
        else:
            _settle(seats, results)

    def _after_failure(
        self, seats: Sequence[_Seat[Item, Result]], why: BaseException, do_all: DoAll[Item, Result]
    ) -> None:
        if isinstance(why, self._everybodys) or len(seats) == 1:
            _fail(seats, why)
            return
        named = [seat for seat in seats if isinstance(why, Apart) and seat.item in why.items]
        apart = named or seats
        rest = [seat for seat in seats if seat not in apart]
        if rest:
            self._do(rest, do_all)
        for seat in apart:
            self._do([seat], do_all)

    def _do(self, seats: Sequence[_Seat[Item, Result]], do_all: DoAll[Item, Result]) -> None:
        try:
            results = do_all(lambda: [seat.item for seat in seats])
        except BaseException as why:
            self._after_failure(seats, why, do_all)
        else:
            _settle(seats, results)


def _settle(seats: Sequence[_Seat[Item, Result]], results: Sequence[Result]) -> None:
    for seat, result in zip(seats, results, strict=True):
        seat.result.append(result)
        seat.done = True


def _fail(seats: Sequence[_Seat[Item, Result]], why: BaseException) -> None:
    for seat in seats:
        seat.failure, seat.done = why, True
