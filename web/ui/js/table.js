// A table that stays smooth with any number of rows: only those in view exist. Sorting by its heads.
import { fill, h } from "./dom.js";

const ROW = 29; // pixels; style.css has the same
const SPARE = 8;

// columns: [{ key, label, n: number column, show(value, row), title }]; rows are objects.
export function bigTable({ columns, caption, sortBy, descending }) {
  const state = { columns, rows: [], view: [], sortBy, descending: !!descending, filter: "", total: null };
  const groups = h("tr", { class: "groups" }), head = h("tr"), body = h("tbody"), foot = h("tr");
  const table = h("table", { class: "big" }, h("caption", { class: "unseen" }, caption),
    h("thead", null, groups, head), body, h("tfoot", null, foot));
  const frame = h("div", { class: "frame", tabindex: "0", role: "region", "aria-label": caption, onscroll: draw }, table);

  // Neighbours of the same group share a head above theirs.
  function drawGroups() {
    const runs = [];
    for (const c of state.columns) {
      const last = runs[runs.length - 1];
      if (last && last.group === c.group) last.n++;
      else runs.push({ group: c.group, n: 1 });
    }
    groups.hidden = !runs.some((r) => r.group);
    fill(groups, runs.map((r) => r.group ? h("th", { scope: "colgroup", colspan: String(r.n), class: "group" }, r.group) : h("td", { colspan: String(r.n) })));
  }

  function drawHead() {
    drawGroups();
    fill(head, state.columns.map((c) => {
      const on = c.key === state.sortBy;
      return h("th", { scope: "col", class: (c.n ? "n" : "") + edge(c), "aria-sort": on ? (state.descending ? "descending" : "ascending") : null },
        h("button", { type: "button", title: c.title, onclick: () => sort(c) }, c.label, h("span", { class: "dir", "aria-hidden": "true" }, on ? (state.descending ? "▼" : "▲") : "")));
    }));
  }

  function sort(c) {
    state.descending = state.sortBy === c.key ? !state.descending : !!c.n;
    state.sortBy = c.key;
    drawHead();
    arrange();
  }

  function arrange() {
    const words = state.filter.toLowerCase().split(/\s+/).filter(Boolean);
    const hay = (r) => `${r.method} ${r.name} ${r.group || ""}`.toLowerCase();
    state.view = words.length ? state.rows.filter((r) => words.every((w) => hay(r).includes(w))) : state.rows.slice();
    const key = state.sortBy, turn = state.descending ? -1 : 1;
    if (key) {
      state.view.sort((a, b) => {
        const x = a[key], y = b[key];
        const order = typeof x === "string" ? x.localeCompare(y) : x - y;
        return turn * order || a.index - b.index;
      });
    }
    table.setAttribute("aria-rowcount", state.view.length + 3);
    draw();
  }

  // The first column of a group has a line at its left.
  function edge(c) {
    const i = state.columns.indexOf(c);
    return i > 0 && state.columns[i - 1].group !== c.group ? " edge" : "";
  }
  const cell = (tag, c, row) => h(tag, { class: (c.n ? "n" : "t") + edge(c) + (c.mark && c.mark(row) ? " bad" : ""), scope: tag === "th" ? "row" : null, title: c.n ? null : String(row[c.key] ?? "") },
    c.show ? c.show(row[c.key], row) : row[c.key]);

  function draw() {
    const height = frame.clientHeight || 600;
    const first = Math.max(0, Math.floor(frame.scrollTop / ROW) - SPARE);
    const last = Math.min(state.view.length, first + Math.ceil(height / ROW) + 2 * SPARE);
    const gap = (n) => n > 0 && h("tr", { class: "gap", "aria-hidden": "true" }, h("td", { colspan: String(state.columns.length), style: { height: n * ROW + "px" } }));
    const rows = state.view.slice(first, last).map((row, i) =>
      h("tr", { "aria-rowindex": String(first + i + 3), class: row.failures > 0 ? "failing" : "" }, state.columns.map((c) => cell("td", c, row))));
    fill(body, gap(first), rows, gap(state.view.length - last));
    if (state.view.length === 0) fill(body, h("tr", { class: "none" }, h("td", { colspan: String(state.columns.length) }, state.rows.length ? "No row has these words." : "Nothing yet.")));
    if (state.total) fill(foot, state.columns.map((c) => cell("td", c, state.total)));
  }

  const observer = new ResizeObserver(draw);
  observer.observe(frame);
  drawHead();
  return {
    element: frame,
    setRows(rows, total) {
      state.rows = rows;
      state.total = total;
      arrange();
    },
    setFilter(words) {
      state.filter = words;
      frame.scrollTop = 0;
      arrange();
    },
    setColumns(c) {
      state.columns = c;
      drawHead();
      draw();
    },
    shown: () => state.view.length,
    leave: () => observer.disconnect(),
  };
}
