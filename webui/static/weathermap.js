// SPDX-License-Identifier: MIT
// Drags things of the weathermap and keeps where they were dropped. The form below the
// map does the same by keyboard; without this file it is the only way.

const drag = document.getElementById("drag");
const label = document.getElementById("drag-label");
let held = null;
let moved = false;

const map = () => document.querySelector("svg.weather");

function at(event) {
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(map().getScreenCTM().inverse());
  const box = map().viewBox.baseVal;
  return [Math.max(0, Math.min(box.width, point.x)), Math.max(0, Math.min(box.height, point.y))];
}

function put(node, x, y) {
  const before = `${Number(node.dataset.x).toFixed(1)},${Number(node.dataset.y).toFixed(1)}`;
  node.dataset.x = x.toFixed(1);
  node.dataset.y = y.toFixed(1);
  node.setAttribute("transform", `translate(${node.dataset.x} ${node.dataset.y})`);
  for (const wire of map().querySelectorAll(".wire")) {
    const halves = wire.querySelectorAll("line");
    for (const [key, own] of [["a", 0], ["b", 1]]) if (wire.dataset[key] === before) {
      wire.dataset[key] = `${node.dataset.x},${node.dataset.y}`;
      halves[own].setAttribute("x1", node.dataset.x);
      halves[own].setAttribute("y1", node.dataset.y);
    }
    const [ax, ay] = wire.dataset.a.split(",").map(Number);
    const [bx, by] = wire.dataset.b.split(",").map(Number);
    for (const half of halves) { half.setAttribute("x2", (ax + bx) / 2); half.setAttribute("y2", (ay + by) / 2); }
    wire.querySelector(".cross")?.setAttribute("transform", `translate(${(ax + bx) / 2} ${(ay + by) / 2})`);
    const share = wire.querySelector(".share");
    if (share) { share.setAttribute("x", (ax + bx) / 2); share.setAttribute("y", (ay + by) / 2 + 5); }
  }
}

async function keep(node) {
  const body = new URLSearchParams({ thing: node.dataset.thing, x: node.dataset.x, y: node.dataset.y });
  const token = document.querySelector("#place-form [name=csrf_token]").value;
  const answer = await fetch(drag.dataset.address, { method: "POST", body, headers: { "X-CSRFToken": token, "X-Requested-By": "weathermap" } });
  if (!answer.ok) window.location.reload();
}

if (drag) {
  label.hidden = false;
  drag.addEventListener("change", () => map().classList.toggle("dragging", drag.checked));
  document.addEventListener("pointerdown", (event) => {
    const node = drag.checked && event.target.closest?.("svg.weather .node");
    if (!node) return;
    event.preventDefault();
    held = node;
    moved = false;
  });
  document.addEventListener("pointermove", (event) => {
    if (!held) return;
    moved = true;
    put(held, ...at(event));
  });
  document.addEventListener("pointerup", () => {
    if (held && moved) keep(held);
    held = null;
  });
  document.addEventListener("click", (event) => { if (drag.checked && event.target.closest?.("svg.weather a")) event.preventDefault(); });
  document.addEventListener("dragstart", (event) => { if (event.target.closest?.("svg.weather")) event.preventDefault(); });
  document.body.addEventListener("htmx:beforeRequest", (event) => { if (drag.checked && event.target.id === "weather") event.preventDefault(); });
}
