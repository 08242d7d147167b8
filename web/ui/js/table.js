// A table that stays smooth with any number of rows: only those in view exist, and scrolling writes other texts
// into them. Columns have fixed widths, so that nothing moves when rows come and go. Sorting by its heads.
import { fill, h, text } from "./dom.js";

const ROW = 29; // pixels; tables.css has the same
const SPARE = 6;

// columns: [{ key, label, width in px (the one without takes the rest), n: number column, show(value, row), mark(row),
// group, title }]; rows are objects.
export function bigTable({ columns, caption, sortBy, descending }) {
  const state = { columns, rows: [], view: [], sortBy, descending: !!descending, filter: "", total: null };
  const cols = h("colgroup"), groups = h("tr", { class: "groups" }), head = h("tr"), foot = h("tfoot");
  const above = gap(), below = gap(), none = h("tr", { class: "none" }, h("td", { colspan: "99" }));
  const body = h("tbody", null, above.row, below.row);
  const table = h("table", { class: "big" }, h("caption", { class: "unseen" }, caption), cols, h("thead", null, groups, head), body, foot);
  const frame = h("div", { class: "frame", tabindex: "0", role: "region", "aria-label": caption, onscroll: draw }, table);
  let pool = [], total = null;

  // Neighbours of the same group share a head above theirs.
  function drawGroups() {
    const runs = [];
    for (const c of state.columns) {
      const last = runs[runs.length - 1];
      if (last && last.group === c.group) last.n++;
      else runs.push({ group: c.group, n: 1 });
    }
    groups.hidden = !runs.some((r) => r.group);
    fill(groups, runs.map((r) => {
      const colspan = String(r.n);
      return r.group ? h("th", { scope: "colgroup", colspan, class: "group" }, r.group) : h("td", { colspan });
    }));
  }

  function drawHead() {
    fill(cols, state.columns.map((c) => h("col", { style: { width: c.width ? c.width + "px" : "" } })));
    table.style.setProperty("--others", state.columns.reduce((sum, c) => sum + (c.width || 0), 0) + "px");
    drawGroups();
    fill(head, state.columns.map((c) => {
      const [order, sign] = c.key !== state.sortBy ? [null, ""] : state.descending ? ["descending", "▼"] : ["ascending", "▲"];
      return h("th", { scope: "col", class: (c.n ? "n" : "") + edge(c), "aria-sort": order },
        h("button", { type: "button", title: c.title, onclick: () => sort(c) }, c.label,
          h("span", { class: "dir", "aria-hidden": "true" }, sign)));
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

  // A row whose texts can be changed.
  function newRow() {
    const cells = state.columns.map((c) => ({ c, base: (c.n ? "n" : "t") + edge(c), el: h("td") }));
    const element = h("tr", null, cells.map((x) => x.el));
    function write(row) {
      for (const { c, base, el } of cells) {
        const name = base + (c.mark && c.mark(row) ? " bad" : "");
        if (el.className !== name) el.className = name;
        text(el, c.show ? c.show(row[c.key], row) : row[c.key]);
        if (!c.n) el.title = row[c.key] ?? "";
      }
    }
    return { element, write };
  }

  function draw() {
    const height = frame.clientHeight || 600, n = state.view.length;
    const first = Math.max(0, Math.min(n, Math.floor(frame.scrollTop / ROW)) - SPARE);
    const last = Math.min(n, first + Math.ceil(height / ROW) + 2 * SPARE);
    while (pool.length > last - first) pool.pop().element.remove();
    while (pool.length < last - first) {
      pool.push(newRow());
      below.row.before(pool[pool.length - 1].element);
    }
    pool.forEach((row, i) => {
      row.element.setAttribute("aria-rowindex", String(first + i + 3));
      row.write(state.view[first + i]);
    });
    above.set(first);
    below.set(n - last);
    if (n) none.remove();
    else if (!none.parentNode) body.append(none);
    text(none.firstChild, state.rows.length ? "No row has these words." : "Nothing yet.");
    if (!state.total) return;
    if (!total) foot.append((total = newRow()).element);
    total.write(state.total);
  }

  const observer = new ResizeObserver(draw);
  observer.observe(frame);
  drawHead();
  return {
    element: frame,
    setRows(rows, sum) {
      state.rows = rows;
      state.total = sum;
      arrange();
    },
    setFilter(words) {
      state.filter = words;
      frame.scrollTop = 0;
      arrange();
    },
    setColumns(c) {
      state.columns = c;
      pool.forEach((row) => row.element.remove());
      pool = [];
      total = null;
      fill(foot);
      drawHead();
      draw();
    },
    shown: () => state.view.length,
    leave: () => observer.disconnect(),
  };
}

// Stands for n rows that are not there.
function gap() {
  const row = h("tr", { class: "gap", "aria-hidden": "true", hidden: true }, h("td", { colspan: "99" }));
  return { row, set(n) {
    row.hidden = n <= 0;
    row.firstChild.style.height = n * ROW + "px";
  } };
}
