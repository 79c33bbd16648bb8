"""Work of several threads done in one go by whoever of them comes first; no thread of its own, but for what is kept
waiting by somebody else.

A thread takes a seat. The first leads: it takes all that wait, does them together, wakes those that it did and hands
the lead to the first that came meanwhile. One thread alone does its own item at once and waits for nobody.
"""

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Take = Callable[[], Sequence[Item]]
DoAll = Callable[[Take[Item], bool], Sequence[Result]]
MOST = 64  # items of one go
BESIDE = 4  # threads that wait for what somebody keeps


class Apart(Exception):
    """These items of several cannot be done with the others: they are done alone, after them."""

    def __init__(self, items: Collection[object]) -> None:
        super().__init__(f"{len(items)} to be done alone")
        self.items = items


@dataclass(eq=False)
class Seat(Generic[Item, Result]):
    """`told` is called once it is done, by whoever has done it."""

    item: Item
    told: Callable[[], None]
    woken: Any = None  # a lock of the thread that waits for it, which can lead
    result: list[Result] = field(default_factory=list)
    failure: BaseException | None = None
    done: bool = False
    leads: bool = False
    beside: bool = False  # a thread waits for what it needs

    def outcome(self) -> Result:
        """Of one that is done: its result, or its failure raised."""
        if self.failure is not None:
            raise self.failure
        return self.result[0]


class Together(Generic[Item, Result]):
    """The seats of those who do the same. Where several fail by `everybodys`, all of them have failed; where it is
    said that some are `Apart`, those are done alone after the others; by anything else, each is done alone, so that
    one item's fault is its own.

    `kept`: what one fails by that needs what somebody else keeps. It is waited for in a thread beside the others, who
    go on; where that is so of more than a few, something keeps everybody, and they wait together."""

    def __init__(self, everybodys: type[Exception], most: int = MOST, kept: tuple[type[Exception], ...] = ()) -> None:
        self._everybodys, self._most, self._kept = everybodys, most, kept
        self._beside = 0  # that wait so
        self._waiting: list[Seat[Item, Result]] = []
        self._seats = threading.Lock()
        self._led = False  # somebody leads

    def do(self, item: Item, do_all: DoAll[Item, Result], timeout_ms: int | None = None) -> Result:
        """The item's result, or its failure. Raises TimeoutError when it is not done in `timeout_ms` (None: it is
        waited for); somebody may still be doing it then.

        `do_all`, the same for all who share the seats, answers a result for each item, in their order. It asks for
        the items as late as it can, after it has won the database's lock: whoever came meanwhile is with them. It is
        told whether it may wait long for what somebody keeps."""
        woken = threading.Lock()
        woken.acquire()
        seat: Seat[Item, Result] = Seat(item, woken.release, woken)
        with self._seats:
            self._waiting.append(seat)
            seat.leads, self._led = not self._led, True
        timeout_s = -1 if timeout_ms is None else timeout_ms / 1000
        if not seat.leads and not woken.acquire(timeout=timeout_s):
            self.leave(seat)
        while seat.leads and self._go(do_all, seat):
            continue
        if not seat.done and not woken.acquire(timeout=timeout_s):
            self.leave(seat)
        return seat.outcome()

    def seat(self, item: Item, told: Callable[[], None]) -> Seat[Item, Result]:
        """A seat for which no thread waits: somebody has to `lead`, and to call `leave` where it lasts too long."""
        seat: Seat[Item, Result] = Seat(item, told)
        with self._seats:
            self._waiting.append(seat)
        return seat

    def lead(self, do_all: DoAll[Item, Result], after: Callable[[], None]) -> bool:
        """Do those that wait, unless somebody leads already; `after` that, when they have been told. Whether others
        wait now, and nobody leads."""
        with self._seats:
            if self._led or not self._waiting:
                return False
            self._led = True
        left = self._go(do_all, None, after)
        if left:
            with self._seats:
                self._led = False
        return left

    def waiting(self) -> int:
        """How many have a seat and are not being done yet."""
        return len(self._waiting)

    def leave(self, seat: Seat[Item, Result]) -> None:
        """Get up after having waited too long: fails with TimeoutError; not where it was done, or was handed the lead,
        at this moment."""
        with self._seats:
            if seat.done or (seat.leads and not seat.beside):
                return
            if seat in self._waiting:
                self._waiting.remove(seat)
            seat.failure, seat.done = TimeoutError("others are before this one"), True
        if seat.woken is None:
            seat.told()

    def _go(
        self, do_all: DoAll[Item, Result], own: Seat[Item, Result] | None, after: Callable[[], None] = lambda: None
    ) -> bool:
        """One go; whether this thread has to lead on: its own is not done, or nobody else that waits can."""
        seats: list[Seat[Item, Result]] = []
        done = self._lead(seats, do_all)
        goes_on = self._hand_on(own)  # first: the next one has a lock to wait for
        for other in done:
            if other is not own:
                other.told()
        after()
        return goes_on

    def _hand_on(self, own: Seat[Item, Result] | None) -> bool:
        """Give the lead to a thread that waits for its seat; whether there is none and somebody waits."""
        with self._seats:
            able = next((seat for seat in self._waiting if seat.woken), None)
            if own in self._waiting or able is None:
                self._led = bool(self._waiting)
                return self._led
            able.leads = True
            able.told()
            return False

    def _lead(self, seats: list[Seat[Item, Result]], do_all: DoAll[Item, Result]) -> list[Seat[Item, Result]]:
        """`seats` are then those that were taken; those of them that nobody has left meanwhile are to be told."""

        def take() -> list[Item]:
            if not seats:
                with self._seats:
                    seats[:], self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            return [seat.item for seat in seats]

        try:
            results = do_all(take, False)
        except BaseException as why:
            take()  # it may have failed before it did
            return self._after_failure(seats, why, do_all)
        return self._settle(seats, results)

    def _after_failure(
        self, seats: Sequence[Seat[Item, Result]], why: BaseException, do_all: DoAll[Item, Result]
    ) -> list[Seat[Item, Result]]:
        if isinstance(why, self._kept):
            return self._wait_apart(seats, why, do_all)
        if isinstance(why, self._everybodys) or len(seats) == 1:
            return self._fail(seats, why)
        named = [seat for seat in seats if isinstance(why, Apart) and seat.item in why.items]
        apart = named or seats
        rest = [seat for seat in seats if seat not in apart]
        done = self._do(rest, do_all) if rest else []
        for seat in apart:
            done += self._do([seat], do_all)
        return done

    def _do(
        self, seats: Sequence[Seat[Item, Result]], do_all: DoAll[Item, Result], *, patient: bool = False
    ) -> list[Seat[Item, Result]]:
        try:
            results = do_all(lambda: [seat.item for seat in seats], patient)
        except BaseException as why:
            if patient and isinstance(why, self._kept):
                return self._fail(seats, why)
            return self._after_failure(seats, why, do_all)
        return self._settle(seats, results)

    def _wait_apart(
        self, seats: Sequence[Seat[Item, Result]], why: BaseException, do_all: DoAll[Item, Result]
    ) -> list[Seat[Item, Result]]:
        """Somebody keeps what one of these needs; nobody knows which."""
        if len(seats) == 1:
            return [] if self._wait_beside(seats[0], do_all) else self._fail(seats, why)
        done: list[Seat[Item, Result]] = []
        for n, seat in enumerate(seats):
            if self._beside >= BESIDE:
                return done + self._do(seats[n:], do_all, patient=True)
            done += self._do([seat], do_all)
        return done

    def _wait_beside(self, seat: Seat[Item, Result], do_all: DoAll[Item, Result]) -> bool:
        """Have a thread wait for it; False where enough do."""
        with self._seats:
            if self._beside >= BESIDE:
                return False
            self._beside += 1
            seat.beside = True

        def wait() -> None:
            try:
                done = self._do([seat], do_all, patient=True)
            finally:
                with self._seats:
                    self._beside -= 1
            for each in done:
                each.told()

        threading.Thread(target=wait, name="kept-waiting", daemon=True).start()
        return True

    def _settle(self, seats: Sequence[Seat[Item, Result]], results: Sequence[Result]) -> list[Seat[Item, Result]]:
        with self._seats:
            there = [seat for seat in seats if not seat.done]
            for seat, result in zip(seats, results, strict=True):
                seat.result.append(result)
                seat.done = True
        return there

    def _fail(self, seats: Sequence[Seat[Item, Result]], why: BaseException) -> list[Seat[Item, Result]]:
        with self._seats:
            there = [seat for seat in seats if not seat.done]
            for seat in there:
                seat.failure, seat.done = why, True
        return there
