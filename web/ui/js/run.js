// A run, going or over: numbers at the top, tabs below. A tab is mounted while it is shown.
import { h, fill, text } from "./dom.js";
import { count, percent, rate, short, time } from "./fmt.js";
import { on, store } from "./store.js";
import { mountCharts } from "./charts.js";
import { mountDownloads } from "./downloads.js";
import { mountFailures } from "./failures.js";
import { mountLog, mountRatio, mountWorkers } from "./small.js";
import { mountScenario } from "./scenario.js";
import { mountStats } from "./stats.js";
import { mountWaterfall } from "./waterfall.js";

const TABS = [
  ["statistics", "Statistics", mountStats],
  ["charts", "Charts", mountCharts],
  ["failures", "Failures", mountFailures],
  ["ratio", "Ratio", mountRatio],
  ["workers", "Workers", mountWorkers],
  ["waterfall", "Waterfall", mountWaterfall],
  ["scenario", "Scenario", mountScenario],
  ["log", "Log", mountLog],
  ["downloads", "Downloads", mountDownloads],
];

export function mountRun(main) {
  const verdict = h("div", { class: "verdict" });
  const numbers = kpis();
  const panel = h("div", { id: "panel", class: "tabpanel", role: "tabpanel", tabindex: "0" });
  const tabs = tabList(panel);
  fill(main, h("h1", { class: "unseen" }, `Load test: ${store.info.scenario}`), verdict, numbers.element, tabs.element, panel);
  const off = [
    on("tick", () => { numbers.draw(); tabs.badge(); drawVerdict(verdict); }),
    on("state", () => drawVerdict(verdict)),
  ];
  numbers.draw();
  tabs.badge();
  drawVerdict(verdict);
  tabs.show(location.hash.slice(1));
  return () => {
    off.forEach((f) => f());
    tabs.leave();
  };
}

function kpis() {
  const cells = {};
  const cell = (key, label) => {
    cells[key] = { value: h("dd"), note: h("dd", { class: "note" }) };
    return h("div", { class: "kpi", "data-kpi": key }, h("dt", null, label), cells[key].value, cells[key].note);
  };
  const rules = h("ul", { class: "rules", "aria-label": "Service levels" });
  const element = h("div", { class: "head" }, h("dl", { class: "kpis" },
    cell("users", "Users"), cell("rps", "Requests/s"), cell("failures", "Failures"),
    cell("p50", "Median"), cell("p95", "95 %"), cell("p99", "99 %")), rules);
  const put = (key, value, note) => {
    text(cells[key].value, value);
    text(cells[key].note, note);
  };
  function draw() {
    const t = store.tick;
    if (!t) return Object.keys(cells).forEach((key) => put(key, "–", " "));
    put("users", count(t.users), `${count(t.users_max)} at most`);
    put("rps", rate(t.finished ? t.rps_mean : t.rps), `${short(t.requests)} in all`);
    put("failures", percent(t.failure_ratio), `${short(t.failures)} failed`);
    for (const p of ["p50", "p95", "p99"]) put(p, time(t.response_ms[p]), `service ${time(t.service_ms[p])}`);
    cells.failures.value.parentElement.classList.toggle("bad", t.failures > 0);
    drawRules(rules, t.thresholds);
  }
  return { element, draw };
}

function drawRules(list, thresholds) {
  const key = JSON.stringify(thresholds.map((t) => [t.rule, t.ok, t.known]));
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  fill(list, thresholds.map((t) => {
    const state = !t.known ? "waiting" : t.ok ? "ok" : "bad";
    const says = { waiting: "nothing measured yet", ok: "holds", bad: "broken" }[state];
    return h("li", { class: "rule " + state }, h("span", { class: "mark", "aria-hidden": "true" }, { waiting: "·", ok: "✓", bad: "✕" }[state]),
      h("code", null, t.rule), h("span", { class: "says" }, says));
  }));
}

// When it is over, one line says how it went.
function drawVerdict(el) {
  const t = store.tick;
  const over = store.state === "stopped" && t;
  el.hidden = !over;
  if (!over) return;
  const broken = t.thresholds.filter((x) => x.known && !x.ok).length;
  const bad = broken > 0, failed = t.failures > 0;
  el.className = "verdict " + (bad ? "bad" : failed ? "warn" : "ok");
  const how = bad ? `${broken} of ${t.thresholds.length} service levels broken` :
    t.thresholds.length ? "All service levels held" : failed ? "Finished with failures" : "Finished without a failure";
  fill(el, h("strong", null, how + "."), " ",
    `${count(t.requests)} requests, ${count(t.failures)} failed (${percent(t.failure_ratio)}), ` +
    `${rate(t.rps_mean)} requests/s, 95 % within ${time(t.response_ms.p95)}.`,
    " ", h("a", { href: "#downloads" }, "Save the results"));
}

function tabList(panel) {
  const element = h("div", { class: "tabs", role: "tablist", "aria-label": "Views of the run", onkeydown: keys });
  const badge = h("span", { class: "badge", hidden: true });
  let leaveTab = null, current = null;
  const buttons = new Map(TABS.map(([id, label]) => [id, h("button", {
    type: "button", role: "tab", id: "tab-" + id, "aria-controls": "panel", onclick: () => (location.hash = id),
  }, label, id === "failures" ? badge : null)]));
  element.append(...buttons.values());

  function show(id) {
    const tab = TABS.find((t) => t[0] === id) || TABS[0];
    if (current === tab[0]) return;
    if (leaveTab) leaveTab();
    current = tab[0];
    for (const [key, b] of buttons) {
      b.setAttribute("aria-selected", String(key === current));
      b.tabIndex = key === current ? 0 : -1;
    }
    panel.setAttribute("aria-labelledby", "tab-" + current);
    panel.replaceChildren();
    leaveTab = tab[2](panel);
    const b = buttons.get(current);
    element.scrollTo({ left: b.offsetLeft - element.clientWidth / 2 + b.offsetWidth / 2 });
  }
  function keys(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const ids = [...buttons.keys()];
    let i = ids.indexOf(current);
    if (step) i = (i + step + ids.length) % ids.length;
    else if (event.key === "Home") i = 0;
    else if (event.key === "End") i = ids.length - 1;
    else return;
    event.preventDefault();
    location.hash = ids[i];
    buttons.get(ids[i]).focus();
  }
  const onHash = () => show(location.hash.slice(1));
  window.addEventListener("hashchange", onHash);
  return {
    element, show,
    badge: () => {
      const n = store.tick ? store.tick.failure_kinds : 0;
      badge.hidden = n === 0;
      text(badge, n);
    },
    leave: () => {
      window.removeEventListener("hashchange", onHash);
      if (leaveTab) leaveTab();
    },
  };
}
