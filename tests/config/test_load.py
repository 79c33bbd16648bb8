"""From files to sources: whole and valid, or every problem with its file, line and key."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.load import (
    PRESETS,
    Loaded,
    PolicyText,
    Problems,
    from_text,
    load_file,
    load_policy,
    load_text,
    read_preset,
    source_files,
)
from config.yaml_text import Text, parse
from core.overall import POLICY, Overall, Totals
from core.source import Policy

SHOP = """preset: tilda
enabled: false
auth:
  secret: env:SHOP_TOKEN
mapping:
  number: {field: Phone, region: RU}
  script:
    rules:
      - {when: "utm_source == 'vk'", value: Приветствие ВК}
    default: Заявка с сайта
  sms: {template: "Здравствуйте, {{ Name }}! Ваша заявка принята."}
event_key: {all: [tranid, formid]}
policy:
  countries: [RU, KZ]
  hours: "09:00-20:00"
  test_when: "Email == 'test@example.com'"
"""


@pytest.fixture
def written(tmp_path):
    def write(text: str, name: str = "shop.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def loaded(path: Path, policy: PolicyText | None = None) -> Loaded:
    found = load_file(path, policy)
    assert isinstance(found, Loaded), str(found)
    return found


def lines_of(problems: Loaded | Problems) -> list[str]:
    assert isinstance(problems, Problems)
    return str(problems).splitlines()


def test_three_lines_are_enough_for_a_known_sender(written):
    source = loaded(written("preset: tilda\nauth: {secret: env:T}\nmapping: {script: Заявка}\n")).source
    assert (source.name, source.auth.secrets) == ("shop", ("env:T",))
    assert source.mapping.number.fields[0].text == "Phone"
    assert source.handshakes


def test_the_canonical_text_alone_gives_the_source_back(written):
    found = loaded(written(SHOP))
    assert from_text("shop", found.text) == found.source
    assert len(found.digest) == 64


def test_equal_settings_have_equal_texts_however_they_are_written(written):
    other = written("# a note\nauth: {secret: 'env:T'}\nmapping: {script: Заявка}\npreset: tilda\n", "a.yaml")
    one = written('preset: tilda\nmapping:\n  script: "Заявка"\nauth:\n  secret: env:T\n', "b.yaml")
    assert loaded(other).digest == loaded(one).digest


def test_examples_are_no_part_of_a_version(written):
    plain = loaded(written(SHOP))
    with_example = loaded(written(SHOP + "examples: [{request: a.http, state: held}]\n"))
    assert with_example.source.examples
    assert with_example.digest == plain.digest


def test_a_source_has_its_own_examples_only(written):
    assert loaded(written(SHOP)).source.examples == ()


def test_a_source_goes_over_its_preset_key_by_key_and_lists_replace(written):
    source = loaded(
        written("preset: tilda\nauth: {secret: env:T}\nmapping: {script: A, number: {field: Tel}}\n")
    ).source
    assert [path.text for path in source.mapping.number.fields] == ["Tel"]
    assert source.mapping.number.region == "RU"
    assert source.mapping.person


def test_an_auth_that_names_a_scheme_replaces_the_presets_whole(written, tmp_path):
    presets = tmp_path / "presets"
    presets.mkdir()
    (presets / "signed.yaml").write_text(
        "auth: {scheme: hmac, header: X-Sig, prefix: sha256=}\nmapping: {number: {field: a}}\n"
    )
    rest = "preset: signed\nmapping: {script: A}\n"
    filled = load_file(written(rest + "auth: {secret: env:T}\n"), presets=presets)
    whole = load_file(written(rest + "auth: {scheme: token, secret: env:T}\n"), presets=presets)
    assert isinstance(filled, Loaded)
    assert isinstance(whole, Loaded)
    assert (filled.source.auth.scheme, filled.source.auth.prefix) == ("hmac", "sha256=")
    assert (whole.source.auth.scheme, whole.source.auth.prefix, whole.source.auth.header) == ("token", "", "")


def test_the_policy_files_defaults_stand_below_the_sources_own(written):
    policy = load_policy(written("defaults: {countries: [KZ], max_age: 1h, calls_per_hour: 7}\n", "policy.yaml"))
    assert isinstance(policy, PolicyText)
    found = loaded(written(SHOP), policy)
    assert (found.source.policy.countries, found.source.policy.max_age_ms) == (("RU", "KZ"), 3_600_000)
    assert from_text("shop", found.text) == found.source


def test_problems_name_file_line_key_and_the_line_to_write(written):
    path = written(
        SHOP.replace("region: RU", "region: ru").replace('"09:00-20:00"', "9-20").replace("enabled", "enbled")
    )
    assert lines_of(load_file(path)) == [
        f"{path}:2: enbled: expected a known key, got enbled; write: enabled:",
        f"{path}:6: mapping.number.region: expected a country in two capital letters like RU, got ru;"
        " write: region: RU",
        f'{path}:15: policy.hours: expected hours like "09:00-20:00", got 9-20',
    ]


def test_what_is_missing_is_missed_in_the_source_and_not_in_its_preset(written):
    path = written("preset: tilda\nmapping:\n  person: {field: Name}\n")
    said = lines_of(load_file(path))
    assert said[0].startswith(f"{path}:1: auth.secret: expected")
    assert said[0].endswith("write: auth: {secret: env:SHOP_TOKEN}")
    assert "Tilda: Site settings" in said[0]
    assert said[1].startswith(f"{path}:2: mapping.script: expected")


def test_an_unknown_preset_is_named_with_the_nearest(written):
    path = written("preset: tlda\n")
    assert lines_of(load_file(path))[0].endswith("got tlda; write: preset: tilda")
    assert lines_of(load_file(written("preset: ../policy\n")))
    assert lines_of(load_file(written("preset: {a: b}\n")))


def test_a_broken_preset_is_its_own_problem(written, tmp_path):
    presets = tmp_path / "presets"
    presets.mkdir()
    (presets / "bad.yaml").write_text("account: main\nmapping: {number: {fild: a}}\npolicy: {hours: 09:00-10:00}\n")
    said = lines_of(load_file(written("preset: bad\n"), presets=presets))
    assert [line.split(": ")[0] for line in said] == [f"{presets}/bad.yaml:{n}" for n in (1, 2, 3)]


@pytest.mark.parametrize(
    "name", ["Shop.yaml", "shop_1.yaml", "shop.yml", "-a.yaml", f"{'a' * 64}.yaml", "магазин.yaml", "a b.yaml"]
)
def test_a_file_of_another_name_is_a_problem(written, name):
    assert lines_of(load_file(written(SHOP, name)))


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path):
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere")
    assert lines_of(load_file(tmp_path / "absent.yaml"))
    assert lines_of(load_file(tmp_path / "folder.yaml"))
    assert lines_of(load_file(tmp_path / "gone.yaml"))


def test_a_folders_sources_are_loaded_each_for_itself(written, tmp_path):
    written(SHOP)
    written("preset: nobody\n", "broken.yaml")
    written(SHOP, "Wrong.yaml")
    written("", "notes.txt")
    written("x", ".hidden.yaml")
    found = {name: load_file(path) for name, path in source_files(tmp_path).items()}
    assert {name: isinstance(one, Loaded) for name, one in found.items()} == {
        "shop": True,
        "broken": False,
        "Wrong.yaml": False,
    }
    assert source_files(tmp_path / "absent") == {}


def test_the_shipped_example_of_a_policy_file_holds_the_built_in_rules():
    policy = load_policy(PRESETS.parent / "policy.example.yaml")
    assert isinstance(policy, PolicyText)
    assert policy.defaults.value != {}
    assert policy.overall == Overall()
    bare = SHOP[: SHOP.index("policy:")]
    with_it, without = (load_text("shop", parse(bare.encode(), "shop.yaml"), one) for one in (policy, None))
    assert with_it.source.policy == without.source.policy == Policy()


def test_what_the_policy_file_says_over_all_has_a_text_of_its_own_that_reads_back(written):
    house = "house: {calls_per_day: 7, spend_per_day: '70.50'}\naccount_trouble: [денег]\n"
    policy = load_policy(written(house + "defaults: {countries: [KZ]}\n", "policy.yaml"))
    assert policy.overall == Overall(Totals(calls_per_day=7, spend_per_day=Decimal("70.50")), ("денег",))
    assert from_text(POLICY, policy.text) == policy.overall
    same = load_policy(written("# a comment\ndefaults: {countries: [RU]}\n" + house, "policy.yaml"))
    assert (same.text, same.digest) == (policy.text, policy.digest)
    assert load_policy(written("house: {calls_per_day: 8}\n", "policy.yaml")).digest != policy.digest


def test_a_policy_file_whose_text_is_in_force_is_missed(tmp_path):
    usual = tmp_path / "policy.yaml"
    (problem,) = load_policy(usual, usual, missed=True).items
    assert "the file whose text is in force" in str(problem)


def test_the_usual_policy_file_may_be_missing_and_one_that_somebody_named_may_not(tmp_path):
    usual = tmp_path / "policy.yaml"
    assert load_policy(usual, usual) == PolicyText()
    assert isinstance(load_policy(tmp_path / "mine.yaml", usual), Problems)
    usual.write_text("defaults: {hours: never}\n")
    assert isinstance(load_policy(usual, usual), Problems)


def test_a_wrong_policy_file_says_every_line(written):
    path = written("defaults:\n  hours: 9-20\nhouse:\n  calls_per_hour: many\n  spend: 1\n", "policy.yaml")
    assert [line.split(": expected")[0] for line in lines_of(load_policy(path))] == [
        f"{path}:2: defaults.hours",
        f"{path}:4: house.calls_per_hour",
        f"{path}:5: house.spend",
    ]


def test_a_canonical_text_of_another_release_is_a_problem_and_no_exception():
    for text in ("", "[]", "{", "[" * 100_000, json.dumps({"future": "x"})):
        assert isinstance(from_text("shop", text), Problems)


def test_an_unknown_preset_has_no_text():
    assert read_preset("nobody") is None
    assert isinstance(read_preset("tilda"), Text)


def load_bytes(raw: bytes) -> Loaded | Problems:
    text = parse(raw, "shop.yaml")
    return text if isinstance(text, Problems) else load_text("shop", text)


def test_every_beginning_of_a_half_saved_file_is_loaded_or_refused():
    raw = SHOP.encode()
    for end in range(len(raw) + 1):
        found = load_bytes(raw[:end])
        assert isinstance(found, Loaded) or all(problem.expected for problem in found.items)


signs = st.sampled_from(
    [*"{}[]:,&*!|>'\"#%@`- \n\t?~\\0aЖ\0", "\ud800", "\U0001f600", "{{", "}}", "<<: ", "env:X", "- "]
)


@given(st.lists(st.tuples(st.integers(0, len(SHOP)), st.integers(0, 12), signs), min_size=1, max_size=4))
def test_no_change_of_a_file_makes_it_raise(changes):
    text = SHOP
    for at, cut, sign in changes:
        text = text[:at] + sign + text[at + cut :]
    found = load_bytes(text.encode("utf-8", "surrogatepass"))
    assert isinstance(found, Loaded) or all(problem.expected for problem in found.items)


INNER = [
    "field",
    "when",
    "rules",
    "default",
    "path",
    "all",
    "body",
    "reply",
    "json",
    "hours",
    "script",
    "number",
    "each",
]
TOP = ["auth", "mapping", "policy", "handshake", "split", "reply", "body", "fetch", "event_key", "secret", "examples"]
shapes = st.recursive(
    st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(INNER), inner, max_size=4),
)


@given(shapes, st.sampled_from([*TOP, "enabled", "needs", "preset"]))
def test_no_shape_of_values_makes_it_raise(value, key):
    text = Text("shop.yaml", {"auth": {"secret": "env:A"}, "mapping": {"script": "A"}, key: value})
    found = load_text("shop", text)
    assert isinstance(found, Loaded) or str(found)
