"""T37 in a real browser: a page of another origin, opened by an owner who is in, tries every route there is."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import select

from store.tables import meta
from tests.browser.conftest import a_morning
from tests.handlers.console.test_door import routes
from tests.security import holes

pytestmark = pytest.mark.security
# What a forged form says: something that each of the forms would do something with.
FIELDS = {"why": "forged", "name": "mallory", "role": "owner", "do": "cancel", "numbers": "+79990000099", "keys": "off"}
FIELDS |= {"kind": "stuck", "hours": "2", "text": "preset: generic\n", "file": "preset: generic\n", "preset": "tilda"}
SCRIPT = """
const said = {read: [], sent: 0};
async function ask(path, how) {
  said.sent += 1;
  try {
    const answer = await fetch(BASE + path, {credentials: "include", redirect: "manual", ...how});
    if ((await answer.text()).length) said.read.push(path);
  } catch (refused) {}
}
function form(path, kind) {
  const to = document.createElement("iframe"), made = document.createElement("form");
  to.name = "f" + said.sent++;
  Object.assign(made, {method: "post", action: BASE + path, enctype: kind, target: to.name});
  for (const [name, value] of Object.entries(FIELDS)) {
    const field = document.createElement("input");
    Object.assign(field, {name, value});
    made.append(field);
  }
  document.body.append(to, made);
  const loaded = new Promise(done => { to.onload = done; made.submit(); });
  const saved = new Promise(done => setTimeout(done, 1000));  // an export fills no frame
  return Promise.race([loaded, saved]).then(() => { to.remove(); made.remove(); });
}
(async () => {
  const body = new URLSearchParams(FIELDS);
  for (const path of POSTS) {
    await Promise.all([
      ask(path, {method: "POST", mode: "no-cors", body}),
      ask(path, {method: "POST", headers: {"X-CSRFToken": "x"}, body}),
      form(path, "application/x-www-form-urlencoded"),
    ]);
  }
  await Promise.all(GETS.map(path => ask(path, {})));
  window.said = said;
})();
"""


@contextlib.contextmanager
def another_site(base, posts, gets):
    """A site on another port of this machine; its two pages try every route, and put the console into a frame."""
    given = f"const BASE = {json.dumps(base)}, POSTS = {json.dumps(posts)}, GETS = {json.dumps(gets)}, "
    given += f"FIELDS = {json.dumps(FIELDS)};"
    pages = {
        "/all": f"<!doctype html><body><script>{given}{SCRIPT}</script>",
        "/frame": f"<!doctype html><iframe src={base}/console/users></iframe>",
    }

    class Site(BaseHTTPRequestHandler):
        def do_GET(self):
            body = pages.get(self.path, "").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server.server_port
        server.shutdown()


def everything(served):
    """All that the gateway knows, but for when somebody was last seen; and the owner's files."""
    with served.stage.store.read() as tx:
        rows = {
            table.name: sorted(repr(row) for row in tx.execute(select(*(c for c in table.c if c.name != "seen_at"))))
            for table in meta.sorted_tables
        }
    files = Path(served.files).parent.rglob("*.yaml")
    return rows | {path.name: [path.read_text(encoding="utf-8")] for path in files}


def done_from(served, sign_in, host):
    """(what of the gateway changed, whether the owner was thrown out, what was read, whether a frame showed a page)
    after an owner's browser opened the other site, under this name of the machine."""
    ways = list(routes(served.app))
    posts = sorted({path for _, method, path, _ in ways if method == "POST"})
    gets = sorted({path for _, method, path, _ in ways if method == "GET" and "assets" not in path})
    # Last what ends the session: the rest has to be asked by somebody who is in.
    posts.sort(key=lambda path: path.endswith(("logout", "out-everywhere", "out")))
    with another_site(served.base, posts, gets) as port, sign_in(served, "owner") as page:
        before = everything(served)
        page.goto(f"http://{host}:{port}/frame")
        framed = [frame.url for frame in page.frames[1:] if frame.url.startswith(served.base)]
        page.goto(f"http://{host}:{port}/all")
        said = page.wait_for_function("window.said", timeout=60_000).evaluate("said => said")
        assert said["sent"] == 3 * len(posts) + len(gets)
        after = everything(served)
        page.goto(f"{served.base}/console/users")
        out = "/login" in page.url
    return [name for name in after if after[name] != before.get(name)], out, said["read"], framed


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_t37_a_page_of_another_origin_does_and_reads_nothing(served, sign_in, host):
    """127.0.0.1 is the same site on another port: the session's cookie goes along. localhost is another site."""
    assert done_from(served, sign_in, host) == ([], False, [], [])


def test_t37_a_console_that_believes_any_form_is_found(tmp_path, sign_in):
    with holes.opened("forms_without_token", "any_script"):
        bare = a_morning(tmp_path, 26)
        try:
            changed, _out, read, framed = done_from(bare, sign_in, "127.0.0.1")
        finally:
            bare.close()
    assert {"users", "audit"} <= set(changed), changed
    assert read == []
    assert framed != []
