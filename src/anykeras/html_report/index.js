"use strict";
// One table; what files say becomes text nodes only.
const data = JSON.parse(document.getElementById("data").textContent);
const body = document.getElementById("rows"), search = document.getElementById("search");
const LEVELS = ["info", "low", "medium", "high", "critical", "exact", "equivalent", "approximate", "lossy", "refused"];
let order = 0, down = false;

function cell(text) {
  const made = document.createElement("td");
  made.textContent = text;
  if (LEVELS.includes(text)) made.classList.add(text);
  return made;
}

const rows = data.rows.map((row) => {
  const line = document.createElement("tr"), first = document.createElement("td");
  const name = document.createElement(row.href ? "a" : "span");
  name.textContent = row.path;
  if (row.href) name.href = row.href;
  first.append(name);
  line.append(first, ...row.cells.map(cell), cell(row.codes.join(" ")));
  const values = [row.path, ...row.cells, row.codes.join(" ")];
  return { line, values, words: values.join("\n").toLowerCase() };
});

function show() {
  const wanted = search.value.trim().toLowerCase();
  const chosen = rows.filter((row) => row.words.includes(wanted));
  chosen.sort((a, b) => a.values[order].localeCompare(b.values[order], undefined, { numeric: true }) * (down ? -1 : 1));
  body.replaceChildren(...chosen.map((row) => row.line));
  document.getElementById("counts").textContent = `${chosen.length} of ${rows.length} files`;
}

data.columns.forEach((name, index) => {
  const head = document.createElement("th"), button = document.createElement("button");
  button.textContent = name;
  button.onclick = () => { down = order === index && !down; order = index; show(); };
  head.append(button);
  document.getElementById("heads").append(head);
});
search.addEventListener("input", show);
document.addEventListener("keydown", (event) => { if (event.key === "/" && document.activeElement !== search) { event.preventDefault(); search.focus(); } });
show();
