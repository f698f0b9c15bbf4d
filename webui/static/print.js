// SPDX-License-Identifier: MIT
const button = document.getElementById("print");
button.hidden = false;
button.addEventListener("click", () => window.print());
