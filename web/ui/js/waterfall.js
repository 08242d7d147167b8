// One user's last iteration: when each request was meant, sent, answered. It can be held, to be looked at.
import { everySecond, get } from "./api.js";
import { fill, h, text } from "./dom.js";
import { bytes, time } from "./fmt.js";

const PARTS = [["wait", "Waited to be sent"], ["connect", "Connecting"], ["server", "Waiting for the answer"], ["receive", "Receiving"]];
const HEADS = ["Type", "Name", "Status", "Size", "Time", "From start to end"];

export function mountWaterfall(panel) {
  const none = h("div", { class: "empty" }, h("h2", null, "No whole iteration yet"),
    h("p", null, "As soon as one user has gone through a task, its requests are drawn here."));
  const about = h("span"), body = h("tbody");
  const hold = h("button", { type: "button", "aria-pressed": "false", onclick: () => {
    held = !held;
    hold.setAttribute("aria-pressed", String(held));
  } }, "Hold this one");
  const all = h("div", { hidden: true },
    h("div", { class: "tools" }, about, hold, h("ul", { class: "key" }, PARTS.map(([id, label]) => h("li", { class: id }, label)))),
    h("div", { class: "frame", tabindex: "0", role: "region", "aria-label": "Requests of one iteration" },
      h("table", { class: "list fall" }, h("caption", { class: "unseen" }, "Requests of one iteration"),
        h("thead", null, h("tr", null, HEADS.map((x, i) => h("th", { scope: "col", class: i > 1 && i < 5 ? "n" : "" }, x)))), body)));
  panel.append(none, all);
  let held = false, last = "";

  async function load() {
    if (held) return;
    const trace = await get("/api/trace");
    const key = `${trace.user} ${trace.iteration} ${trace.requests.length}`;
    if (held || key === last) return;
    last = key;
    draw(trace);
  }
  function draw(trace) {
    const rows = trace.requests.slice().sort((a, b) => a.intended - b.intended || a.start - b.start);
    none.hidden = rows.length > 0;
    all.hidden = !rows.length;
    if (!rows.length) return;
    const from = Math.min(...rows.map((r) => r.intended));
    const span = Math.max(...rows.map((r) => r.end)) - from || 1;
    const requests = rows.length === 1 ? "1 request" : `${rows.length} requests`;
    text(about, `User ${trace.user + 1}, iteration ${trace.iteration + 1}: ${requests} in ${time(span)}`);
    fill(body, rows.map((r) => row(r, from, span)));
  }
  return everySecond(load);
}

function row(r, from, span) {
  const sent = r.start || r.intended;
  const ready = r.connected > sent ? r.connected : sent;
  const first = r.first_byte > ready ? r.first_byte : r.end;
  const cuts = [r.intended, sent, ready, first, r.end];
  const says = PARTS.map(([, label], i) => `${label}: ${time(cuts[i + 1] - cuts[i])}`).join("\n");
  const failed = r.outcome !== "ok";
  return h("tr", null, h("td", null, r.method), h("td", { class: "t", title: r.name }, r.name),
    h("td", { class: "n" + (failed ? " bad" : "") }, r.status || r.outcome),
    h("td", { class: "n" }, bytes(r.bytes)), h("td", { class: "n" }, time(r.end - r.intended)),
    h("td", { class: "lane" }, h("div", { title: says, role: "img", "aria-label": says.replaceAll("\n", ", ") }, PARTS.map(([id], i) => {
      const part = (ms) => (ms / span) * 100, width = part(cuts[i + 1] - cuts[i]);
      return width > 0 && h("span", { class: id, style: { left: part(cuts[i] - from) + "%", width: Math.max(width, 0.15) + "%" } });
    }))));
}
