// SPDX-License-Identifier: MIT
// The form of a silence: fields that the choices do not need are put away.

const form = document.getElementById("window");
const lasts = document.getElementById("lasts");
const again = document.getElementById("again");

function follow() {
  form.querySelector("[data-custom]").hidden = lasts.value !== "custom";
  for (const part of form.querySelectorAll("[data-again]")) part.hidden = !part.dataset.again.split(" ").includes(again.value);
}

lasts.addEventListener("change", follow);
again.addEventListener("change", follow);
follow();
