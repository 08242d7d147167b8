// Failures by kind, extraction errors among them, each with masked samples of the answer. Rows are kept from second
// to second, so that what is open, selected or has the focus stays so.
import { everySecond, get } from "./api.js";
import { fill, h, text } from "./dom.js";
import { clock, count } from "./fmt.js";

const SAYS = {
  status: "Status", check: "Check", extract: "Value not found", resolve: "Name not found", refused: "Refused",
  connect: "No connection", tls: "TLS", timeout: "Timeout", reset: "Connection closed", protocol: "Protocol",
};
const HEADS = ["# Failures", "Kind", "Method", "Name", "Message", "First", "Last"];
const MOST = 500;

export function mountFailures(panel) {
  const none = h("div", { class: "empty" }, h("h2", null, "No failures"),
    h("p", null, "Failed checks, error statuses, timeouts and values that were not found in an answer come here, grouped."));
  const table = h("table", { class: "list" }, h("caption", { class: "unseen" }, "Failures by kind"),
    h("thead", null, h("tr", null, HEADS.map((x, i) => h("th", { scope: "col", class: i === 0 || i > 4 ? "n" : "" }, x)))));
  const frame = h("div", { class: "frame", tabindex: "0", role: "region", "aria-label": "Failures by kind", hidden: true }, table);
  panel.append(none, frame);
  const groups = new Map();
  // The most frequent first; what comes later goes below.
  function draw(failures) {
    none.hidden = failures.length > 0;
    frame.hidden = !failures.length;
    const known = new Set(failures.map(idOf));
    for (const [id, g] of groups) if (!known.has(id)) groups.delete(id), g.element.remove(); // statistics were reset
    for (const f of failures.sort((a, b) => b.count - a.count).slice(0, MOST)) {
      const id = idOf(f);
      if (!groups.has(id)) {
        groups.set(id, group());
        table.append(groups.get(id).element);
      }
      groups.get(id).update(f);
    }
  }

  return everySecond(async () => draw((await get("/api/failures")).failures));
}

const idOf = (f) => `${f.step}|${f.outcome}|${f.text}`;

function group() {
  const cells = HEADS.map((_, i) => h("td", { class: ["n bad", "", "", "t", "t", "n", "n"][i] }));
  const [number, kind, method, name, message, first, last] = cells;
  const toggle = h("button", { type: "button", class: "link", "aria-expanded": "false", onclick: () => {
    samples.hidden = !samples.hidden;
    toggle.setAttribute("aria-expanded", String(!samples.hidden));
  } });
  const inside = h("td", { colspan: String(HEADS.length) });
  const samples = h("tr", { class: "samples", hidden: true }, inside);
  let shown = 0;

  function update(f) {
    text(number, count(f.count));
    text(kind, SAYS[f.outcome] || f.outcome);
    text(method, f.method);
    text(name, f.name);
    text(first, clock(f.first_s));
    text(last, clock(f.last_s));
    if (!f.answers.length) return text(message, f.text);
    text(toggle, f.text);
    if (shown === 0) fill(message, toggle);
    const different = [...new Map(f.answers.map((a) => [a.head + a.body, a])).values()];
    if (different.length === shown) return;
    shown = different.length;
    fill(inside, different.map(sample));
  }
  return { element: h("tbody", null, h("tr", null, cells), samples), update };
}

function sample(answer) {
  return h("details", { open: true }, h("summary", null, answer.head.split("\n")[0].trim() || "Answer"),
    h("pre", { tabindex: "0" }, answer.head.trim() + (answer.body ? "\n\n" + answer.body.slice(0, 4000) : "")));
}
