// SPDX-License-Identifier: MIT
// One stream per tab says what changed: jobs, alerts, states (sights), events;
// regions of the page then refetch themselves (hx-trigger="alerts from:body").
// Where no stream is to be had, a poll every few seconds does the same. Hidden
// tabs hold no stream.

const POLL_MS = 5000;
const dot = document.getElementById("live-dot");
const address = document.body.dataset.live;
const names = ["jobs", "alerts", "sights", "events"];
const listeners = document.querySelector('[hx-trigger*="from:body"]');
let source = null;
let timer = null;

function show(state) {
  if (!dot) return;
  dot.hidden = false;
  dot.dataset.state = state;
  dot.querySelector("span").textContent = dot.dataset[state];
}

function announce(name) {
  document.body.dispatchEvent(new CustomEvent(name));
}

function announceAll() {
  names.forEach(announce);
}

function poll(retryMs) {
  show("poll");
  clearInterval(timer);
  timer = setInterval(announceAll, POLL_MS);
  setTimeout(() => { if (!source && !document.hidden) open(); }, retryMs);
}

function open() {
  close();
  source = new EventSource(address);
  source.addEventListener("open", () => { clearInterval(timer); show("live"); });
  for (const name of names) source.addEventListener(name, () => announce(name));
  source.addEventListener("error", () => {
    if (source && source.readyState === EventSource.CLOSED) { source = null; poll(15000); } else show("lost");
  });
}

function close() {
  if (source) source.close();
  source = null;
  clearInterval(timer);
}

if (address && listeners && !document.body.dataset.ownStream) {
  open();
  document.addEventListener("visibilitychange", () => { if (document.hidden) close(); else { announceAll(); open(); } });
  window.addEventListener("pagehide", close);
}

// Menus close when something else is clicked or Escape is pressed.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const menu of document.querySelectorAll("details.menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); }
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) { event.preventDefault(); document.getElementById("global-search")?.focus(); }
});

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent);
    button.querySelector("span").textContent = button.dataset.copied;
  });
}
