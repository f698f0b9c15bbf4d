// SPDX-License-Identifier: MIT
// The live log of a job. The server renders lines (the same HTML for the first
// page, earlier and later windows and the stream); this keeps a window of them,
// follows the end, jumps to failures and to #L120, and resumes by line number.

const box = document.getElementById("log-box");
const log = document.getElementById("log");
const dot = document.getElementById("live-dot");
const follow = document.getElementById("follow");
const earlier = document.getElementById("earlier");
const later = document.getElementById("later");
const WINDOW = 500;
const MOST = 6000;
const POLL_MS = 2000;
let source = null;
let busy = false;
let final = box.dataset.final === "yes";
let last = Number(box.dataset.last);

const first = () => Number(log.querySelector("li[id]")?.dataset.n || 0);
const end = () => Number(log.lastElementChild?.dataset?.n || 0);
const atEnd = () => box.scrollHeight - box.scrollTop - box.clientHeight < 40;

function show(state) {
  dot.hidden = false;
  dot.dataset.state = state;
  dot.querySelector("span").textContent = dot.dataset[state];
}

function buttons() {
  earlier.hidden = first() <= 1;
  later.hidden = end() >= last;
}

function items(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return [...template.content.querySelectorAll("li")];
}

function append(html) {
  const wasAtEnd = follow.getAttribute("aria-pressed") === "true";
  for (const item of items(html)) {
    const n = Number(item.dataset.n);
    if (n === end() + 1 || !log.childElementCount) log.append(item);
    if (n > last) last = n;
  }
  while (log.childElementCount > MOST) log.firstElementChild.remove();
  if (wasAtEnd) box.scrollTop = box.scrollHeight;
  buttons();
  announceFailures();
}

async function fetchLines(after, count) {
  const answer = await fetch(`${box.dataset.lines}?after=${after}&limit=${count}`, { headers: { "HX-Request": "true" } });
  if (!answer.ok) throw new Error(String(answer.status));
  last = Math.max(last, Number(answer.headers.get("X-Last-Line")));
  if (answer.headers.get("X-Job-Final") === "yes") final = true;
  return answer.text();
}

async function loadEarlier() {
  if (busy || first() <= 1) return;
  busy = true;
  try {
    const from = Math.max(0, first() - 1 - WINDOW);
    const added = items(await fetchLines(from, first() - 1 - from));
    const before = box.scrollHeight;
    log.prepend(...added);
    box.scrollTop += box.scrollHeight - before;
  } catch { show("lost"); } finally { busy = false; buttons(); }
}

async function loadLater() {
  if (busy || end() >= last) return;
  busy = true;
  try { append(await fetchLines(end(), WINDOW)); } catch { show("lost"); } finally { busy = false; buttons(); }
}

async function loadAround(n) {
  const after = Math.max(0, n - 100);
  log.replaceChildren(...items(await fetchLines(after, WINDOW)));
  buttons();
}

async function goTo(n) {
  setFollow(false);
  try { if (!document.getElementById(`L${n}`)) await loadAround(n); } catch { show("lost"); }
  for (const line of log.querySelectorAll(".here")) line.classList.remove("here");
  const line = document.getElementById(`L${n}`);
  if (!line) return;
  line.classList.add("here");
  const offset = line.getBoundingClientRect().top - box.getBoundingClientRect().top;
  box.scrollTop += offset - box.clientHeight / 3;
  history.replaceState(null, "", `#L${n}`);
}

function setFollow(on) {
  follow.setAttribute("aria-pressed", String(on));
  follow.classList.toggle("btn-primary", on);
  follow.classList.toggle("btn-quiet", !on);
}

async function toEnd() {
  setFollow(true);
  try {
    if (end() < last) log.replaceChildren(...items(await fetchLines(Math.max(0, last - WINDOW), WINDOW)));
  } catch { show("lost"); }
  box.scrollTop = box.scrollHeight;
  buttons();
}

async function nextFailure() {
  const from = Number(log.querySelector(".here")?.dataset.n || 0);
  try {
    const answer = await fetch(`${box.dataset.failure}?after=${from}`);
    const found = answer.ok ? await answer.json() : {};
    if (found.seq) await goTo(found.seq);
  } catch { show("lost"); }
}

function announceFailures() {
  const button = document.getElementById("next-failure");
  if (button && log.querySelector("li.r-failed, li.r-unreachable")) button.hidden = false;
}

function refresh() {
  document.body.dispatchEvent(new CustomEvent("jobs"));
}

async function poll() {
  show("poll");
  while (!final && !source && !document.hidden) {
    try { append(await fetchLines(end(), WINDOW)); refresh(); show("poll"); } catch { show("lost"); }
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
  if (final) { refresh(); dot.hidden = true; }
}

function open() {
  if (final || end() < last) return;
  source = new EventSource(`${box.dataset.stream}?after=${end()}`);
  source.addEventListener("open", () => show("live"));
  source.addEventListener("lines", (event) => append(event.data));
  source.addEventListener("state", refresh);
  source.addEventListener("end", () => { final = true; source.close(); source = null; dot.hidden = true; refresh(); });
  source.addEventListener("error", () => {
    if (source && source.readyState === EventSource.CLOSED) { source = null; poll(); } else show("lost");
  });
}

follow.hidden = false;
follow.addEventListener("click", () => { if (follow.getAttribute("aria-pressed") === "true") setFollow(false); else toEnd(); });
document.getElementById("wrap").hidden = false;
document.getElementById("wrap").addEventListener("click", (event) => {
  const on = box.classList.toggle("wrap");
  event.currentTarget.setAttribute("aria-pressed", String(on));
});
const failure = document.getElementById("next-failure");
failure?.addEventListener("click", (event) => { event.preventDefault(); nextFailure(); });
earlier.addEventListener("click", loadEarlier);
later.addEventListener("click", loadLater);
box.addEventListener("scroll", () => {
  if (!atEnd() && follow.getAttribute("aria-pressed") === "true") setFollow(false);
  if (box.scrollTop < 80) loadEarlier();
  if (atEnd()) loadLater();
}, { passive: true });
log.addEventListener("click", (event) => {
  const number = event.target.closest("a.n");
  if (!number) return;
  event.preventDefault();
  goTo(Number(number.textContent));
});
document.addEventListener("click", (event) => {
  const close = event.target.closest("a[data-close]");
  if (close) {
    event.preventDefault();
    document.getElementById(close.dataset.close).hidden = true;
    return;
  }
  const jump = event.target.closest("a[data-line]");
  if (!jump) return;
  event.preventDefault();
  goTo(Number(jump.dataset.line));
  box.focus();
});
window.addEventListener("hashchange", () => { const n = Number(location.hash.replace("#L", "")); if (n) goTo(n); });
document.addEventListener("visibilitychange", () => {
  if (document.hidden && source) { source.close(); source = null; } else if (!document.hidden && !source && !final) open();
});
window.addEventListener("pagehide", () => source?.close());

document.getElementById("plain-pages")?.remove();
buttons();
announceFailures();
const wanted = Number(location.hash.replace("#L", ""));
if (wanted) await goTo(wanted);
else if (!final) { setFollow(true); box.scrollTop = box.scrollHeight; }
open();
if (final) dot.hidden = true;
