// SPDX-License-Identifier: MIT
// Reads values out of a graph that the server drew: with the pointer, or with the
// arrow keys once the graph has the focus. Without it, the table says the same.

function read(plot, place) {
  const points = JSON.parse(plot.dataset.points);
  if (!points.length) return;
  const at = Math.max(0, Math.min(points.length - 1, place));
  plot.dataset.place = at;
  const [x, time, first, second] = points[at];
  const cross = plot.querySelector(".cross");
  cross.setAttribute("x1", x);
  cross.setAttribute("x2", x);
  cross.setAttribute("visibility", "visible");
  const said = second === null ? first : `${plot.dataset.in} ${first} · ${plot.dataset.out} ${second}`;
  plot.closest("figure").querySelector(".readout").textContent = `${time} · ${said}`;
}

function nearest(plot, clientX) {
  const box = plot.getBoundingClientRect();
  const x = ((clientX - box.left) / box.width) * plot.viewBox.baseVal.width;
  const points = JSON.parse(plot.dataset.points);
  let best = 0;
  for (let at = 1; at < points.length; at += 1) if (Math.abs(points[at][0] - x) < Math.abs(points[best][0] - x)) best = at;
  return best;
}

document.addEventListener("pointermove", (event) => {
  const plot = event.target.closest?.("svg.plot");
  if (plot) read(plot, nearest(plot, event.clientX));
});

document.addEventListener("keydown", (event) => {
  const plot = event.target.closest?.("svg.plot");
  const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20, Home: -1e9, End: 1e9 }[event.key];
  if (!plot || !step) return;
  event.preventDefault();
  const last = JSON.parse(plot.dataset.points).length - 1;
  read(plot, Number(plot.dataset.place ?? last) + step);
});
