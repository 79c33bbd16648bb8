"""Wrong tokens: a few cost nothing, many are slowed, and take no more than a few threads."""

import threading

from handlers.api.wrong_tokens import MISTAKES, WAIT_S, WINDOW_S, WrongTokens


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
