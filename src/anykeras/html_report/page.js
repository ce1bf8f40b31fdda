"use strict";
// What a file says becomes text nodes and nothing else; markup comes from AnyKeras' own pages and from the highlighter.
const data = JSON.parse(document.getElementById("data").textContent);
const find = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const FOLD_FROM = 150, RUN = 4, BLOCK = 25; // boxes in sight before runs are folded; the shortest run; boxes in a block

function make(tag, { text, classes = [], attributes = {}, children = [], svg = false } = {}) {
  const element = svg ? document.createElementNS(SVG, tag) : document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  for (const name of classes) if (name) element.classList.add(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// ---- words ------------------------------------------------------------------------------------------------------------

const layersByAddress = new Map(data.layers.map((layer) => [layer.address, layer]));
const findingsByAddress = new Map();
for (const finding of data.findings) {
  const listed = findingsByAddress.get(finding.address) || [];
  findingsByAddress.set(finding.address, [...listed, finding]);
}
const warnings = (address) => (findingsByAddress.get(address) || []).filter((found) => found.fidelity !== "exact");

function writeHead() {
  find("title").textContent = data.path;
  find("writer").textContent = `${data.container}, written by ${data.writer}`;
  find("writer").title = data.evidence.join("\n");
  const verdict = find("verdict");
  verdict.append(make("span", { text: data.audit.verdict, classes: [data.audit.severity] }));
  if (data.refusal) verdict.append(" ", make("span", { text: data.refusal, classes: ["refused"] }));
  if (data.fidelity) verdict.append(` Outputs: ${data.fidelity.outputs}. Further training: ${data.fidelity.training}.`);
  const why = make("details", { children: [make("summary", { text: "Why we think so" })] });
  for (const line of [...data.evidence, ...data.notes]) why.append(make("div", { text: line }));
  verdict.after(why);
  find("footer").append(make("p", { classes: ["soft"], text: `Made by AnyKeras ${data.version}. Nothing of the file was run.` }));
}

function histogram(bins) {
  const most = Math.max(...bins, 1), svg = make("svg", { svg: true, classes: ["bars"], attributes: { viewBox: `0 0 ${bins.length * 4} 20` } });
  bins.forEach((count, i) => svg.append(make("rect", { svg: true, attributes: { x: i * 4, width: 3, y: 20 - (20 * count) / most, height: (20 * count) / most } })));
  return svg;
}

function weightLine(weight) {
  const line = make("div", { text: `${weight.role} (${weight.shape.join(", ")}) ${weight.dtype} ` });
  if (weight.bins) {
    const short = (number) => Number(number.toPrecision(4));
    line.append(histogram(weight.bins), ` ${short(weight.min)} / ${short(weight.mean)} / ${short(weight.max)}`);
  }
  if (weight.not_finite) line.append(make("span", { classes: ["refused"], text: ` ${weight.not_finite} not finite` }));
  if (weight.unread) line.append(make("span", { classes: ["refused"], text: ` ${weight.unread}` }));
  return line;
}

const sizeOf = (weight) => weight.shape.reduce((product, size) => product * size, 1);

function writeRows() {
  const body = find("rows");
  for (const layer of data.layers) {
    const after = layer.after.map((now) => now.class).join(", ");
    const row = make("tr", {
      attributes: { "data-address": layer.address, tabindex: 0 },
      children: [
        make("td", { text: layer.address }),
        make("td", { text: layer.class, classes: [warnings(layer.address).length ? "approximate" : ""] }),
        make("td", { children: layer.weights.map(weightLine) }),
        make("td", { text: layer.weights.reduce((sum, weight) => sum + sizeOf(weight), 0) || "" }),
        make("td", { text: after }),
      ],
    });
    row.addEventListener("click", () => choose(layer.address));
    row.addEventListener("keydown", (event) => event.key === "Enter" && choose(layer.address));
    body.append(row);
  }
}

function page(code) {
  const template = document.querySelector(`template[data-page="${CSS.escape(code)}"]`);
  return template ? [template.content.cloneNode(true)] : [];
}

function writeList(id, rows, empty) {
  const list = find(id);
  if (!rows.length) list.append(make("p", { classes: ["soft"], text: empty }));
  list.append(...rows);
}

function writeFindings() {
  const kinds = new Map();
  for (const finding of data.findings) kinds.set(finding.code, [...(kinds.get(finding.code) || []), finding]);
  writeList("finding-list", [...kinds].map(([code, found]) => {
    const places = found.slice(0, 200).map((one) => make("div", { text: `${one.address}: ${one.seen}; ${one.done}` }));
    const heading = make("summary", { children: [make("span", { text: `${found[0].fidelity} `, classes: [found[0].fidelity] }), `${code}: ${found[0].title} (${found.length})`] });
    return make("details", { attributes: { "data-code": code }, children: [heading, ...places, ...page(code)] });
  }), "Nothing was found.");
}

function writeRisks() {
  writeList("risk-list", data.audit.risks.map((risk) => make("details", {
    children: [
      make("summary", { children: [make("span", { text: `${risk.severity} `, classes: [risk.severity] }), `${risk.code} ${risk.where}: ${risk.seen}`] }),
      make("div", { text: `Safe mode: ${risk.safe_mode}. Without it: ${risk.without_safe_mode}. Old versions: ${risk.old_versions}.` }),
      ...(risk.source ? [make("pre", { text: risk.source })] : []),
      ...page(risk.code),
    ],
  })), "Nothing that acts when it is loaded.");
}

function writeCode() {
  writeList("code-list", data.code.map((record) => {
    const block = make("pre");
    block.innerHTML = record.html; // escaped by the highlighter
    return make("details", { attributes: { open: "" }, children: [make("summary", { text: `${record.address} ${record.key} ${record.checked ? "" : "(as instructions)"}` }), block] });
  }), "The file holds no functions.");
}

function choose(address) {
  const layer = layersByAddress.get(address), detail = find("detail");
  detail.replaceChildren();
  detail.hidden = !layer;
  for (const marked of document.querySelectorAll(".chosen")) marked.classList.remove("chosen");
  if (!layer) return;
  for (const same of document.querySelectorAll(`[data-address="${CSS.escape(address)}"]`)) same.classList.add("chosen");
  const now = layer.after.map((one) => `${one.class} ${one.name}\n${JSON.stringify(one.config, null, 1)}`).join("\n\n");
  detail.append(
    make("h3", { text: `${address}: ${layer.class}` }),
    ...layer.weights.map(weightLine),
    ...(findingsByAddress.get(address) || []).map((one) => make("div", { classes: [one.fidelity], text: `${one.code} ${one.seen}; ${one.done}` })),
    make("div", { classes: ["two"], children: [
      make("div", { children: [make("b", { text: "In the file" }), make("pre", { text: JSON.stringify(layer.before, null, 1) })] }),
      make("div", { children: [make("b", { text: "In Keras 3" }), make("pre", { text: now || "(refused)" })] }),
    ] }),
  );
}

// ---- the drawing ------------------------------------------------------------------------------------------------------

const open = new Set();
let view = { x: 0, y: 0, width: 100, height: 100 }, whole = { ...view };

/** Boxes and arrows in sight: an open model gives its inside, and long runs become one box that opens. */
function inSight(drawing, parent, boxes, arrows) {
  const start = new Map(), end = new Map();
  for (const box of drawing.boxes) {
    if (box.inside && box.inside.boxes.length && open.has(box.id)) {
      boxes.push({ ...box, cluster: true, parent });
      const inner = inSight(box.inside, box.id, boxes, arrows);
      start.set(box.id, inner.in);
      end.set(box.id, inner.out);
    } else {
      boxes.push({ ...box, parent });
      start.set(box.id, box.id);
      end.set(box.id, box.id);
    }
  }
  for (const [from, to, shape] of drawing.arrows) arrows.push([end.get(from), start.get(to), shape]);
  const first = drawing.in[0] || drawing.boxes[0].id, last = drawing.out[0] || drawing.boxes.at(-1).id;
  return { in: start.get(first), out: end.get(last) };
}

/** Runs of boxes with one arrow in and one out are folded, then blocks in order, until the drawing is small enough. */
function fold(boxes, arrows) {
  const plain = boxes.filter((box) => !box.cluster);
  if (plain.length <= FOLD_FROM) return { boxes, arrows };
  const next = new Map(), before = new Map();
  for (const [from, to] of arrows) {
    next.set(from, [...(next.get(from) || []), to]);
    before.set(to, [...(before.get(to) || []), from]);
  }
  const parents = new Map(plain.map((box) => [box.id, box.parent]));
  const single = (id) => (next.get(id) || []).length <= 1 && (before.get(id) || []).length <= 1;
  const joins = (a, b) => single(a) && single(b) && (next.get(a) || [])[0] === b && parents.get(a) === parents.get(b);
  let groups = [];
  for (const box of plain) {
    const last = groups.at(-1);
    if (last && joins(last.at(-1).id, box.id)) last.push(box);
    else groups.push([box]);
  }
  if (groups.length > FOLD_FROM) {
    const blocks = [], size = Math.max(BLOCK, Math.ceil(groups.length / FOLD_FROM));
    for (const box of plain) {
      const last = blocks.at(-1);
      if (last && last.length < size && last[0].parent === box.parent) last.push(box);
      else blocks.push([box]);
    }
    groups = blocks;
  }
  const into = new Map(), kept = boxes.filter((box) => box.cluster);
  for (const group of groups) {
    const id = `run:${group[0].id}`;
    if (group.length < RUN || open.has(id)) { kept.push(...group); continue; }
    kept.push({ id, name: `${group.length} layers`, class: `${group[0].name} … ${group.at(-1).name}`, run: group, parent: group[0].parent });
    for (const box of group) into.set(box.id, id);
  }
  const seen = new Map();
  for (const [from, to, shape] of arrows) {
    const a = into.get(from) || from, b = into.get(to) || to;
    if (a !== b) seen.set(`${a}>${b}`, [a, b, shape]);
  }
  return { boxes: kept, arrows: [...seen.values()] };
}

const short = (text, size) => (text.length > size ? `${text.slice(0, size - 1)}…` : text);

function layOut() {
  const seen = { boxes: [], arrows: [] };
  inSight(data.drawing, null, seen.boxes, seen.arrows);
  const { boxes, arrows } = fold(seen.boxes, seen.arrows);
  const graph = new dagre.graphlib.Graph({ compound: true, multigraph: false });
  graph.setGraph({ rankdir: "TB", nodesep: 24, ranksep: 34, ranker: boxes.length > 60 ? "longest-path" : "network-simplex" });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const box of boxes) {
    const width = Math.max(96, 7 * Math.max(short(box.name, 28).length, short(box.class, 32).length) + 20);
    graph.setNode(box.id, { ...box, width, height: 38 });
  }
  for (const box of boxes) if (box.parent) graph.setParent(box.id, box.parent);
  for (const [from, to, shape] of arrows) if (from !== to && graph.hasNode(from) && graph.hasNode(to)) graph.setEdge(from, to, { shape, width: 6 * shape.length, height: 12, labelpos: "r" });
  dagre.layout(graph);
  return graph;
}

function drawBox(node) {
  const known = layersByAddress.get(node.address), warned = (node.run || [node]).some((box) => box.address && warnings(box.address).length);
  const classes = ["box", node.operation && "operation", (node.inside || node.run) && "model", node.cluster && "cluster", warned && "warned"];
  const label = `${node.name}, ${node.class}${node.inside || node.run ? (node.cluster ? ", opened" : ", closed") : ""}`;
  const group = make("g", { svg: true, classes, attributes: { transform: `translate(${node.x - node.width / 2},${node.y - node.height / 2})`, tabindex: 0, role: "button", "aria-label": label, "data-id": node.id, "data-address": node.address || "" } });
  const above = node.cluster ? 12 : 0; // room for the name of an opened model
  group.append(make("rect", { svg: true, attributes: { y: -above, width: node.width, height: node.height + above } }), make("title", { svg: true, text: label }));
  const sign = node.inside || node.run ? (node.cluster ? "▾ " : "▸ ") : "";
  group.append(make("text", { svg: true, text: sign + short(node.name, 28), attributes: { x: 10, y: node.cluster ? 5 : 16 } }));
  if (!node.cluster) group.append(make("text", { svg: true, classes: ["kind"], text: short(node.class, 32), attributes: { x: 10, y: 30 } }));
  const act = (event) => {
    event.stopPropagation();
    if (node.inside || node.run) toggle(node.id);
    if (known) choose(node.address);
  };
  group.addEventListener("click", act);
  group.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); act(event); } });
  return group;
}

function drawArrow(edge) {
  const path = edge.points.map((point, i) => `${i ? "L" : "M"}${point.x},${point.y}`).join("");
  const group = make("g", { svg: true, classes: ["arrow"], children: [make("path", { svg: true, attributes: { d: path, "marker-end": "url(#tip)" } })] });
  if (edge.shape) group.append(make("text", { svg: true, text: edge.shape, attributes: { x: edge.x - edge.shape.length * 3, y: edge.y + 4 } }));
  return group;
}

function draw(refit) {
  const svg = find("canvas").firstElementChild, graph = layOut(), size = graph.graph();
  const tip = make("marker", { svg: true, attributes: { id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto", fill: "gray" }, children: [make("path", { svg: true, attributes: { d: "M0,0L8,4L0,8z" } })] });
  const nodes = graph.nodes().map((id) => graph.node(id)).sort((a, b) => Number(Boolean(b.cluster)) - Number(Boolean(a.cluster)) || a.id.length - b.id.length);
  svg.replaceChildren(make("defs", { svg: true, children: [tip] }), ...nodes.filter((node) => node.cluster).map(drawBox), ...graph.edges().map((edge) => drawArrow(graph.edge(edge))), ...nodes.filter((node) => !node.cluster).map(drawBox));
  whole = { x: -12, y: -12, width: size.width + 24, height: size.height + 24 };
  if (refit) fit();
  find("counts").textContent = `${nodes.length} boxes in sight, ${data.layers.length} layers`;
}

function toggle(id) { if (open.has(id)) open.delete(id); else open.add(id); draw(false); show(); }
function show() { find("canvas").firstElementChild.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`); }
function fit() {
  const frame = find("canvas").getBoundingClientRect(), ratio = frame.width / Math.max(frame.height, 1);
  const least = frame.width * 0.8, tall = Math.min(whole.height, Math.max(whole.width / ratio, 520));
  const width = Math.max(least, tall * ratio, Math.min(whole.width, 1400));
  view = { x: whole.x + (whole.width - width) / 2, y: whole.y, width, height: width / ratio };
  show();
}
function zoom(by) {
  view = { x: view.x + (view.width * (1 - by)) / 2, y: view.y + (view.height * (1 - by)) / 2, width: view.width * by, height: view.height * by };
  show();
}

function models(drawing) { return drawing.boxes.filter((box) => box.inside).flatMap((box) => [box.id, ...models(box.inside)]); }

function listen() {
  const canvas = find("canvas");
  let held = null;
  canvas.addEventListener("pointerdown", (event) => { held = { x: event.clientX, y: event.clientY, view: { ...view } }; });
  window.addEventListener("pointerup", () => { held = null; });
  canvas.addEventListener("pointermove", (event) => {
    if (!held) return;
    const scale = view.width / canvas.clientWidth;
    view = { ...view, x: held.view.x - (event.clientX - held.x) * scale, y: held.view.y - (event.clientY - held.y) * scale };
    show();
  });
  canvas.addEventListener("wheel", (event) => { if (event.ctrlKey) { event.preventDefault(); zoom(event.deltaY > 0 ? 1.15 : 0.87); } }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (move) { event.preventDefault(); view.x += (move[0] * view.width) / 10; view.y += (move[1] * view.height) / 10; show(); }
    if (event.key === "+") zoom(0.87);
    if (event.key === "-") zoom(1.15);
  });
  find("nearer").onclick = () => zoom(0.8);
  find("farther").onclick = () => zoom(1.25);
  find("fit").onclick = fit;
  find("open-all").onclick = () => { models(data.drawing).forEach((id) => open.add(id)); draw(true); };
  find("close-all").onclick = () => { open.clear(); draw(true); };
}

// ---- search and theme -------------------------------------------------------------------------------------------------

function search() {
  const wanted = find("search").value.trim().toLowerCase();
  const matches = (...texts) => !wanted || texts.some((text) => text.toLowerCase().includes(wanted));
  for (const row of find("rows").children) {
    const layer = layersByAddress.get(row.dataset.address);
    row.hidden = !matches(layer.address, layer.class, ...layer.after.map((now) => now.class), ...(findingsByAddress.get(layer.address) || []).map((one) => one.code));
  }
  for (const box of document.querySelectorAll(".box")) box.classList.toggle("hit", Boolean(wanted) && matches(box.getAttribute("aria-label")));
  for (const kind of find("finding-list").children) kind.hidden = !matches(kind.textContent);
}

writeHead();
writeRows();
writeFindings();
writeRisks();
writeCode();
if (data.drawing && data.drawing.boxes.length) { listen(); draw(true); } else find("canvas").replaceChildren(make("p", { classes: ["soft"], text: "The file does not say how its layers are connected." }));
find("search").addEventListener("input", search);
document.addEventListener("keydown", (event) => { if (event.key === "/" && document.activeElement !== find("search")) { event.preventDefault(); find("search").focus(); } });
find("theme").onclick = () => {
  const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
};
