"""`flask policy show`: the rules that hold, where each comes from, how much of each cap is used."""

from decimal import Decimal

from app import create_app
from config.settings import read
from core.outcome import ACCEPTED, Outcome
from core.overall import Totals
from tests.cli.test_sources import Desk
from tests.flow.test_caps import capped, leads

SHOP = (
    "preset: tilda\nauth: {secret: env:SHOP_TOKEN}\nmapping: {script: А}\npolicy: {calls_per_hour: '7', max_age: 0}\n"
)


def shown(said):
    """What stands behind each rule's name, of the first source or of the house."""
    return {line.split()[0]: " ".join(line.split()[1:]) for line in said.splitlines() if line.startswith("  ")}


def test_each_rule_says_where_it_comes_from(tmp_path, database_url):
    desk = Desk(tmp_path, database_url)
    desk.policy.write_text("defaults: {hours: '10:00-18:00', calls_per_day: '40'}\nhouse: {calls_per_day: '50'}\n")
    desk.secrets.write_text("SHOP_TOKEN=of-the-shop-itself\n")
    desk.save("shop", SHOP)
    assert desk.run("apply")[0] == 0

    def run(*words):
        done = desk.app.test_cli_runner().invoke(args=["policy", *words])
        return done.exit_code, done.output

    code, said = run("show", "shop")
    of_source, of_house = said.split("totals, over all sources ")
    assert of_house.startswith("(version 1 since 20")
    told = shown(of_source)
    assert code == 0
    assert said.startswith("shop (version 1)\n")
    assert told["calls_per_hour"] == "7 (the source); used in the last hour: 0"
    assert told["calls_per_day"] == "40 (the policy file); used in the last 24 hours: 0"
    assert told["spend_per_day"] == "3000 (built in); used in the last 24 hours: 0"
    assert told["hours"] == "10:00-18:00 (the policy file)"
    assert told["max_age"] == "switched off (the source)"
    assert shown(of_house)["calls_per_day"] == "50 (version 1); used in the last 24 hours: 0"
    assert shown(of_house)["calls_per_number_per_day"] == "3 (built in)"
    desk.policy.write_text("defaults: {hours: '11:00-18:00'}\n")
    assert shown(run("show")[1])["hours"] == "10:00-18:00 (version 1; the files say otherwise now)"
    assert (
        "! the policy file differs from what is in force; to take it: flask sources apply policy.yaml" in run("show")[1]
    )
    desk.policy.write_text("houses: 1\n")
    said = run("show")[1]
    assert "policy.yaml:1: houses" in said
    assert shown(said)["calls_per_day"] == "50 (version 1); used in the last 24 hours: 0"
    desk.policy.unlink()
    assert "expected the file whose text is in force" in run("show")[1]
    assert run("show", "nobody")[0] == 1


def test_before_any_policy_is_in_force_it_says_what_is_built_in(gateway, flask):
    code, said = flask("policy", "show")
    assert code == 0
    assert "totals, over all sources (no version yet: what is built in holds)\n" in said


def test_what_is_used_and_what_is_reached_is_said(gateway, flask):
    capped(gateway, hour=2, spend=900)
    gateway.voice.otherwise = Outcome(ACCEPTED, http_status=200)
    leads(gateway, 3)
    gateway.work()
    code, said = flask("policy", "show", "shop")
    assert code == 0
    of_source = shown(said.split("totals, over all sources")[0])
    assert of_source["calls_per_hour"].endswith("used in the last hour: 2")
    assert "used in the last 24 hours: 20\n" in said  # two at the price of a script nobody has heard
    assert "! calls_per_hour is reached since 2026-11-25 12:00:00 MSK; earlier calls leave it from 2026" in said


def test_the_totals_follow_the_policy_file_and_keep_what_they_were_over_a_mistake(tmp_path, database_url):
    desk = Desk(tmp_path, database_url)

    def saved(text):
        desk.policy.write_text(text)
        desk.look()
        return desk.parts.totals

    assert saved("house: {calls_per_hour: '5', calls_per_number_per_day: 0}\n") == Totals(5, calls_per_number_per_day=0)
    assert saved("house: {calls_per_hour: many}\n").calls_per_hour == 5
    assert saved("defaults: {max_age: 1h}\n") == Totals()
    assert saved("account_trouble: [денег]\n") == Totals()
    assert desk.parts.trouble_words("main") == ("денег",)


def started(desk):
    """The parts of a process that starts now, at its first look at the versions."""
    app = create_app(read(desk.environ, dotenv=None))
    parts = app.extensions["gateway"]
    parts.ticker.end()
    parts.ticker.start()
    return parts


def test_release_takes_the_policy_and_a_typo_and_a_restart_switch_nothing_off(tmp_path, database_url):
    desk = Desk(tmp_path, database_url)
    desk.policy.write_text("house: {spend_per_day: '70.50'}\n")
    run = desk.app.test_cli_runner().invoke
    assert "policy.yaml: version 1 is in force\n" in run(args=["release"]).output
    assert started(desk).totals.spend_per_day == Decimal("70.50")
    desk.policy.write_text("house: {spend_per_day: much}\n")
    done = run(args=["release"])
    assert (done.exit_code, "policy.yaml: refused" in done.output) == (0, True)
    assert started(desk).totals.spend_per_day == Decimal("70.50")
    desk.policy.unlink()
    assert "policy.yaml: refused" in run(args=["release"]).output
    assert started(desk).totals.spend_per_day == Decimal("70.50")


def test_an_older_policy_file_is_taken_at_a_persons_word(tmp_path, database_url):
    desk = Desk(tmp_path, database_url)
    for n in (5, 6, 5):
        desk.policy.write_text(f"house: {{calls_per_day: '{n}'}}\n")
        said = desk.run("apply", "policy.yaml", "--who", "anna")
    assert said == (0, "policy.yaml: version 3 is in force\n")
    assert desk.run("apply")[1] == "policy.yaml: version 3 stays in force\n"
    desk.policy.write_text("house: {calls_per_day: '6'}\n")
    assert "policy.yaml: differs from version 3" in desk.run("check")[1]
    assert "policy.yaml" not in desk.run("list")[1]
    assert desk.run("remove", "policy.yaml", "--why", "x")[0] == 1
    assert desk.parts.totals.calls_per_day == 5
