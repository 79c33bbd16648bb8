"""A restart under load refuses nobody: the listening socket is not the process's own."""

import threading
import time

from tests.deploy.served import TOKEN, Served, Unix, ask, listening, until_ready

LEADS_S, SECONDS = 50, 8


def test_two_restarts_at_fifty_leads_a_second_refuse_none(tmp_path):
    path = tmp_path / "web.sock"
    answers: list[tuple[int, bytes]] = []
    with listening(tmp_path) as listener, Served(tmp_path, listener) as served:
        until_ready(lambda: Unix(path))

        def post(n):
            body = b'{"id": "%d", "phone": "+79990000000"}' % n
            answers.append(
                ask(Unix(path, 120), "POST", f"/hooks/shop?token={TOKEN}", body, Content_Type="application/json")
            )

        senders = []
        begun = time.monotonic()
        restarter = threading.Thread(target=restart_twice, args=(served, begun))
        restarter.start()
        for n in range(LEADS_S * SECONDS):
            time.sleep(max(0.0, begun + n / LEADS_S - time.monotonic()))
            senders.append(threading.Thread(target=post, args=(n,)))
            senders[-1].start()
        for thread in (*senders, restarter):
            thread.join(180)
        assert len(answers) == LEADS_S * SECONDS
        assert [answer for answer in answers if answer[0] != 200] == []


def restart_twice(served, begun):
    for at in (SECONDS / 8, SECONDS / 2):
        time.sleep(max(0.0, begun + at - time.monotonic()))
        served.stop()
        served.start()
