// The small tabs: ratio of tasks, workers, log.
import { everySecond, get } from "./api.js";
import { fill, h } from "./dom.js";
import { bytes, count, localTime, percent, time } from "./fmt.js";
import { on, store } from "./store.js";

const bar = (part) => h("span", { class: "meter", "aria-hidden": "true" },
  h("span", { style: { width: Math.min(100, part * 100) + "%" } }));

// heads: "#…" is a column of numbers, "" one that is drawn.
function table(caption, heads, rows) {
  const head = (x) => (x ? h("th", { scope: "col", class: x[0] === "#" ? "n" : "" }, x.replace("#", "")) : h("td", { class: "wide" }));
  const cell = (x, i) => h("td", { class: heads[i] === "" ? "wide" : heads[i][0] === "#" ? "n" : "t" }, x);
  return h("table", { class: "list narrow" }, h("caption", { class: "unseen" }, caption),
    h("thead", null, h("tr", null, heads.map(head))), h("tbody", null, rows.map((r) => h("tr", null, r.map(cell)))));
}

// What the weights ask for, as users go through their tasks now.
export function mountRatio(panel) {
  const at = h("div");
  panel.append(at);
  function draw() {
    const plan = store.plan;
    if (!plan || !plan.tasks.length) return fill(at, h("p", { class: "empty" }, "The scenario has no tasks."));
    fill(at, table("Ratio of tasks", ["Task", "#Weight", "#Requests", "#Share of iterations", ""], plan.tasks.map((t) => {
      const share = plan.ratio[t.name] ?? 0;
      return [t.name, count(t.weight), count(t.requests), percent(share), bar(share)];
    })));
  }
  draw();
  return on("plan", draw);
}

export function mountWorkers(panel) {
  const at = h("div");
  panel.append(at);
  return everySecond(async () => {
    const { workers } = await get("/api/workers");
    if (!workers.length) return fill(at, h("p", { class: "empty" }, "Workers report once a second while a run goes."));
    fill(at, table("Workers", ["Worker", "#Users", "#Connections", "#CPU", ""],
      workers.map((w) => [`Thread ${w.id + 1}`, count(w.users), count(w.connections), percent(w.cpu), bar(w.cpu)])), generator());
  });
}

function generator() {
  const g = store.tick && store.tick.generator;
  if (!g) return null;
  return h("p", { class: "hint below" }, `The program: ${bytes(g.memory_bytes)} of memory, ${count(g.sockets)} connections at most, ` +
    `busiest worker ${percent(g.cpu_max)} at most, loop late by ${time(g.lag_max)} at most, ` +
    `${count(g.late_starts)} starts later than 1 ms, ${count(g.dropped_starts)} dropped.`);
}

export function mountLog(panel) {
  const list = h("ol", { class: "log", "aria-label": "Log", tabindex: "0" });
  panel.append(list);
  function draw() {
    const stick = list.scrollTop + list.clientHeight >= list.scrollHeight - 30;
    if (!store.log.length) return fill(list, h("li", { class: "empty" }, "Nothing was written yet."));
    fill(list, store.log.map((l) => h("li", { class: l.level },
      h("time", { datetime: l.time }, localTime(l.time)), h("span", { class: "level" }, l.level), h("span", null, l.text))));
    if (stick) list.scrollTop = list.scrollHeight;
  }
  draw();
  return on("log", draw);
}
