// SPDX-License-Identifier: MIT
// Runs before the first paint: a page that follows the system must not flash.
const root = document.documentElement;
const dark = window.matchMedia("(prefers-color-scheme: dark)");
function follow() {
  if (root.dataset.themeChoice === "auto") root.dataset.bsTheme = dark.matches ? "dark" : "light";
}
follow();
dark.addEventListener("change", follow);
