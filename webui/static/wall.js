// SPDX-License-Identifier: MIT
// The wall: told by the stream what changed, it refetches its board at once, and
// every few seconds in any case. It never stops trying; while the server is away it
// says so and turns grey. Nobody has to touch it.

const EVERY_MS = 5000;
const APART_MS = 250;
const CUT_MS = 12000;
const RELOAD_MS = 6 * 3600 * 1000;
const address = document.body.dataset.stream;
const cut = document.getElementById("cut");
const cutAge = document.getElementById("cut-age");
let good = Date.now();
let asked = 0;
let waiting = null;
let behind = 0;

const board = () => document.getElementById("board");

function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const two = (value) => String(value).padStart(2, "0");
  if (hours) return minutes ? `${hours} h ${two(minutes)} min` : `${hours} h`;
  return minutes ? `${minutes} min ${two(whole % 60)} s` : `${whole} s`;
}

function compare() {
  behind = Date.now() - Date.parse(board().dataset.now);
}

function tick() {
  const now = Date.now() - behind;
  for (const one of document.querySelectorAll("[data-age-of]")) {
    if (one.dataset.ageOf) one.textContent = duration((now - Date.parse(one.dataset.ageOf)) / 1000);
  }
  document.getElementById("clock").textContent = new Date(now).toLocaleTimeString("en-GB", { timeZone: "Asia/Ho_Chi_Minh" });
  const isCut = Date.now() - good > CUT_MS;
  if (isCut && cut.hidden) cutAge.dataset.ageOf = new Date(good - behind).toISOString();
  cut.hidden = !isCut;
  document.body.classList.toggle("is-cut", isCut);
}

function refresh() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    asked = Date.now();
    window.htmx.trigger(board(), "refresh");
  }, Math.max(0, asked + APART_MS - Date.now()));
}

document.body.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.successful) return;
  good = Date.now();
});
document.body.addEventListener("htmx:afterSettle", () => { compare(); tick(); });

function listen() {
  const source = new EventSource(address);
  for (const name of ["jobs", "alerts", "sights", "events"]) source.addEventListener(name, refresh);
  source.addEventListener("open", refresh);
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, EVERY_MS);
  });
}

compare();
setInterval(tick, 1000);
setInterval(refresh, EVERY_MS);
setTimeout(() => window.location.reload(), RELOAD_MS); // a new version of these files arrives by itself
listen();
