// SPDX-License-Identifier: MIT
// Copies the browser files of package.json into webui/static/vendor with their
// licence texts, and writes manifest.json (package, version, licence, SHA-256).
// Run by hand when a version changes: npm ci && npm run vendor. Nothing is built.

import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const target = join(here, "..", "webui", "static", "vendor");

const fonts = (name, weights) =>
  weights.flatMap((weight) =>
    ["latin", "vietnamese"].map((set) => [
      `files/${name}-${set}-${weight}-normal.woff2`,
      `fonts/${name}-${set}-${weight}.woff2`,
    ]),
  );

// [package, licence, [[file in the package, file in vendor], ...]]
const packages = [
  ["htmx.org", "0BSD", [["dist/htmx.min.js", "htmx.min.js"]]],
  ["idiomorph", "0BSD", [["dist/idiomorph-ext.min.js", "idiomorph-ext.min.js"]]],
  ["@tabler/core", "MIT", [["dist/css/tabler.min.css", "tabler.min.css"]]],
  ["@fontsource/be-vietnam-pro", "OFL-1.1", fonts("be-vietnam-pro", [400, 600, 700])],
  ["@fontsource/jetbrains-mono", "OFL-1.1", fonts("jetbrains-mono", [400, 700])],
  ["lucide-static", "ISC", []],
];

// The icons of the one sprite, by their Lucide names.
const icons = `
  activity arrow-down arrow-left arrow-right badge-check ban book-open building-2 cable check chevron-down
  chevron-left chevron-right chevron-up chevrons-up-down circle-check circle-dashed circle-dot circle-help
  circle-x clock copy cpu diamond download external-link eye file-text filter fingerprint globe hard-drive
  heart-pulse history house info key-round landmark languages layout-dashboard link list-checks loader lock
  log-out map menu monitor moon network octagon-x play plug power refresh-cw rotate-ccw router scroll-text
  search server settings shield skip-forward sun terminal triangle-alert undo-2 unplug user users workflow
  wrench x
`.trim().split(/\s+/).sort();

// @tabler/core ships no licence file: its banner names the holders, README names MIT.
const tablerLicence = `The MIT License (MIT)

Copyright 2018-2026 The Tabler Authors
Copyright 2018-2026 codecalm.net Pawel Kuna

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in
all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN
THE SOFTWARE.
`;

function sha256(path) {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function symbol(name) {
  const svg = readFileSync(join(modules, "lucide-static", "icons", `${name}.svg`), "utf8");
  const inner = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
  return `<symbol id="${name}" viewBox="0 0 24 24">${inner.replace(/\s+/g, " ").trim()}</symbol>`;
}

function sprite() {
  return [
    "<!-- Lucide icons, ISC licence (some MIT, from Feather): licences/lucide-static.txt -->",
    '<svg xmlns="http://www.w3.org/2000/svg" fill="none" stroke="currentColor" stroke-width="2" ' +
      'stroke-linecap="round" stroke-linejoin="round">',
    ...icons.map(symbol),
    "</svg>",
    "",
  ].join("\n");
}

function vendor([name, licence, files]) {
  const root = join(modules, name);
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const [from, to] of files) {
    mkdirSync(dirname(join(target, to)), { recursive: true });
    copyFileSync(join(root, from), join(target, to));
  }
  const names = files.map(([, to]) => to);
  if (name === "lucide-static") {
    write(join(target, "icons.svg"), sprite());
    names.push("icons.svg");
  }
  const text = existsSync(join(root, "LICENSE")) ? readFileSync(join(root, "LICENSE")) : tablerLicence;
  const licenceFile = `licences/${name.replace(/^@/, "").replace("/", "-")}.txt`;
  write(join(target, licenceFile), text);
  return {
    package: name,
    version,
    licence,
    licence_file: licenceFile,
    files: Object.fromEntries(names.map((file) => [file, sha256(join(target, file))])),
  };
}

rmSync(target, { recursive: true, force: true });
const manifest = packages.map(vendor);
write(join(target, "manifest.json"), `${JSON.stringify({ schema: 1, packages: manifest }, null, 2)}\n`);
console.log(`${manifest.length} packages, ${icons.length} icons -> webui/static/vendor`);
