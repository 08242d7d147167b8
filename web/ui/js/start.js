// The form before a run: what to run, how much, where; beside it what that would do.
import { post } from "./api.js";
import { field, fill, h, text } from "./dom.js";
import { duration, parseDuration } from "./fmt.js";
import { loadFields } from "./load.js";
import { planView } from "./plan.js";
import { stagesChart } from "./stages.js";
import { on, store } from "./store.js";
import { dropZone } from "./upload.js";

export function mountStart(main) {
  const plan = h("section", { class: "panel plan", "aria-label": "What this run will do" });
  const drawPlan = (shown) => fill(plan, planView(shown));
  const form = makeForm(drawPlan);
  fill(main, h("div", { class: "start" }, form.element, plan));

  function draw() {
    form.fromPlan();
    drawPlan(store.plan);
  }
  draw();
  return on("plan", draw);
}

const input = (id, props) => h("input", { id, autocomplete: "off", ...props });
const whole = (id, props) => input(id, { type: "number", min: "0", inputmode: "numeric", placeholder: "no limit", ...props });

// drawPlan(plan): the preview changed.
function makeForm(drawPlan) {
  const f = {
    host: input("host", { type: "url", placeholder: "http://127.0.0.1:5000", spellcheck: "false", required: true, onchange: check }),
    time: input("time", { type: "text", placeholder: "no limit", spellcheck: "false" }),
    rules: h("textarea", { id: "rules", rows: 2, spellcheck: "false", placeholder: "p(95) < 200ms\nfailed < 1%", onchange: check }),
    iterations: whole("iterations"),
    loops: whole("loops"),
    pauses: whole("pauses", { step: "any", inputmode: "decimal", placeholder: "1" }),
    confirm: input("confirm", { type: "checkbox" }),
  };
  const message = h("p", { class: "error", role: "alert" });
  const start = h("button", { type: "submit", class: "primary big" }, "Start");
  const confirm = h("div", { class: "confirm", hidden: true }, f.confirm, h("label", { for: "confirm" }));
  const picture = h("div", { class: "picture" });
  const file = dropZone(message);
  const load = loadFields(changed);
  const advanced = h("details", { class: "advanced" }, h("summary", null, "Advanced"), h("div", { class: "form" },
    h("div", { class: "pair" }, field("Iterations in all", f.iterations), field("Iterations of each user", f.loops)),
    field("Pauses", f.pauses, "times what was recorded; 0: none")));
  const element = h("form", { class: "panel form", onsubmit: submit, oninput: changed },
    h("h1", null, "Start a load test"), file.element, load.element, picture, field("Host", f.host, "where the requests go"),
    h("div", { class: "pair" }, field("Run time", f.time, "20, 20s, 3m, 1h30m"),
      field("Service levels", f.rules, "one rule a line; the run fails if one breaks")),
    advanced, confirm, message, start);

  function changed() {
    message.textContent = "";
    drawPicture();
  }

  // Stages have a length of their own.
  function drawPicture() {
    const planned = load.load(), staged = load.kind() === "stages";
    f.time.disabled = staged;
    f.time.placeholder = staged ? duration(planned.stages.reduce((sum, s) => sum + s.duration_s, 0)) : "no limit";
    fill(picture, stagesChart({ ...planned, run_time_s: staged ? 0 : parseDuration(f.time.value) || 0 }));
  }

  function fromPlan() {
    const p = store.plan;
    file.draw();
    start.disabled = !p || !p.ready;
    if (!p) return;
    load.fromPlan(p.load);
    f.host.value = p.host || p.target || "";
    f.time.value = p.load.run_time_s && !p.load.stages.length ? duration(p.load.run_time_s) : "";
    f.rules.value = p.thresholds.join("\n");
    f.iterations.value = p.load.iterations || "";
    f.loops.value = p.load.loops || "";
    f.pauses.value = p.load.think_factor === 1 ? "" : p.load.think_factor;
    if (f.iterations.value || f.loops.value || f.pauses.value) advanced.open = true;
    f.confirm.checked = false;
    drawConfirm(p.hosts);
    drawPicture();
  }

  function wish() {
    const own = !store.plan.host && f.host.value === store.plan.target; // the scenario's: it may have a path, too
    return {
      ...load.wish(), ...(own ? {} : { host: f.host.value }), run_time: f.time.disabled ? "" : f.time.value.trim(),
      thresholds: f.rules.value.trim(), iterations: Number(f.iterations.value), loops: Number(f.loops.value),
      think_factor: f.pauses.value === "" ? 1 : Number(f.pauses.value), confirmed: f.confirm.checked,
    };
  }

  // Load on a machine that is not this one is started only after it was read and agreed to.
  function drawConfirm(hosts) {
    const far = hosts.filter((x) => !x.local && x.allowed).map((x) => x.origin);
    confirm.hidden = far.length === 0;
    f.confirm.required = far.length > 0;
    text(confirm.querySelector("label"), `I may send load to ${far.join(", ")}.`);
  }

  // A host or a rule that cannot be used is told when it is left, not only at the start.
  async function check() {
    if (!store.plan.ready || !f.host.value) return;
    try {
      const p = await post("/api/plan", { host: f.host.value, thresholds: f.rules.value });
      drawConfirm(p.hosts);
      drawPlan(p);
    } catch (error) {
      message.textContent = error.message;
    }
  }

  function problem() {
    if (parseDuration(f.time.value) == null) return "Run time: write 20, 20s, 3m or 1h30m.";
    return load.problem();
  }

  async function submit(event) {
    event.preventDefault();
    message.textContent = problem();
    if (message.textContent) return;
    start.disabled = true;
    try {
      await post("/api/start", wish());
    } catch (error) {
      message.textContent = error.message;
    }
    start.disabled = false;
  }

  return { element, fromPlan };
}
