"""The alert rules and the dashboard ask for metrics that there are, and Prometheus's own tool takes them."""

import json
import re
import shutil
import subprocess

import pytest
import yaml

from config.settings import ROOT
from tests.pages import first_names

RULES = ROOT / "deploy" / "prometheus-rules.yml"
DASHBOARD = ROOT / "deploy" / "grafana.json"
NOT_SHOWN = {
    "gateway_leads",  # where all leads ever stand; the panels show what moves
    "gateway_refused_proofs",  # gateway_deliveries_total has them, too
    "gateway_refused_unread",
    "gateway_broken_sources",  # an alarm
}


def rules():
    return yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"][0]["rules"]


def panels():
    return json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]


def expressions():
    """What the dashboard asks Prometheus."""
    read = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return [*(target["expr"] for panel in panels() for target in panel["targets"])] + [
        one["expr"] for one in read["annotations"]["list"]
    ]


def unknown(texts):
    """The metrics that these ask for and that there are none of; a histogram is asked for by its buckets."""
    asked = {name.removesuffix("_bucket") for text in texts for name in re.findall(r"\bgateway_\w+", text)}
    assert asked
    return asked - set(first_names("glossary.md", "name", "counts"))


def test_every_rule_and_panel_asks_for_metrics_that_there_are():
    assert unknown(rule["expr"] for rule in rules()) == set()
    assert unknown(expressions()) == set()
    assert unknown(["rate(gateway_leads[5m]) > gateway_leeds"]) == {"gateway_leeds"}


def test_the_dashboard_shows_every_figure_by_panels_that_do_not_overlap():
    left = set(first_names("glossary.md", "name", "counts")) - set(re.findall(r"gateway_\w+", " ".join(expressions())))
    left = {name for name in left if f"{name}_bucket" not in " ".join(expressions())}
    assert left <= NOT_SHOWN
    places = [
        (x, y)
        for panel in panels()
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(places) == len(set(places))
    assert max(x for x, _ in places) < 24  # a dashboard has so many columns
    assert len({panel["id"] for panel in panels()}) == len(panels()) >= 10


@pytest.mark.parametrize("expression", expressions())
def test_prometheus_takes_what_the_dashboard_asks(expression, tmp_path):
    promtool_or_skip()
    file = tmp_path / "asked.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": [{"record": "asked", "expr": expression}]}]}))
    done = subprocess.run(["promtool", "check", "rules", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_rule_has_a_case_that_makes_it_ring():
    cases = yaml.safe_load(RULES.with_name("prometheus-rules.test.yml").read_text(encoding="utf-8"))["tests"]
    rang = {one["alertname"] for case in cases for one in case["alert_rule_test"] if one["exp_alerts"]}
    assert rang == {rule["alert"] for rule in rules()}


def test_every_rule_says_how_grave_it_is_and_what_is_the_matter():
    for rule in rules():
        assert rule["labels"]["severity"] in ("page", "warn")
        assert rule["annotations"]["summary"]


@pytest.mark.parametrize("words", [("check", "rules", RULES.name), ("test", "rules", "prometheus-rules.test.yml")])
def test_prometheus_takes_them(words):
    promtool_or_skip()
    done = subprocess.run(["promtool", *words], cwd=RULES.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def promtool_or_skip():
    if not shutil.which("promtool"):
        pytest.skip("promtool is not here: apt-get install prometheus")
