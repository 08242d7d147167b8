// How much: so many users, stages of users, or iterations at a rate. A part of the form; the picture of the load
// is drawn from load().
import { field, fill, h } from "./dom.js";
import { duration, parseDuration } from "./fmt.js";

const number = (id, props) => h("input", { id, type: "number", min: "0", autocomplete: "off", required: true, ...props });

// { element, load(), wish(), fromPlan(load), problem() }; changed() is called when rows come and go.
export function loadFields(changed) {
  const f = {
    users: number("users", { min: "1", max: "1000000", inputmode: "numeric" }),
    spawn: number("spawn", { step: "any", inputmode: "decimal" }),
    rate: number("rate", { step: "any", inputmode: "decimal" }),
  };
  const rows = stageRows(changed);
  let kind = "users", open = false; // open: stages are of a rate

  const parts = {
    users: h("div", { class: "pair" }, field("Number of users", f.users), field("Users started per second", f.spawn, "0: all at once")),
    stages: rows.element,
    rate: field("Iterations started per second", f.rate, "however long they take"),
  };
  const choice = (id, label) => h("label", { class: "choice" },
    h("input", { type: "radio", name: "kind", value: id, id: "kind-" + id, onchange: () => choose(id) }), h("span", null, label));
  const kinds = h("fieldset", { class: "choices" }, h("legend", null, "Load"),
    h("div", null, choice("users", "Users"), choice("stages", "Stages"), choice("rate", "Arrival rate")));
  const element = h("div", { class: "load" }, kinds, Object.values(parts));

  // Only what is shown takes part in the form.
  function show(id) {
    kind = id;
    kinds.querySelector(`[value="${id}"]`).checked = true;
    for (const [key, part] of Object.entries(parts)) {
      part.hidden = key !== id;
      for (const el of part.querySelectorAll("input, button")) el.disabled = key !== id;
    }
  }
  // Stages begin with a way up to the users of the form, some time there, and the way down.
  function choose(id) {
    if (id === "rate" && !(Number(f.rate.value) > 0)) f.rate.value = "10";
    if (id === "stages" && rows.count() === 0) {
      const top = open ? Number(f.rate.value) || 10 : Math.max(10, Number(f.users.value));
      rows.set(0, [[30, top], [60, top], [10, 0]].map(([duration_s, target]) => ({ duration_s, target })));
    }
    rows.name(open);
    show(id);
    changed();
  }

  return {
    element,
    kind: () => kind,
    fromPlan(load) {
      open = load.model === "open";
      f.users.value = load.users || 1;
      f.spawn.value = load.spawn_rate || 0;
      f.rate.value = load.rate || 0;
      rows.name(open);
      rows.set(open ? load.rate : load.users, load.stages);
      show(load.stages.length ? "stages" : open ? "rate" : "users");
    },
    // As the plan has it, for the picture.
    load() {
      const stages = kind === "stages" ? rows.read() : [];
      const model = kind === "rate" || (kind === "stages" && open) ? "open" : "closed";
      const start = kind === "stages" ? rows.start() : null;
      const users = start ?? Number(f.users.value), rate = start ?? Number(f.rate.value);
      return { model, stages, users, rate, spawn_rate: Number(f.spawn.value) };
    },
    wish() {
      if (kind === "rate") return { rate: Number(f.rate.value), stages: "" };
      if (kind === "users") return { users: Number(f.users.value), spawn_rate: Number(f.spawn.value), stages: "" };
      return { [open ? "rate" : "users"]: rows.start(), stages: rows.text() };
    },
    problem: () => (kind === "stages" ? rows.problem() : ""),
  };
}

// Rows "over 30s to 100 users", the first one the level at the start.
function stageRows(changed) {
  let serial = 0;
  const start = number("stage-start", { inputmode: "decimal", value: "0", "aria-label": "At the start" });
  const name = h("span");
  const list = h("ol", { class: "stage-list" });
  const add = h("button", { type: "button", onclick: another }, "Add a stage");
  const element = h("div", { class: "stage-rows" },
    h("div", { class: "stage heads", "aria-hidden": "true" }, h("span", null, "Within"), name), // the fields have names of their own
    h("div", { class: "stage" }, h("span", { class: "hint" }, "At the start"), start, h("span")), list, add);

  function another() {
    addRow();
    list.lastChild.querySelector("input").select();
    changed();
  }
  function addRow(stage) {
    const id = ++serial, before = list.lastChild;
    const value = stage || { duration_s: 60, target: before ? Number(before.querySelector("[type=number]").value) : 10 };
    const time = h("input", { id: `stage-time-${id}`, type: "text", required: true, autocomplete: "off", spellcheck: "false",
      value: duration(value.duration_s), placeholder: "30s" });
    const target = number(`stage-target-${id}`, { step: "any", inputmode: "decimal", value: String(value.target) });
    const row = h("li", { class: "stage" }, time, target,
      h("button", { type: "button", class: "quiet icon", title: "Remove this stage", onclick: remove }, "×"));
    function remove() {
      const next = row.nextSibling || row.previousSibling;
      row.remove();
      label();
      (next ? next.querySelector("input") : add).focus();
      changed();
    }
    list.append(row);
    label();
  }
  // Said to who cannot see the columns.
  function label() {
    [...list.children].forEach((row, i) => {
      const [time, target, button] = row.children;
      time.setAttribute("aria-label", `Stage ${i + 1}: within`);
      target.setAttribute("aria-label", `Stage ${i + 1}: ${name.textContent}`);
      button.setAttribute("aria-label", `Remove stage ${i + 1}`);
    });
  }
  const values = () => [...list.children].map((row) => [row.children[0].value.trim(), row.children[1].value]);

  return {
    element,
    count: () => list.children.length,
    start: () => Number(start.value),
    name(open) {
      name.textContent = open ? "Iterations/s" : "Users";
      start.step = open ? "any" : "1";
      label();
    },
    set(level, stages) {
      start.value = String(level || 0);
      fill(list);
      stages.forEach(addRow);
    },
    read: () => values().map(([time, target]) => ({ duration_s: parseDuration(time) || 0, target: Number(target) })),
    text: () => values().map(([time, target]) => `${time}:${target}`).join("\n"),
    problem() {
      const bad = values().findIndex(([time]) => !time || parseDuration(time) == null);
      if (!list.children.length) return "Stages: add one, or choose a number of users.";
      return bad < 0 ? "" : `Stage ${bad + 1}: write its length as 20s, 3m or 1h30m.`;
    },
  };
}
