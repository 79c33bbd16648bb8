"""Which behaviour a call gets, set in every way there is."""

import pytest

from simulator.choice import Choice, UnknownBehaviour, choose
from simulator.server import Simulator


def results(client, count: int) -> list[object]:
    return [client.ring().fields["result"] for _ in range(count)]


def test_a_behaviour_holds_for_so_many_calls_then_it_accepts_again(client, sim):
    sim.behave("refuse", times=2)
    assert results(client, 3) == ["error", "error", "ok"]


def test_a_behaviour_without_times_holds_until_changed(client, sim):
    sim.behave("refuse")
    assert results(client, 3) == ["error"] * 3
    sim.behave("accept")
    assert results(client, 1) == ["ok"]


def test_a_simulator_may_start_with_a_behaviour(client_of):
    with Simulator(key="k", behaviour="refuse", behave_for=1) as sim:
        assert results(client_of(sim), 2) == ["error", "ok"]


def test_the_script_wins_over_the_number_and_the_number_over_the_rest(client_of):
    with Simulator(key="k", behaviour="refuse:все", endings={"0404": "refuse:номер"}) as sim:
        client = client_of(sim)
        assert client.ring("sim:accept", number="79990000404").fields["result"] == "ok"
        assert client.ring(number="79990000404").fields["error_code"] == "номер"
        assert client.ring(number="79990000405").fields["error_code"] == "все"


def test_words_after_the_behaviour_are_the_scripts_own(client):
    assert client.ring("sim:refuse:Нет Заявка с сайта").fields["error_code"] == "Нет"


def test_it_is_set_over_http_while_it_runs(client):
    reply = client.request("POST", "/behaviour", b'{"name": "refuse:x", "times": 1}')
    assert (reply.status, reply.fields) == (200, {"name": "refuse:x", "times": 1})
    assert results(client, 2) == ["error", "ok"]
    assert client.request("GET", "/behaviour").fields == {"name": "accept", "times": None}


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "hnag"}',
        b'{"name": "slow:soon"}',
        b'{"name": "hang", "times": 0}',
        b'{"name": "hang", "times": true}',
        b'{"name": "hang", "times": "3"}',
        b'{"name": "hang", "time": 3}',
        b'{"name": 5}',
        b"{}",
        b"[]",
        b"hang",
    ],
)
def test_a_wrong_wish_is_refused_with_its_reason_and_changes_nothing(client, body):
    reply = client.request("POST", "/behaviour", body)
    assert reply.status == 400
    assert reply.fields["error"]
    assert client.request("GET", "/behaviour").fields == {"name": "accept", "times": None}


@pytest.mark.parametrize(
    ("text", "value"), [("slow", 1000), ("slow:0", 0), ("redirect", 307), ("redirect:301", 301), ("refuse:a:b", "a:b")]
)
def test_a_value_stands_after_the_colon_or_is_the_usual_one(text, value):
    assert choose(text).value == value


@pytest.mark.parametrize(
    "text", ["", "Accept", "accept:1", "slow:", "slow:-1", "slow:1e3", "slow:9999999", "redirect:99"]
)
def test_a_text_that_names_no_behaviour_is_an_error(text):
    with pytest.raises(UnknownBehaviour):
        choose(text)


def test_an_ending_is_made_of_digits():
    with pytest.raises(UnknownBehaviour):
        Choice(endings={"x1": "hang"})
