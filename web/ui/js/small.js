// The small tabs: ratio of tasks, workers, log.
import { get } from "./api.js";
import { fill, h } from "./dom.js";
import { count, localTime, percent } from "./fmt.js";
import { on, store } from "./store.js";

const bar = (part) => h("span", { class: "meter", "aria-hidden": "true" }, h("span", { style: { width: Math.min(100, part * 100) + "%" } }));

// What the weights ask for; the statistics tell what came of it.
export function mountRatio(panel) {
  const at = h("div");
  panel.append(at);
  function draw() {
    const plan = store.plan;
    if (!plan || !plan.tasks.length) return fill(at, h("p", { class: "empty" }, "The scenario has no tasks."));
    fill(at, h("table", { class: "list narrow" }, h("caption", { class: "unseen" }, "Ratio of tasks"),
      h("thead", null, h("tr", null, h("th", { scope: "col" }, "Task"), h("th", { scope: "col", class: "n" }, "Weight"), h("th", { scope: "col", class: "n" }, "Requests"), h("th", { scope: "col", class: "n" }, "Share"), h("th", { class: "wide" }, h("span", { class: "unseen" }, "Share drawn")))),
      h("tbody", null, plan.tasks.map((t) => {
        const share = plan.ratio[t.name] ?? 0;
        return h("tr", null, h("td", { class: "t" }, t.name), h("td", { class: "n" }, count(t.weight)), h("td", { class: "n" }, count(t.requests)), h("td", { class: "n" }, percent(share)), h("td", { class: "wide" }, bar(share)));
      }))));
  }
  draw();
  return on("plan", draw);
}

export function mountWorkers(panel) {
  const at = h("div");
  panel.append(at);
  async function load() {
    if (document.hidden) return;
    try {
      draw((await get("/api/workers")).workers);
    } catch {
      // the head of the page tells that the connection is lost
    }
  }
  function draw(workers) {
    if (!workers.length) return fill(at, h("p", { class: "empty" }, "Workers report once a second while a run goes."));
    const known = workers.some((w) => w.connections > 0); // not every engine counts them
    fill(at, h("table", { class: "list narrow" }, h("caption", { class: "unseen" }, "Workers"),
      h("thead", null, h("tr", null, h("th", { scope: "col" }, "Worker"), h("th", { scope: "col", class: "n" }, "Users"), known && h("th", { scope: "col", class: "n" }, "Connections"), h("th", { scope: "col", class: "n" }, "CPU"), h("th", { class: "wide" }, h("span", { class: "unseen" }, "CPU drawn")))),
      h("tbody", null, workers.map((w) => h("tr", null, h("td", null, "Thread " + (w.id + 1)), h("td", { class: "n" }, count(w.users)), known && h("td", { class: "n" }, count(w.connections)), h("td", { class: "n" }, percent(w.cpu)), h("td", { class: "wide" }, bar(w.cpu)))))));
  }
  load();
  return on("tick", load);
}

export function mountLog(panel) {
  const list = h("ol", { class: "log", "aria-label": "Log", tabindex: "0" });
  panel.append(list);
  function draw() {
    const stick = list.scrollTop + list.clientHeight >= list.scrollHeight - 30;
    if (!store.log.length) return fill(list, h("li", { class: "empty" }, "Nothing was written yet."));
    fill(list, store.log.map((l) => h("li", { class: l.level }, h("time", { datetime: l.time }, localTime(l.time)), h("span", { class: "level" }, l.level), h("span", null, l.text))));
    if (stick) list.scrollTop = list.scrollHeight;
  }
  draw();
  return on("log", draw);
}
