// Starts the page: first state, then the stream of events, then whatever the person does.
import { get, listen } from "./api.js";
import { addPoint, column, isOn, on, setHistory, store, tell } from "./store.js";
import { mountBar } from "./bar.js";
import { mountStart } from "./start.js";
import { mountRun } from "./run.js";
import { fill, h } from "./dom.js";

const main = document.getElementById("main");
let shown = null, unmount = null;

// Two faces: the form before a run, the run itself (also when it is over).
function show() {
  if (!store.loaded) return;
  const face = store.state === "ready" || !store.info ? "start" : "run";
  if (face !== shown) {
    if (unmount) unmount();
    shown = face;
    unmount = face === "start" ? mountStart(main) : mountRun(main);
  }
  document.body.dataset.state = store.state;
  document.title = title();
}

function title() {
  if (!store.info || store.state === "ready") return "reprise";
  const mark = isOn() ? "● " : "";
  return `${mark}${store.info.scenario} – reprise`;
}

// What load() reads, kept true: one reading at a time, for of two the older answer could come last. Asked for
// while it is under way, it is done once more; one that failed is done again when the server is next heard of.
function kept(load) {
  let wanted = false, busy = false;
  async function refresh() {
    wanted = true;
    if (busy) return;
    busy = true;
    try {
      while (wanted) {
        wanted = false;
        await load();
      }
    } catch {
      wanted = true;
    }
    busy = false;
  }
  for (const topic of ["tick", "beat"]) on(topic, () => wanted && refresh());
  return refresh;
}

async function loadPlan() {
  const plan = await get("/api/plan");
  if (JSON.stringify(plan) === JSON.stringify(store.plan)) return; // our own upload: the form may be in use
  store.plan = plan;
  tell("plan");
}

async function loadHistory() {
  setHistory(await get("/api/history"));
}

async function loadState() {
  const s = await get("/api/state");
  const same = store.loaded && s.run === store.run && s.tick && s.tick.points === column("t").length;
  Object.assign(store, { state: s.state, run: s.run, info: s.info, tick: s.tick, log: s.log });
  if (!same) await loadHistory();
  store.loaded = true;
  tell("state");
  tell("tick");
  tell("log");
}

const refreshState = kept(loadState), refreshPlan = kept(loadPlan), refreshHistory = kept(loadHistory);

function onTick(tick) {
  store.tick = tick;
  if (addPoint(tick)) refreshHistory();
  else tell("history");
  tell("tick");
}

function connection(up) {
  if (store.connected === up) return;
  store.connected = up;
  tell("connection");
}

function onLog(line) {
  store.log = [...store.log.slice(-199), line];
  tell("log");
}

function failed(error) {
  fill(main, h("div", { class: "notice bad" }, h("h1", null, "The page could not be loaded"), h("p", null, error.message),
    h("button", { onclick: () => location.reload() }, "Try again")));
}

on("state", show);
mountBar(document.getElementById("bar"), document.getElementById("alerts"));
Promise.all([loadState(), loadPlan()]).then(() => {
  show();
  listen({
    open: () => {
      refreshState(); // what happened before the stream was there
      if (!store.connected) refreshPlan();
      connection(true);
    },
    lost: () => connection(false),
    tick: onTick,
    state: refreshState,
    plan: refreshPlan,
    log: onLog,
    beat: () => tell("beat"),
  });
}).catch(failed);
