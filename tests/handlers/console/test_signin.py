"""Signing in: by link, by password; what ends a session; how wrong tries are slowed."""

import statistics
import time

import pytest

from flow import passwords, people
from handlers.console.door import is_loopback
from tests.handlers.console.conftest import Reader

WORD = "a long enough word"


@pytest.fixture
def irina(gateway):
    return people.set_password(gateway.parts, people.add(gateway.parts, "Ирина", "operator", "test"), WORD)


def log_in(reader, name="Ирина", password=WORD, **more):
    reader.get("/console/login")
    return reader.send("/console/login", name=name, password=password, **more)


def test_a_name_is_known_in_any_spelling_and_leads_where_one_wanted_to_go(stranger, irina):
    assert log_in(stranger, " ИРИНА ", next="/console/me").headers["Location"] == "/console/me"
    assert "Ирина" in stranger.get("/console/me")


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/console/\\evil", "/console/\nSet-Cookie: a=b", "/api/leads", ""],
)
def test_the_sign_in_leads_to_no_other_place(stranger, irina, target):
    assert log_in(stranger, next=target).headers["Location"] == "/console/"


def test_a_wrong_name_and_a_wrong_password_are_answered_alike(stranger, irina):
    one, other = log_in(stranger, password="wrong"), log_in(stranger, name="nobody")
    assert (one.status_code, other.status_code) == (403, 403)
    assert "Wrong name or password" in one.text
    assert one.text.count("Wrong") == other.text.count("Wrong")


def test_an_unknown_name_takes_as_long_as_a_wrong_password(irina):
    def times(kept):
        found = []
        for _ in range(5):
            began = time.thread_time()
            assert not passwords.is_right("wrong", kept)
            found.append(time.thread_time() - began)
        return statistics.median(found)

    known, unknown = times(irina.password), times("")
    assert 0.5 < known / unknown < 2


def test_after_five_wrong_tries_one_has_to_wait_and_longer_each_time(stranger, irina, clock):
    for _ in range(4):
        assert log_in(stranger, password="wrong").status_code == 403
    assert log_in(stranger, password="wrong").status_code == 429
    assert log_in(stranger).status_code == 429  # the right word, too soon
    clock.forward(1.1)
    assert log_in(stranger, password="wrong").status_code == 429
    clock.forward(1.1)
    assert log_in(stranger).status_code == 429
    clock.forward(1.1)
    assert log_in(stranger).status_code == 303


def test_wrong_tries_of_one_address_slow_every_name_from_there(stranger, irina):
    for n in range(5):
        log_in(stranger, name=f"guess {n}", password="wrong")
    assert log_in(stranger).status_code == 429


def test_a_right_one_forgets_the_wrong_ones_of_its_name(stranger, irina, gateway, clock):
    for _ in range(4):
        log_in(stranger, password="wrong")
    log_in(stranger)
    clock.forward(3700)
    for _ in range(4):
        assert log_in(stranger, password="wrong").status_code == 403


def test_a_link_lets_in_once_and_only_by_its_button(stranger, gateway, app):
    owner = people.add(gateway.parts, "owner", "owner", "test")
    token = people.link(gateway.parts, owner, "test")
    for _ in range(3):
        assert "Sign in" in stranger.get(f"/console/enter?t={token}")  # a preview spends nothing
    page = stranger.post("/console/enter", t=token)
    assert "Set a password" in page
    assert stranger.send("/console/enter", t=token).status_code == 403


def test_a_link_is_good_for_its_time_only(stranger, gateway, clock):
    owner = people.add(gateway.parts, "owner", "owner", "test")
    token = people.link(gateway.parts, owner, "test", lasts_ms=people.DEMO_LINK_MS)
    stranger.get("/console/login")
    clock.forward(601)
    assert stranger.send("/console/enter", t=token).status_code == 403


def test_the_link_of_make_run_is_good_on_the_machine_itself_only(stranger, gateway):
    owner = people.add(gateway.parts, "owner", "owner", "test")
    token = people.link(gateway.parts, owner, "test", loopback=True)
    stranger.get("/console/login")
    fields = {"csrf_token": stranger.csrf, "t": token}
    far = {"environ_overrides": {"REMOTE_ADDR": "203.0.113.9"}}
    assert stranger.http.post("/console/enter", data=fields, **far).status_code == 403
    through = {"headers": {"X-Forwarded-For": "127.0.0.1"}}
    assert stranger.http.post("/console/enter", data=fields, **through).status_code == 403
    assert stranger.send("/console/enter", t=token).status_code == 303


@pytest.mark.parametrize(
    ("host", "remote", "here"),
    [
        ("127.0.0.1:8000", "127.0.0.1", True),
        ("localhost", "::1", True),
        ("[::1]:8000", "::1", True),
        ("evil.example", "127.0.0.1", False),
        ("localhost", "203.0.113.9", False),
        ("localhost", "", False),
    ],
)
def test_this_machine_is_known_by_its_address_and_the_name_it_was_called_by(app, host, remote, here):
    with app.test_request_context(base_url=f"http://{host}", environ_base={"REMOTE_ADDR": remote}):
        assert is_loopback() is here


def test_a_new_password_ends_the_other_sessions(as_, gateway):
    here = as_("operator", "Ирина")
    there = type(here)(here.http.application, gateway)
    token = people.link(gateway.parts, here.user, "test")
    there.get("/console/login")
    there.post("/console/enter", t=token)
    here.get("/console/me")
    assert "The password is set" in here.post("/console/me/password", new=WORD)
    here.get("/console/")
    there.get("/console/", 303)


def test_a_set_password_has_to_be_given_before_another_is_set(stranger, irina):
    log_in(stranger)
    stranger.get("/console/me")
    assert stranger.send("/console/me/password", old="wrong", new="another long word").status_code == 409
    assert stranger.send("/console/me/password", old=WORD, new="short").status_code == 409
    assert stranger.send("/console/me/password", old=WORD, new="another long word").status_code == 303


def test_a_disabled_user_is_out_at_once(as_, gateway):
    reader = as_("operator")
    reader.get("/console/")
    people.disable(gateway.parts, reader.user, "test")
    reader.get("/console/", 303)


def test_a_session_ends_idle_or_old(as_, clock):
    reader = as_("viewer")
    clock.forward(11 * 3600)
    reader.get("/console/")
    clock.forward(13 * 3600)
    reader.get("/console/", 303)


def test_the_pulse_keeps_no_session_alive(as_, clock):
    reader = as_("viewer")
    for _ in range(13):
        clock.forward(3600)
        answer = reader.http.get("/console/pulse")
    assert answer.status_code == 401


def test_a_sign_in_starts_a_new_session(stranger, irina):
    stranger.get("/console/login")
    before = stranger.http.get_cookie("console")
    log_in(stranger)
    assert before is None or before.value != stranger.http.get_cookie("console").value


def test_over_https_the_cookie_is_bound_to_the_host(gateway):
    from app import create_app
    from config.settings import read
    from tests.application import SETTINGS

    settings = {**SETTINGS, "PUBLIC_URL": "https://leads.example.ru", "VOICE_API_URL": "https://voice.example.ru/"}
    app = create_app(read(settings, dotenv=None), gateway.parts)
    answer = app.test_client().get("/console/login", base_url="https://leads.example.ru")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-console=")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    gateway.parts.ticker.end()


def test_without_users_the_page_names_the_command(stranger):
    assert "flask users add NAME --role owner" in stranger.get("/console/login")


def test_language_and_theme_are_kept_and_written_by_the_server(stranger, irina):
    stranger.get("/console/login")
    stranger.send("/console/choose", language="ru", theme="dark")
    page = stranger.get("/console/login")
    assert 'lang="ru"' in page
    assert 'data-theme="dark"' in page
    stranger.send("/console/choose", language="xx", theme="purple")
    assert 'lang="ru"' in stranger.get("/console/login")
    english = stranger.http.application.test_client().get("/console/login", headers={"Accept-Language": "fr, en"})
    assert '<html lang="en"' in english.text


def test_times_are_read_in_the_reader_s_own_zone(operator, gateway):
    gateway.take({"id": "1", "phone": "79990000001"})
    assert "12:00 MSK" in operator.get("/console/me")
    page = operator.post("/console/choose", zone="Asia/Vladivostok", next="/console/me")
    assert '<option value="Asia/Vladivostok" selected>' in page
    assert "19:00" in page
    assert "19:00:00" in operator.get("/console/leads")
    for odd in ("Mars/Olympus", "../../etc/passwd", ""):
        operator.post("/console/choose", zone=odd, next="/console/me")
        assert "19:00" in operator.get("/console/me")
    assert operator.http.get_cookie("zone", path="/console") is None


def test_language_and_zone_go_with_the_user_to_another_browser(operator, app, gateway):
    operator.get("/console/me")
    operator.post("/console/choose", language="ru", zone="Asia/Vladivostok", theme="dark", next="/console/me")
    assert operator.http.get_cookie("language", path="/console") is None
    elsewhere = Reader(app, gateway)
    elsewhere.get("/console/login")
    elsewhere.send("/console/choose", language="en")
    assert '<html lang="en"' in elsewhere.get("/console/login")
    token = people.link(gateway.parts, operator.user, "test")
    elsewhere.get(f"/console/enter?t={token}")
    page = elsewhere.post("/console/enter", t=token)
    assert '<html lang="ru"' in page
    assert "19:00" in page
    assert 'data-theme="dark"' not in page  # colours are a screen's


def test_a_refusal_is_said_in_the_reader_s_language(owner, gateway):
    owner.post("/console/choose", language="ru", next="/console/users")
    owner.get("/console/users")
    said = owner.send("/console/users/add", name="the owner", role="owner").text
    assert "пользователь «the owner» уже есть" in said
    assert "единственный владелец" in owner.send(f"/console/users/{owner.user.id}/disable").text
    assert "в имени токена" in owner.send("/console/tokens/add", name="!", scope="read").text
    owner.get("/console/me")
    assert "в пароле не меньше 12 знаков" in owner.send("/console/me/password", new="short").text
    owner.post("/console/choose", language="en", next="/console/me")
    assert "at least 12 characters" in owner.send("/console/me/password", new="short").text
