// The form before a run: what to run, how many, where; beside it what that would do.
import { post, upload } from "./api.js";
import { field, fill, h, text } from "./dom.js";
import { duration, parseDuration } from "./fmt.js";
import { planView } from "./plan.js";
import { stagesChart } from "./stages.js";
import { on, store, tell } from "./store.js";

export function mountStart(main) {
  const form = makeForm();
  const picture = h("div", { class: "picture" });
  const plan = h("section", { class: "panel plan", "aria-label": "What this run will do" });
  fill(main, h("div", { class: "start" }, h("div", { class: "left" }, form.element, picture), plan));

  function draw() {
    form.fromPlan();
    fill(plan, planView(store.plan));
    form.drawHosts();
    drawPicture();
  }
  function drawPicture() {
    if (store.plan) fill(picture, h("h2", null, "Planned load"), stagesChart(form.load()));
  }
  form.onchange = drawPicture;
  draw();
  return on("plan", draw);
}

const input = (id, props) => h("input", { id, autocomplete: "off", ...props });

function makeForm() {
  const f = {
    users: input("users", { type: "number", min: "0", max: "1000000", required: true, inputmode: "numeric" }),
    spawn: input("spawn", { type: "number", min: "0", step: "any", required: true, inputmode: "decimal" }),
    rate: input("rate", { type: "number", min: "0", step: "any", required: true, inputmode: "decimal" }),
    host: input("host", { type: "url", placeholder: "http://127.0.0.1:5000", spellcheck: "false", required: true }),
    time: input("time", { type: "text", placeholder: "no limit", spellcheck: "false" }),
    rules: h("textarea", { id: "rules", rows: 2, spellcheck: "false", placeholder: "p(95) < 200ms\nfailed < 1%" }),
    confirm: input("confirm", { type: "checkbox" }),
  };
  let time = ""; // as the plan has it
  const ends = h("p", { class: "hint ends" });
  const message = h("p", { class: "error", role: "alert" });
  const start = h("button", { type: "submit", class: "primary big" }, "Start");
  const hosts = h("div", { class: "confirm", hidden: true }, f.confirm, h("label", { for: "confirm" }));
  const file = dropZone(message);
  const closed = [field("Number of users", f.users), field("Users started per second", f.spawn, "0: all at once")];
  const open = field("Iterations started per second", f.rate);
  const element = h("form", { class: "panel form", onsubmit: submit, oninput: () => { message.textContent = ""; api.onchange(); } },
    h("h1", null, "Start a load test"), file.element,
    h("div", { class: "pair" }, closed, open),
    field("Host", f.host, "where the requests go"),
    h("div", { class: "pair" }, field("Run time", f.time, "20, 20s, 3m, 1h30m"),
      field("Service levels", f.rules, "one rule a line; the run fails if one breaks")),
    ends, hosts, message, start);

  function load() {
    const of = store.plan.load, seconds = parseDuration(f.time.value);
    return { ...of, users: Number(f.users.value), spawn_rate: Number(f.spawn.value), rate: Number(f.rate.value),
      run_time_s: seconds == null ? 0 : seconds };
  }

  function wish() {
    const isOpen = store.plan.load.model === "open";
    return {
      ...(isOpen ? { rate: Number(f.rate.value) } : staged() ? {} : { users: Number(f.users.value), spawn_rate: Number(f.spawn.value) }),
      ...(f.host.value !== store.plan.target ? { host: f.host.value } : {}),
      ...(f.time.value.trim() === time ? {} : { run_time: f.time.value.trim() }),
      thresholds: f.rules.value.trim(), confirmed: f.confirm.checked,
    };
  }

  const staged = () => store.plan.load.stages.length > 0;

  function fromPlan() {
    const p = store.plan;
    file.draw();
    start.disabled = !p || !p.ready;
    if (!p) return;
    const isOpen = p.load.model === "open";
    closed.forEach((el) => (el.hidden = isOpen || staged()));
    open.hidden = !isOpen;
    f.users.disabled = f.spawn.disabled = isOpen || staged();
    f.rate.disabled = !isOpen;
    f.time.disabled = staged();
    Object.assign(f.users, { value: p.load.users || 1 });
    f.spawn.value = p.load.spawn_rate || 0;
    f.rate.value = p.load.rate || 0;
    f.host.value = p.target || "";
    f.time.value = time = p.load.run_time_s ? duration(p.load.run_time_s) : "";
    text(ends, endsView(p.load));
    f.rules.value = "";
    f.confirm.checked = false;
    if (store.lastForm && store.lastForm.file === p.file) recall();
  }

  // A second run begins with what the first one was told.
  const kept = ["users", "spawn", "rate", "host", "time", "rules"];
  function keep() {
    store.lastForm = { file: store.plan.file, values: kept.map((k) => f[k].value) };
  }
  function recall() {
    kept.forEach((k, i) => (f[k].value = store.lastForm.values[i]));
    if (f.host.value !== store.plan.target) f.host.dispatchEvent(new Event("change"));
  }

  // Load on a machine that is not this one is started only after it was read and agreed to.
  function drawHosts() {
    const far = farHosts();
    hosts.hidden = far.length === 0;
    f.confirm.required = far.length > 0;
    text(hosts.querySelector("label"), `I may send load to ${far.join(", ")}.`);
  }

  function farHosts() {
    if (!store.plan) return [];
    const listed = store.plan.hosts.filter((x) => !x.local && x.allowed).map((x) => x.origin);
    return listed;
  }

  f.host.addEventListener("change", async () => {
    try {
      const p = await post("/api/plan", { host: f.host.value });
      store.plan.hosts = p.hosts;
      drawHosts();
      document.querySelector(".plan")?.replaceChildren(planView(store.plan));
    } catch (error) {
      message.textContent = error.message;
    }
  });

  async function submit(event) {
    event.preventDefault();
    if (parseDuration(f.time.value) == null) {
      message.textContent = "Run time: write 20, 20s, 3m or 1h30m.";
      f.time.focus();
      return;
    }
    start.disabled = true;
    try {
      await post("/api/start", wish());
      keep();
      message.textContent = "";
    } catch (error) {
      message.textContent = error.message;
    }
    start.disabled = false;
  }

  const api = { element, load, fromPlan, drawHosts, onchange: () => {} };
  return api;
}

// What else ends the run, or shapes it, from the scenario or the command line.
function endsView(load) {
  const also = [];
  if (load.stages.length) also.push(`The load follows ${load.stages.length} stages.`);
  if (load.iterations) also.push(`Ends after ${load.iterations} iterations in all.`);
  if (load.loops) also.push(`Each user ends after ${load.loops === 1 ? "one iteration" : load.loops + " iterations"}.`);
  return also.join(" ");
}

// A recording or a scenario, by choosing or by dropping it anywhere on the zone.
function dropZone(message) {
  const name = h("strong"), note = h("span", { class: "hint", id: "file-hint" });
  const chooser = h("input", { type: "file", id: "file", "aria-describedby": "file-hint",
    accept: ".yaml,.yml,.har,.pcap,.pcapng,.xml,.jmx,.saz,.chlsx", onchange: () => chooser.files[0] && send(chooser.files[0]) });
  const element = h("div", { class: "drop", ondragover: over, ondragleave: () => element.classList.remove("over"), ondrop: drop },
    h("div", { class: "which" }, h("span", { class: "label" }, "Scenario"), name),
    h("label", { class: "button", for: "file" }, "Upload…"), chooser, note);

  function over(event) {
    event.preventDefault();
    element.classList.add("over");
  }
  function drop(event) {
    event.preventDefault();
    element.classList.remove("over");
    if (event.dataTransfer.files[0]) send(event.dataTransfer.files[0]);
  }
  async function send(what) {
    message.textContent = "";
    element.classList.add("busy");
    text(note, `Reading ${what.name}…`);
    try {
      store.plan = await upload(what);
    } catch (error) {
      message.textContent = error.message;
    }
    element.classList.remove("busy");
    chooser.value = "";
    tell("plan");
  }
  function draw() {
    const p = store.plan;
    text(name, p && p.ready ? p.name : "none yet");
    text(note, p && p.ready && p.file ? p.file : "Drop a HAR, a pcap or a scenario (YAML) here, or choose one.");
  }
  return { element, draw };
}
