"""`flask alarms`: list, ack, quiet, test."""

import json
from dataclasses import replace

from flow import alarms
from tests.wire.conftest import peer
from tests.wire.test_tell import answering

__all__ = ["peer"]


def test_they_are_listed_the_weightiest_first(flask, gateway):
    alarms.keep(gateway.parts)
    code, said = flask("alarms", "list")
    assert (code, said.startswith("! page no_worker: ")) == (0, True)
    gateway.alive()
    alarms.keep(gateway.parts)
    assert flask("alarms", "list") == (0, "all is well\n")


def test_somebody_takes_care(flask, gateway):
    alarms.keep(gateway.parts)
    assert flask("alarms", "ack", "no_worker", "--who", "anna") == (0, "anna takes care of no_worker\n")
    code, said = flask("alarms", "ack", "no_worker", "--who", "anna")
    assert (code, "flask alarms list" in said) == (1, True)


def test_quiet_for_planned_works(flask):
    code, said = flask("alarms", "quiet", "all", "--for", "30m", "--why", "works", "--who", "anna")
    assert (code, said.startswith("nobody is told of all until ")) == (0, True)
    code, said = flask("alarms", "quiet", "database_away", "--for", "30m", "--why", "works", "--who", "anna")
    assert code == 0, said
    code, said = flask("alarms", "quiet", "all", "--for", "soon", "--why", "works")
    assert (code, said) == (1, "--for: expected a time like 30m, 2h or 1d, got 'soon'\n")


def test_a_test_says_what_came_of_each_channel(flask, app, tmp_path, peer, monkeypatch):
    code, said = flask("alarms", "test")
    assert (code, "no channel is set up" in said) == (1, True)
    well, ill = peer(answering(200)), peer(answering(404))
    file = tmp_path / "alarms.yaml"
    channels = {
        name: {"kind": "webhook", "url": there.url, "secret": "env:SHOP_TOKEN"}
        for name, there in (("a", well), ("b", ill))
    }
    file.write_text(json.dumps({"channels": channels}))
    app.extensions["gateway"].secrets = {"env:SHOP_TOKEN": "whsec_a2tr"}.get
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], alarms_file=file)
    code, said = flask("alarms", "test")
    assert code == 1
    assert "a: ok: HTTP 200 (" in said
    assert "b: FAILED: HTTP 404 (" in said
    assert len(well.requests) == 1
