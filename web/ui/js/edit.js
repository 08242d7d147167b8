// Users and rate of the run that goes, in a dialog; applied at once.
import { post } from "./api.js";
import { field, h } from "./dom.js";
import { store } from "./store.js";

export function openEdit() {
  const load = store.plan ? store.plan.load : { stages: [] };
  const open = load.model === "open";
  const users = number("edit-users", (store.wanted ?? (store.tick && store.tick.users)) || 0, 1);
  const spawn = number("edit-spawn", load.spawn_rate || 10, "any");
  const rate = number("edit-rate", load.rate || 10, "any");
  const message = h("p", { class: "error", role: "alert" });
  const dialog = h("dialog", { class: "dialog", "aria-labelledby": "edit-title", onclose: () => dialog.remove() },
    h("form", { method: "dialog", onsubmit: submit },
      h("h2", { id: "edit-title" }, "Edit the running load"),
      open ? field("Iterations started per second", rate) :
        [field("Number of users", users), field("Users started per second", spawn, "0: all at once")],
      load.stages.length ? h("p", { class: "hint" }, "The stages are left; the run ends when they would have.") : null,
      message,
      h("div", { class: "buttons" },
        h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
        h("button", { type: "submit", class: "primary" }, "Apply"))));

  async function submit(event) {
    event.preventDefault();
    const wish = open ? { rate: Number(rate.value) } : { users: Number(users.value), spawn_rate: Number(spawn.value) };
    try {
      await post("/api/edit", wish);
      if (!open) store.wanted = wish.users;
      dialog.close();
    } catch (error) {
      message.textContent = error.message;
    }
  }

  document.body.append(dialog);
  dialog.showModal();
  (open ? rate : users).select();
}

function number(id, value, step) {
  return h("input", { id, type: "number", min: "0", step: String(step), value: String(value), required: true, inputmode: "decimal" });
}
