// The head of the page: what runs against what, its state, what can be done now, and what is wrong.
import { post } from "./api.js";
import { fill, h, text } from "./dom.js";
import { openEdit } from "./edit.js";
import { clock } from "./fmt.js";
import { isOn, on, store } from "./store.js";

const LABELS = {
  ready: "Ready", spawning: "Starting", running: "Running", stopping: "Stopping", stopped: "Finished",
};

let trouble = null;

export function report(error) {
  trouble = error && error.message ? error.message : error;
  drawAlerts();
}

async function act(path, button) {
  button.disabled = true;
  try {
    await post(path);
    report(null);
  } catch (error) {
    report(error);
  }
  button.disabled = false;
}

const button = (label, props, key) =>
  h("button", { type: "button", ...props, title: key ? `Key: ${key}` : null, "aria-keyshortcuts": key }, label);

const edit = button("Edit", { onclick: openEdit }, "e");
const stop = button("Stop", { class: "danger", onclick: () => act("/api/stop", stop) });
const reset = button("Reset statistics", { onclick: () => act("/api/reset", reset) });
const again = button("New run", { class: "primary", onclick: () => act("/api/again", again) });

const pill = h("span", { class: "pill" });
const name = h("span", { class: "what" });
const target = h("span", { class: "target" });
const elapsed = h("span", { class: "elapsed", title: "Since the start" });

let alerts;

export function mountBar(bar, alertsAt) {
  alerts = alertsAt;
  bar.append( // behind the brand
    h("div", { class: "about" }, name, target),
    pill, elapsed,
    h("div", { class: "actions" }, edit, reset, stop, again));
  for (const topic of ["state", "tick", "plan", "connection"]) on(topic, draw);
  document.addEventListener("keydown", shortcut);
  draw();
}

function shortcut(event) {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || document.querySelector("dialog[open]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "e" && !edit.hidden) {
    event.preventDefault();
    openEdit();
  }
  const steps = { w: 1, W: 10, s: -1, S: -10 };
  const closed = store.plan && store.plan.load.model === "closed";
  if (steps[event.key] && closed && !edit.hidden && store.tick) changeUsers(steps[event.key]);
}

// Locust's keys: w and W add 1 and 10 users, s and S take them away.
function changeUsers(by) {
  const now = store.wanted ?? store.tick.users;
  store.wanted = Math.max(0, now + by);
  post("/api/edit", { users: store.wanted }).then(() => report(null), report);
}

function draw() {
  const plan = store.plan;
  const ready = store.state === "ready";
  const about = ready ? plan : store.info;
  text(name, (about && (about.scenario || about.name)) || "");
  text(target, (about && about.target) || "");
  text(pill, store.connected ? LABELS[store.state] : "No connection");
  pill.dataset.state = store.connected ? store.state : "lost";
  text(elapsed, !ready && store.tick ? clock(store.tick.elapsed_s) : "");
  const live = store.state === "running" || store.state === "spawning";
  edit.hidden = !live;
  stop.hidden = !isOn();
  stop.disabled = store.state === "stopping";
  reset.hidden = !live;
  again.hidden = store.state !== "stopped";
  if (!live) store.wanted = undefined;
  drawAlerts();
}

function drawAlerts() {
  if (!alerts) return;
  const list = [];
  if (!store.connected) {
    list.push(h("p", { class: "alert lost" }, h("strong", null, "Connection lost. "),
      "The numbers stand still; trying again until reprise answers. The load itself does not need this page."));
  }
  if (trouble) {
    list.push(h("p", { class: "alert bad" }, trouble, " ",
      h("button", { type: "button", class: "quiet", onclick: () => report(null) }, "Dismiss")));
  }
  const g = store.tick && store.state !== "ready" && store.tick.generator;
  if (g && g.limited) {
    list.push(h("p", { class: "alert warn" }, h("strong", null, "This machine limits the run. "), g.limited_why));
  }
  const t = store.state !== "ready" && store.tick;
  if (t && t.warm_up_s) {
    list.push(h("p", { class: "alert" }, h("strong", null, t.elapsed_s <= t.warm_up_s ? "Warming up. " : "Warmed up. "),
      `${t.warm_up_requests} requests of the first ${t.warm_up_s} s are in the archive but not in these numbers.`));
  }
  const key = list.map((el) => el.textContent).join("|");
  if (alerts.dataset.key === key) return;
  alerts.dataset.key = key;
  fill(alerts, list);
}
