// The statistics table: Locust's columns, with service time beside them when asked for.
import { everySecond, get } from "./api.js";
import { h, text } from "./dom.js";
import { bytes, count, many, ms, rate } from "./fmt.js";
import { store } from "./store.js";
import { bigTable } from "./table.js";

const failing = (row) => row.failures > 0;
const NAMES = [
  { key: "method", label: "Type", width: 62 },
  { key: "name", label: "Name" },
  { key: "requests", label: "# Requests", width: 90, n: true, show: many },
  { key: "failures", label: "# Fails", width: 72, n: true, show: many, mark: failing },
];
const RESPONSE = [
  { key: "median_ms", label: "Median", width: 66, n: true, show: ms, group: "Response time (ms)" },
  { key: "p95_ms", label: "95 %", width: 60, n: true, show: ms, group: "Response time (ms)" },
  { key: "p99_ms", label: "99 %", width: 60, n: true, show: ms, group: "Response time (ms)" },
  { key: "average_ms", label: "Average", width: 70, n: true, show: ms, group: "Response time (ms)" },
  { key: "min_ms", label: "Min", width: 56, n: true, show: ms, group: "Response time (ms)" },
  { key: "max_ms", label: "Max", width: 62, n: true, show: ms, group: "Response time (ms)" },
];
const SERVICE = [
  { key: "service_median_ms", label: "Median", width: 66, n: true, show: ms, group: "Service time (ms)" },
  { key: "service_p95_ms", label: "95 %", width: 60, n: true, show: ms, group: "Service time (ms)" },
  { key: "service_p99_ms", label: "99 %", width: 60, n: true, show: ms, group: "Service time (ms)" },
];
const REST = [
  { key: "average_bytes", label: "Avg. size", width: 76, n: true, show: bytes },
  { key: "rps", label: "RPS", width: 66, n: true, show: rate },
  { key: "failures_per_s", label: "Failures/s", width: 82, n: true, show: rate, mark: (row) => row.failures_per_s > 0 },
];

const remembered = { filter: "", service: true };

export function mountStats(panel) {
  const table = bigTable({ columns: columns(), caption: "Statistics by request", sortBy: null });
  const shown = h("span", { class: "hint" });
  const words = "Filter by type or name";
  const filter = h("input", { type: "search", id: "filter", placeholder: words, "aria-label": words, value: remembered.filter,
    oninput: () => { remembered.filter = filter.value; table.setFilter(filter.value); tellShown(); } });
  const service = h("input", { type: "checkbox", id: "service", checked: remembered.service,
    onchange: () => { remembered.service = service.checked; table.setColumns(columns()); } });
  panel.append(h("div", { class: "tools" }, filter, h("label", { class: "check" }, service, "Service time"), shown,
    h("span", { class: "legend hint" }, "Response time counts from when the user meant to send, service time from the send.")), table.element);

  let rows = 0, seen = 0;
  async function load() {
    const pace = rows > 2000 ? 3 : 1; // a large table is read less often
    if (store.tick && !store.tick.finished && seen && store.tick.version < seen + pace) return;
    const s = await get("/api/stats");
    rows = s.rows.length;
    seen = s.version;
    table.setRows(s.rows.map((r, i) => record(s.columns, r, i)), s.total && record(s.columns, s.total, rows));
    tellShown();
  }
  function tellShown() {
    text(shown, rows > 1 ? `${count(table.shown())} of ${count(rows)} rows` : "");
  }
  table.setFilter(remembered.filter);
  const slash = (event) => {
    if (event.key !== "/" || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    event.preventDefault();
    filter.focus();
  };
  document.addEventListener("keydown", slash);
  const off = everySecond(load);
  return () => {
    off();
    document.removeEventListener("keydown", slash);
    table.leave();
  };
}

function columns() {
  return remembered.service ? [...NAMES, ...RESPONSE, ...SERVICE, ...REST] : [...NAMES, ...RESPONSE, ...REST];
}

function record(names, values, index) {
  const r = { index };
  names.forEach((name, i) => (r[name] = values[i]));
  return r;
}
