// What a start would do: hosts, tasks, tokens from their producer to their uses, and the import's report.
import { h } from "./dom.js";
import { count, percent } from "./fmt.js";

export function planView(plan) {
  if (!plan) return h("p", { class: "empty" }, "Loading the scenario…");
  if (!plan.ready && plan.problem) {
    return h("div", { class: "empty" }, h("h2", null, "The scenario cannot be run"), h("p", { class: "error" }, plan.problem));
  }
  if (!plan.ready) {
    return h("div", { class: "empty" }, h("h2", null, "No scenario yet"),
      h("p", null, "Upload a recording of one visit: a HAR from the browser's developer tools, a packet capture, or a scenario " +
        "that reprise wrote. Its tokens are found here, before anything is sent."));
  }
  return h("div", null, hostsView(plan), tasksView(plan), tokensView(plan), importView(plan));
}

function hostsView(plan) {
  return h("section", null, h("h2", null, "Hosts that will be touched"),
    h("ul", { class: "hosts" }, plan.hosts.map((x) => h("li", { class: x.allowed ? "" : "off" },
      h("code", null, x.origin),
      h("span", { class: "tag " + (x.allowed ? (x.local ? "ok" : "warn") : "") },
        !x.allowed ? "left out" : x.local ? "this machine" : "another machine"),
      h("span", { class: "hint" }, `${count(x.requests)} request${x.requests === 1 ? "" : "s"}`)))),
    plan.changes_state ? h("p", { class: "hint" }, `${count(plan.changes_state)} of ${count(plan.requests)} requests of one visit ` +
      "change something on the server (POST, PUT, PATCH, DELETE).") : null);
}

function tasksView(plan) {
  if (!plan.tasks.length) return null;
  return h("section", null, h("h2", null, "Tasks"),
    h("table", { class: "small" },
      h("thead", null, h("tr", null, ["Task", "Requests", "Share"].map((x, i) => h("th", { scope: "col", class: i ? "n" : "" }, x)))),
      h("tbody", null, plan.tasks.map((t) => h("tr", null, h("td", null, t.name), h("td", { class: "n" }, count(t.requests)),
        h("td", { class: "n" }, percent(plan.ratio[t.name] ?? 0)))))));
}

function tokensView(plan) {
  if (!plan.tokens.length) {
    return h("section", null, h("h2", null, "Tokens"), h("p", { class: "hint" }, "No value of an answer is used in a later request."));
  }
  return h("section", null, h("h2", null, `Tokens (${plan.tokens.length})`),
    h("ul", { class: "flow" }, plan.tokens.map((t, i) => h("li", { class: `token-${i % 6}` },
      h("code", { class: "tok" }, t.name),
      h("div", { class: "from" }, arrow("←", "comes from"), h("span", null, t.from, " ", h("span", { class: "hint" }, t.extract))),
      h("div", { class: "uses" }, arrow("→", "is used in"), h("span", null, usesView(t.uses)))))));
}

const arrow = (sign, says) => h("span", { class: "arrow", role: "img", "aria-label": says }, sign);

function usesView(uses) {
  const shown = uses.slice(0, 4).join(" · ");
  return uses.length > 4 ? `${shown} and ${uses.length - 4} more` : shown || "not used";
}

function importView(plan) {
  const r = plan.import;
  if (!r) return null;
  const dropped = Object.entries(r.dropped || {}).filter(([, n]) => n > 0);
  return h("section", null, h("h2", null, "Import"),
    h("p", null, `${count(r.entries_kept)} of ${count(r.entries_read)} recorded requests kept, read as ${r.format.toUpperCase()}.`),
    dropped.length ? h("ul", { class: "plain hint" }, dropped.map(([why, n]) => h("li", null, `${count(n)} left out: ${why}`))) : null,
    (r.warnings || []).map((w) => h("p", { class: "alert warn" }, w)));
}
