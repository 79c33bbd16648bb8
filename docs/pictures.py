"""Takes the README's pictures of the console, of a day in one process: nobody is rung.

python -m docs.pictures                     writes them into docs/pictures/
python -m docs.pictures --every FOLDER      five pages in both languages and sizes, to be looked at
"""

import itertools
import logging
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from core.overall import POLICY
from store.engine import Store
from tests import databases
from tests.browser.conftest import CHROMIUM, opened
from tests.browser.scene import Served, fill
from tests.fakes import Clock, Stage

FOLDER = Path(__file__).parent / "pictures"
A_DAY = 290  # leads
HOUSE = 'house: {calls_per_hour: "100", calls_per_day: "800", spend_per_day: "3000"}\n'


def rests(hour: int) -> float:
    """Seconds between two leads: a busy day, a quiet night."""
    return 137 + hour % 5 * 29 if 9 <= hour < 22 else 540 + hour % 4 * 170


def overview(page: Page, base: str) -> None:
    page.goto(f"{base}/console/")


def decide(page: Page, base: str) -> None:
    page.goto(f"{base}/console/decide")
    page.click("summary.rings")


def lab(page: Page, base: str) -> None:
    page.goto(f"{base}/console/decide?state=held")
    page.click(".case-link:has-text('Сайт, главная форма')")
    page.click("a.button.main-one >> nth=0")
    page.click("[data-leaf]:has-text('Ваш_номер')")
    page.click("[data-do=also]")
    page.wait_for_selector("[data-preview=call] .call")
    page.evaluate("document.activeElement.blur()")


def lead(page: Page, base: str) -> None:
    page.goto(f"{base}/console/decide")
    page.click(".picks .who a")


def leads(page: Page, base: str) -> None:
    page.goto(f"{base}/console/leads?period=24h")


Shot = tuple[Callable[[Page, str], None], str, str, str, str]
# name -> what is shown, by whom, language, size, theme: the README's
PICTURES: dict[str, Shot] = {
    "overview-ru": (overview, "Ирина", "ru", "desktop", "light"),
    "decide-en": (decide, "Olga", "en", "desktop", "light"),
    "leads-en-phone": (leads, "Helen", "en", "phone", "light"),
    "lab-ru": (lab, "Анна", "ru", "desktop", "light"),
    "lead-ru-phone": (lead, "Юлия", "ru", "phone", "dark"),
}


def every() -> dict[str, Shot]:
    """Each page in both languages and sizes: to be looked at after a change of the look."""
    found: dict[str, Shot] = {}
    for show in (overview, decide, lead, lab, leads):
        for language, size in itertools.product(("ru", "en"), ("desktop", "phone")):
            theme = "dark" if size == "phone" and show is lead else "light"
            name = f"{show.__name__}-{language}-{size}"
            found[name] = (show, name, language, size, theme)
    return found


def take(folder: Path, pictures: dict[str, Shot]) -> list[Path]:
    """The pictures, anew, with a browser of their own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        files = take_with(browser, folder, pictures)
        browser.close()
    return files


def take_with(browser: Browser, folder: Path, pictures: dict[str, Shot], many: int = A_DAY) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as here:
        clock = Clock()
        store = Store(databases.new_file(Path(here)), clock=clock)
        stage = Stage(store, clock, Path(here) / "run")
        fill(stage, many, rests, rare=3)
        stage.put(POLICY, HOUSE)
        served = Served(stage, Path(here) / "sources")
        files = []
        for name, (show, who, language, size, theme) in pictures.items():
            with opened(browser, served, who, "owner", size=size, language=language, theme=theme) as page:
                show(page, served.base)
                files.append(folder / f"{name}.png")
                page.screenshot(path=str(files[-1]))
        served.close()
        store.dispose()
    return files


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    known = every() if "--every" in sys.argv else PICTURES
    folders = [word for word in sys.argv[1:] if word != "--every"]
    for file in take(Path(folders[0]) if folders else FOLDER, known):
        print(file)  # noqa: T201
