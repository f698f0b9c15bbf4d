// SPDX-License-Identifier: MIT
// The inbox by keyboard. Moving moves the real focus, so a screen reader says
// what a sighted person sees. What is ticked and unfolded survives every refresh.

const OFF = "tinhnet-keys-off";
const rows = document.getElementById("rows");
const form = document.getElementById("act");
const dialog = document.getElementById("keys");
const said = document.getElementById("row-said");
const picked = new Set();
const opened = new Set();
let at = -1;

const all = () => [...document.querySelectorAll("#rows a.open")];
const rowOf = (element) => element?.closest("tr[data-alert]");
const boxOf = (row) => row?.querySelector("input[name=alert]");

function current() {
  const links = all();
  const focused = links.findIndex((link) => rowOf(link) === rowOf(document.activeElement));
  if (focused >= 0) at = focused;
  return rowOf(links[Math.min(at, links.length - 1)]);
}

function move(step) {
  current();
  const links = all();
  if (!links.length) return;
  at = Math.max(0, Math.min(links.length - 1, at + step));
  links[at].focus();
  links[at].scrollIntoView({ block: "nearest" });
}

function show() {
  if (!form) return;
  form.hidden = picked.size === 0;
  document.getElementById("picked").textContent = picked.size > 1 ? `(${picked.size})` : "";
}

function pick(row, wanted) {
  const box = boxOf(row);
  if (!box) return false;
  box.checked = wanted ?? !box.checked;
  box.dispatchEvent(new Event("change", { bubbles: true }));
  said.textContent = box.checked ? said.dataset.one : said.dataset.none;
  return true;
}

function begin(row) {
  if (!form || (picked.size === 0 && !pick(row, true))) return false;
  show();
  return true;
}

function acknowledge(row) {
  if (begin(row)) document.getElementById("act-reason").focus();
}

function putAway() {
  const row = current();
  picked.clear();
  restore();
  row?.querySelector("a.open").focus();
}

function restore() {
  const known = new Set();
  for (const box of document.querySelectorAll("#rows input[name=alert]")) {
    known.add(box.value);
    box.checked = picked.has(box.value);
  }
  for (const one of picked) if (!known.has(one)) picked.delete(one);
  for (const fold of document.querySelectorAll("#rows details.fold")) fold.open = opened.has(fold.id);
  show();
}

const actions = {
  j: () => move(1),
  k: () => move(-1),
  o: () => rowOf(current())?.querySelector("a.open").click(),
  x: () => pick(current()),
  e: () => { const fold = current()?.querySelector("details.fold"); if (fold) fold.open = !fold.open; },
  a: () => acknowledge(current()),
  s: () => { if (begin(current())) document.getElementById("act-silence")?.click(); },
  "?": () => dialog.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
  if (event.key === "Escape" && form && !form.hidden) { putAway(); return; }
  if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  if (localStorage.getItem(OFF) && event.key !== "?") return;
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

document.addEventListener("change", (event) => {
  if (event.target.name !== "alert") return;
  if (event.target.checked) picked.add(event.target.value); else picked.delete(event.target.value);
  show();
});

document.addEventListener("toggle", (event) => {
  if (!event.target.classList?.contains("fold")) return;
  if (event.target.open) opened.add(event.target.id); else opened.delete(event.target.id);
}, true);

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-acknowledge]");
  if (!link || !form || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  acknowledge(rowOf(link));
});

document.body.addEventListener("htmx:afterSwap", restore);
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.target !== form || !event.detail.successful) return;
  document.getElementById("act-reason").value = "";
  putAway();
});

for (const select of document.querySelectorAll("select[data-until]")) {
  const custom = select.form.querySelector("[data-custom]");
  const follow = () => { custom.hidden = select.value !== "custom"; };
  select.addEventListener("change", follow);
  follow();
}

if (rows) {
  const open = document.getElementById("keys-open");
  const on = document.getElementById("keys-on");
  open.hidden = false;
  open.addEventListener("click", () => dialog.showModal());
  on.checked = !localStorage.getItem(OFF);
  on.addEventListener("change", () => { if (on.checked) localStorage.removeItem(OFF); else localStorage.setItem(OFF, "yes"); });
  const close = document.getElementById("act-close");
  if (close) { close.hidden = false; close.addEventListener("click", putAway); }
  for (const box of document.querySelectorAll("#rows input[name=alert]:checked")) picked.add(box.value);
  show();
}
