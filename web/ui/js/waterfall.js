// One user's last iteration: when each request was meant, sent, answered.
import { get } from "./api.js";
import { fill, h } from "./dom.js";
import { bytes, time } from "./fmt.js";
import { on } from "./store.js";

const PARTS = [["wait", "Waited to be sent"], ["connect", "Connecting"], ["server", "Waiting for the answer"], ["receive", "Receiving"]];

export function mountWaterfall(panel) {
  const at = h("div");
  panel.append(at);
  let busy = false, last = "";
  async function load() {
    if (busy || document.hidden) return;
    busy = true;
    try {
      const trace = await get("/api/trace");
      const key = JSON.stringify(trace);
      if (key !== last) draw(at, trace);
      last = key;
    } catch {
      // the head of the page tells that the connection is lost
    }
    busy = false;
  }
  load();
  return on("tick", load);
}

function draw(at, trace) {
  if (!trace.requests.length) {
    fill(at, h("div", { class: "empty" }, h("h2", null, "No whole iteration yet"), h("p", null, "As soon as one user has gone through a task, its requests are drawn here.")));
    return;
  }
  const rows = trace.requests.slice().sort((a, b) => a.intended - b.intended || a.start - b.start);
  const from = Math.min(...rows.map((r) => r.intended));
  const to = Math.max(...rows.map((r) => r.end));
  const span = to - from || 1;
  fill(at, h("div", { class: "tools" }, h("span", null, `User ${trace.user + 1}, iteration ${trace.iteration + 1}: ${rows.length} requests in ${time(span)}`),
    h("ul", { class: "key" }, PARTS.map(([id, label]) => h("li", { class: id }, label)))),
    h("div", { class: "frame", tabindex: "0", role: "region", "aria-label": "Requests of one iteration" },
      h("table", { class: "list fall" }, h("caption", { class: "unseen" }, "Requests of one iteration"),
        h("thead", null, h("tr", null, ["Type", "Name", "Status", "Size", "Time", "From start to end"].map((x, i) => h("th", { scope: "col", class: i > 1 && i < 5 ? "n" : "" }, x)))),
        h("tbody", null, rows.map((r) => row(r, from, span))))));
}

function row(r, from, span) {
  const sent = r.start || r.intended;
  const ready = r.connected > sent ? r.connected : sent;
  const first = r.first_byte > ready ? r.first_byte : r.end;
  const cuts = [r.intended, sent, ready, first, r.end];
  const says = PARTS.map(([, label], i) => `${label}: ${time(cuts[i + 1] - cuts[i])}`).join("\n");
  const failed = r.outcome !== "ok";
  return h("tr", null, h("td", null, r.method), h("td", { class: "t", title: r.name }, r.name),
    h("td", { class: "n" + (failed ? " bad" : "") }, r.status || r.outcome), h("td", { class: "n" }, bytes(r.bytes)), h("td", { class: "n" }, time(r.end - r.intended)),
    h("td", { class: "lane" }, h("div", { title: says, role: "img", "aria-label": says.replaceAll("\n", ", ") }, PARTS.map(([id], i) => {
      const width = ((cuts[i + 1] - cuts[i]) / span) * 100;
      return width > 0 && h("span", { class: id, style: { left: ((cuts[i] - from) / span) * 100 + "%", width: Math.max(width, 0.15) + "%" } });
    }))));
}
