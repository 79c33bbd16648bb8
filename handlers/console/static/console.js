// What the console does beyond plain pages: the pulse, keys, copying, filters, the lab.
// Everything works without it, and nothing here changes a lead.
const $ = (query, within = document) => within.querySelector(query);
const all = (query, within = document) => [...within.querySelectorAll(query)];
document.documentElement.classList.add("js");

// The pulse: counts and whether calls are on. Rows, boxes and buttons never move by themselves.
const pulse = document.body.dataset.pulse;
let tag = "", wait = 5000, moved = Date.now(), timer = 0;
for (const kind of ["pointermove", "keydown", "scroll"]) addEventListener(kind, () => { moved = Date.now(); }, { passive: true });

async function beat() {
  if (document.hidden) return;
  try {
    const answer = await fetch(pulse, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store", credentials: "same-origin" });
    if (answer.status === 401) return location.reload();
    if (answer.status === 200) {
      tag = answer.headers.get("ETag") ?? "";
      show(await answer.json());
    }
    wait = Date.now() - moved < 60000 ? 5000 : 30000;
  } catch {
    wait = Math.min(60000, wait * 2);
  }
  plan();
}

function plan() {
  clearTimeout(timer);
  timer = setTimeout(beat, wait);
}

function show(known) {
  const more = known.inbox >= 1000 ? "+" : "";
  for (const badge of all("[data-inbox]")) {
    badge.textContent = known.inbox.toLocaleString(document.documentElement.lang) + more;
    badge.hidden = known.inbox === 0;
  }
  const status = $("[data-status]");
  if (status) {
    status.textContent = known.paused ? status.dataset.off : status.dataset.on;
    status.parentElement.classList.toggle("stopped", known.paused);
  }
  document.title = document.title.replace(/^(\(\d+\) )?/, known.inbox ? `(${known.inbox}) ` : "");
  for (const pill of all("[data-news]")) pill.hidden = known.newest <= Number(pill.dataset.since);
}

if (pulse) {
  document.addEventListener("visibilitychange", () => { if (!document.hidden) beat(); });
  beat();
}

// Keys, by the place of the key and not by its letter: they work on a Russian layout too. None acts on a lead.
const pages = { KeyO: "", KeyI: "decide", KeyL: "leads", KeyS: "sources" };
let before = "", at = -1;
addEventListener("keydown", (event) => {
  if (document.body.dataset.keys !== "on" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea, [contenteditable]")) return;
  const code = event.code, page = before === "KeyG" ? pages[code] : undefined;
  before = code;
  if (page !== undefined) location.href = `/console/${page}`;
  else if (code === "Slash" && event.shiftKey) location.href = "/console/me#keys";
  else if (code === "Slash") { event.preventDefault(); $("[data-find]")?.focus(); }
  else if (code === "KeyJ" || code === "KeyK") move(code === "KeyJ" ? 1 : -1);
});

function move(by) {
  const links = all("main .leads a.whole, main .picks .who a, main .case-link");
  if (!links.length) return;
  at = Math.max(0, Math.min(links.length - 1, at + by));
  links[at].focus();
  links[at].scrollIntoView({ block: "nearest" });
}

// A filter that was chosen is shown at once.
for (const form of all("[data-filters]")) {
  for (const select of all("select", form)) select.addEventListener("change", () => form.requestSubmit());
}

// Copying works over plain http too: the clipboard's own interface needs a secure context.
for (const button of all("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    let text = button.dataset.copy;
    if (button.dataset.reveal) {
      const body = new FormData(button.closest("form"));
      const answer = await fetch(button.dataset.reveal, { method: "POST", body, headers: { Accept: "text/plain" } });
      if (!answer.ok) return;
      text = await answer.text();
    }
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    button.focus();
    button.textContent = button.dataset.done;
  });
}

// The lab: a click on a value writes into the form; what it would be is asked of the server, and comes as a document.
const lab = $("[data-lab]");
if (lab) {
  let leaf = null, soon = 0, asked = 0;
  const fields = (name) => all(`[name=${name}]`, lab);
  for (const button of all("[data-leaf]")) {
    button.addEventListener("click", () => {
      leaf?.setAttribute("aria-pressed", "false");
      leaf = button;
      leaf.setAttribute("aria-pressed", "true");
      const row = $("[data-picked]");
      row.hidden = false;
      $("[data-picked-name]").textContent = leaf.dataset.name;
      $("[data-do=number]").hidden = $("[data-do=also]").hidden = !leaf.dataset.reference || !fields("number").length;
      $("[data-do=sms]").hidden = !leaf.dataset.sms || !fields("sms").length;
      $("[data-do=when]").hidden = !leaf.dataset.condition || !fields("when").length;
    });
  }
  const writing = {
    number: () => { fields("number")[0].value = leaf.dataset.reference; },
    also: () => { fields("number")[0].value += `\n${leaf.dataset.reference}`; },
    sms: () => { const at = fields("sms")[0]; at.setRangeText(leaf.dataset.sms, at.selectionStart, at.selectionEnd, "end"); },
    when: () => { fields("when").at(-1).value = leaf.dataset.condition; fields("value").at(-1).focus(); },
  };
  for (const button of all("[data-do]")) {
    button.addEventListener("click", () => { writing[button.dataset.do](); ask(); });
  }
  lab.addEventListener("input", (event) => {
    if (event.target.matches("[type=checkbox], [name=why], [name=chip]")) return;
    clearTimeout(soon);
    soon = setTimeout(ask, 250);
  });
  function ask() {
    const mine = ++asked, request = new XMLHttpRequest();
    request.open("POST", lab.action);
    request.responseType = "document";
    for (const region of all("[data-preview]")) region.setAttribute("aria-busy", "true");
    request.onload = () => {
      if (mine !== asked || !request.response) return;
      for (const region of all("[data-preview]")) {
        const fresh = $(`[data-preview=${region.dataset.preview}]`, request.response);
        if (fresh) region.replaceWith(document.adoptNode(fresh));
      }
    };
    request.send(new FormData(lab));
  }
}
