"""No kind of request takes every thread, and no line is read from for ever."""

import socket
import threading

from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Response

from handlers.api.wrong_tokens import MISTAKES, WAIT_S, WINDOW_S, WrongTokens
from handlers.room import HOOKS, Deadlines, Places, Room


class Line:
    """gunicorn's socket, as far as it matters here."""

    def shutdown(self, how):
        return None


SERVED = {"gunicorn.socket": Line()}


def test_of_one_address_no_more_than_its_places_and_of_all_no_more_than_there_are():
    places = Places(most=3, each=2)
    assert [places.take("a"), places.take("a"), places.take("a")] == [True, True, False]
    assert [places.take("b"), places.take("c")] == [True, False]
    places.give_back("a")
    assert places.take("c")


def test_who_waits_gets_the_place_that_becomes_free():
    places = Places(most=1)
    assert places.take()
    got: list[bool] = []
    waiting = threading.Thread(target=lambda: got.append(places.take(wait_s=30)))
    waiting.start()
    places.give_back()
    waiting.join()
    assert got == [True]


def test_nothing_is_remembered_of_who_has_gone():
    places = Places(most=2, each=1)
    for n in range(1000):
        assert places.take(str(n))
        places.give_back(str(n))
    assert len(places._held) == 0


def test_hooks_hold_their_places_until_they_are_closed_and_others_need_none():
    room = Room(Response("told"), Places(most=1))
    environ = EnvironBuilder(path=HOOKS + "shop", environ_overrides=SERVED).get_environ()
    first = room(dict(environ), lambda *_: None)
    assert Client(room).get(HOOKS + "shop", environ_overrides=SERVED).status_code == 503
    assert Client(room).get("/healthz", environ_overrides=SERVED).status_code == 200
    first.close()
    assert Client(room).get(HOOKS + "shop", environ_overrides=SERVED).status_code == 200


def test_a_hook_that_breaks_gives_its_place_back():
    def breaks(environ, start_response):
        raise ValueError("a bug")

    room = Room(breaks, Places(most=1))
    for _ in range(2):
        try:
            Client(room).get(HOOKS + "shop", environ_overrides=SERVED)
        except ValueError:
            continue
        raise AssertionError("no place, so that the bug was not reached")


def test_reading_ends_when_its_time_is_over_however_the_bytes_drip():
    ours, theirs = socket.socketpair()
    ended = threading.Event()

    def drip():
        while not ended.wait(0.01):
            try:
                theirs.sendall(b"x")
            except OSError:
                return

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        with Deadlines().within(ours, 0.1) as is_over:
            while ours.recv(1000):
                continue
            assert is_over()
    finally:
        ended.set()
        dripping.join()
        ours.close()
        theirs.close()


def test_a_line_that_was_read_in_time_is_left_alone():
    deadlines = Deadlines()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with deadlines.within(ours, 0.05) as is_over:
            assert not is_over()
        with deadlines.within(None, 0.0) as is_over:
            assert not is_over()
        deadlines._watching.join(10)  # it has looked, found nobody, and ended
        theirs.sendall(b"x")
        assert ours.recv(1) == b"x"


def test_a_few_wrong_tokens_cost_nothing_and_many_are_slowed():
    now, slept = [0.0], []
    wrong = WrongTokens(lambda: now[0], slept.append)
    assert all(wrong.one_more("203.0.113.5") for _ in range(MISTAKES))
    assert slept == []
    assert wrong.one_more("203.0.113.5")
    assert slept == [WAIT_S]
    now[0] += WINDOW_S + 1
    assert wrong.one_more("203.0.113.5")
    assert slept == [WAIT_S]


def test_of_400_at_one_time_four_wait_and_the_others_are_sent_away():
    go_on = threading.Event()
    wrong = WrongTokens(sleep=lambda _: go_on.wait(30))
    answers: list[bool] = []
    threads = [threading.Thread(target=lambda: answers.append(wrong.one_more("203.0.113.5"))) for _ in range(400)]
    for each in threads:
        each.start()
    while len(answers) < 396:
        threading.Event().wait(0.01)
    go_on.set()
    for each in threads:
        each.join()
    assert (answers.count(True), answers.count(False)) == (MISTAKES + 4, 400 - MISTAKES - 4)
