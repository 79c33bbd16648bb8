"""The alert rules ask for metrics that there are, and Prometheus's own tool takes them."""

import re
import shutil
import subprocess

import pytest
import yaml

from config.settings import ROOT
from tests.pages import first_names

RULES = ROOT / "deploy" / "prometheus-rules.yml"


def rules():
    return yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"][0]["rules"]


def test_every_rule_asks_for_a_metric_that_there_is():
    asked = {name for rule in rules() for name in re.findall(r"\bgateway_\w+", rule["expr"])}
    assert asked
    assert asked <= set(first_names("glossary.md", "name", "counts"))


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
    if not shutil.which("promtool"):
        pytest.skip("promtool is not here: apt-get install prometheus")
    done = subprocess.run(["promtool", *words], cwd=RULES.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
