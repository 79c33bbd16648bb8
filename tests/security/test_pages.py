"""T37-T39: forms from elsewhere, guessed passwords, pages above one's role, and exports that a spreadsheet opens.
(T36, scripts in pages, needs a browser: tests/browser/test_deciding.py.)"""

import csv
import io
import re
import shutil
import subprocess

import pytest

from core.people import ROLES, may
from flow import passwords, people
from tests.handlers.console.conftest import Reader
from tests.handlers.console.test_door import routes
from tests.security import holes

WORD = "a long enough word"


@pytest.fixture
def reader_of(app, gateway):
    """A browser in which somebody of this role is in."""
    return lambda role: Reader(app, gateway).sign_in(f"the {role}", role)


def problems_of_forms(app, reader_of):
    """T37: every form of the console as another site would send it, in the browser of an owner who is in."""
    owner, found = reader_of("owner"), []
    for name, method, path, _role in routes(app):
        if method == "POST":
            answer = owner.http.post(path, data={"why": "forged", "name": "mallory", "role": "owner", "do": "cancel"})
            if answer.status_code != 400:
                found.append(f"{name}: answered {answer.status_code}")
    return found


def test_t37_no_form_from_elsewhere_changes_anything(app, reader_of):
    assert len([1 for _, method, *_ in routes(app) if method == "POST"]) > 15
    assert problems_of_forms(app, reader_of) == []


def test_t37_a_console_without_tokens_is_found(app, reader_of):
    with holes.opened("forms_without_token"):
        said = problems_of_forms(app, reader_of)
    assert len(said) > 10, said


def test_t37_no_page_stands_in_a_frame_and_no_cookie_goes_along(app, reader_of):
    owner = reader_of("owner")
    for _name, method, path, _role in routes(app):
        if method == "GET":
            assert "frame-ancestors 'none'" in owner.http.get(path).headers["Content-Security-Policy"], path
    cookie = owner.http.get_cookie("console")
    assert (cookie.http_only, cookie.same_site) == (True, "Lax")


def right_after_guesses(app, gateway, guesses=20):
    """The answer to the right password after so many wrong ones, all within a moment."""
    user = people.add(gateway.parts, "Irina", "operator", "test")
    people.set_password(gateway.parts, user, WORD)
    guesser = Reader(app, gateway)
    guesser.get("/console/login")
    for n in range(guesses):
        guesser.send("/console/login", name="Irina", password=f"guess {n}")
    return guesser.send("/console/login", name="Irina", password=WORD).status_code


def test_t37_who_guesses_has_to_wait(app, gateway, monkeypatch):
    monkeypatch.setattr(passwords, "is_right", lambda given, _kept: given == WORD)  # scrypt is slow on purpose
    assert right_after_guesses(app, gateway) == 429


def test_t37_a_sign_in_that_counts_nothing_is_found(app, gateway, monkeypatch):
    monkeypatch.setattr(passwords, "is_right", lambda given, _kept: given == WORD)
    with holes.opened("guesses_uncounted"):
        assert right_after_guesses(app, gateway) == 303


# T38


def problems_of_roles(app, reader_of):
    """Every route, asked by everybody: a stranger, each role, a program without its token."""
    found, stranger = [], app.test_client()
    readers = {role: reader_of(role) for role in ROLES}
    for reader in readers.values():
        reader.get("/console/me")
    for name, method, path, needed in routes(app):
        if needed is None or name in ("logout", "out_everywhere"):
            continue
        if (stranger.get(path) if method == "GET" else stranger.post(path)).status_code not in (303, 400, 401):
            found.append(f"{name}: open to strangers")
        for role, reader in readers.items():
            answer = reader.http.get(path) if method == "GET" else reader.send(path)
            if (answer.status_code == 403) != (not may(role, needed)):
                found.append(f"{name}: {answer.status_code} for a {role}")
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/") and not rule.rule.startswith(("/api/docs", "/api/openapi.json")):
            path = re.sub("<[^>]*>", "01a22ad7-c25f-7022-b08c-33ef0e3708a9", rule.rule)
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                if (status := stranger.open(path, method=method).status_code) not in (401, 404, 429):
                    found.append(f"{method} {path}: {status} without a token")
    return found


def test_t38_nobody_does_more_than_his_role_says(app, reader_of):
    assert problems_of_roles(app, reader_of) == []


def test_t38_a_console_that_knows_one_role_is_found(app, reader_of):
    with holes.opened("one_role"):
        said = problems_of_roles(app, reader_of)
    assert any(line.endswith("for a viewer") for line in said), said


def test_t38_a_console_that_asks_nobody_who_he_is_is_found(app, reader_of):
    with holes.opened("no_sign_in"):
        said = problems_of_roles(app, reader_of)
    assert any(line.endswith("open to strangers") for line in said), said


# T39

STARTS = ["=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "\u00a0=", "\u200b=", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
CELLS = [start + rest for start in STARTS for rest in ('HYPERLINK("http://x","y")', "1+cmd|' /C calc'!A0")]
CELLS += [f"Иван{end}{start}SUM(1)" for end in ("\n", "\r\n", "\r", "\u2028") for start in "=+-@"]
RUN = set("=+-@\uff1d\uff0b\uff0d\uff20\t\r\n")
MAPPING = "preset: generic\nauth: {secret: env:SHOP_TOKEN}\nevent_key: id\nmapping: {number: {field: phone}, person: "
MAPPING += "{field: name}, script: Заявка}\n"


@pytest.fixture
def forty(gateway):
    """A lead for each cell, in the place of a name; its id and the provider's error are cells too."""
    gateway.put("shop", MAPPING)
    for n, cell in enumerate(CELLS):
        gateway.take({"id": f"{cell}{n}", "phone": f"+7 999 000 {n:02} 01", "name": cell})
        gateway.work()
    return gateway


def executed(text, delimiter):
    """The cells of a table that a spreadsheet would run: by their first sign, in each of their lines."""
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter))
    assert len(rows) > len(CELLS)
    found = []
    for cell in (cell for row in rows for cell in row):
        for line in cell.splitlines():
            bare = line.lstrip("\u00a0\u200b ")
            if bare[:1] in RUN and not line.startswith("'"):
                found.append(cell)
    return found


def tables(app, reader_of, tmp_path):
    """Both exports: the console's, and the command's."""
    file = tmp_path / f"{len(list(tmp_path.iterdir()))}.csv"
    done = app.test_cli_runner().invoke(args=["leads", "export", "--out", str(file)])
    assert done.exit_code == 0, done.output
    owner = reader_of("owner")
    owner.get("/console/leads")
    return [(file.read_bytes().decode("utf-8-sig"), ","), (owner.send("/console/leads.csv", state="").text, ";")]


@pytest.mark.usefixtures("forty")
def test_t39_no_cell_of_an_export_is_run(app, reader_of, tmp_path):
    assert len(CELLS) >= 40
    assert [cell for table in tables(app, reader_of, tmp_path) for cell in executed(*table)] == []


@pytest.mark.usefixtures("forty")
def test_t39_an_export_of_what_was_typed_is_found(app, reader_of, tmp_path):
    with holes.opened("bare_cells"):
        for table in tables(app, reader_of, tmp_path):
            assert len(executed(*table)) >= 20


def executed_by_libreoffice(tables, tmp_path):
    """The formulas that LibreOffice makes of the cells of these tables, opened without a window."""
    office = shutil.which("soffice") or pytest.skip(
        "no LibreOffice: apt-get install --no-install-recommends libreoffice-calc"
    )
    for n, (text, _) in enumerate(tables):
        (tmp_path / f"table{n}.csv").write_text(text, encoding="utf-8-sig", newline="")
    reading = "CSV:44/59,34,76,1,,0,false,true,false,false,false,-1,true"  # as UTF-8, formulas for what they are
    command = [office, f"-env:UserInstallation=file://{tmp_path}/office", "--headless", f"--infilter={reading}"]
    command += ["--convert-to", "fods", "--outdir", str(tmp_path), *map(str, tmp_path.glob("table*.csv"))]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    opened = [path.read_text(encoding="utf-8") for path in tmp_path.glob("table*.fods")]
    assert len(opened) == len(tables)
    assert all("table:table-row" in text for text in opened)
    return re.findall(r'table:formula="([^"]*)"', "".join(opened))


@pytest.mark.usefixtures("forty")
def test_t39_libreoffice_runs_no_cell_of_an_export(app, reader_of, tmp_path):
    assert executed_by_libreoffice(tables(app, reader_of, tmp_path), tmp_path) == []


@pytest.mark.usefixtures("forty")
def test_t39_libreoffice_runs_cells_of_what_was_typed(app, reader_of, tmp_path):
    with holes.opened("bare_cells"):
        found = executed_by_libreoffice(tables(app, reader_of, tmp_path), tmp_path)
    assert len(found) >= 4, found
    assert any("HYPERLINK" in formula for formula in found)
