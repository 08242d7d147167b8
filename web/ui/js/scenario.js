// The scenario's text; each token has a colour from where it is extracted to where it is used.
import { fill, h } from "./dom.js";
import { on, store } from "./store.js";

const NAME = "[A-Za-z_][A-Za-z0-9_]*";

// Names that are extracted somewhere: the keys under an "extract:" line.
export function tokenNames(text) {
  const names = [];
  let depth = -1, inside = -1;
  for (const line of text.split("\n")) {
    const indent = line.search(/\S/);
    if (indent < 0 || line.trim().startsWith("#")) continue;
    if (depth >= 0 && indent <= depth) depth = inside = -1;
    if (/^[\s-]*extract:\s*$/.test(line)) {
      depth = line.indexOf("extract:");
      continue;
    }
    if (depth < 0) continue;
    if (inside < 0) inside = indent;
    const m = indent === inside && new RegExp(`^\\s*(${NAME})\\s*:`).exec(line);
    if (m && !names.includes(m[1])) names.push(m[1]);
  }
  return names;
}

// A line as pieces: [{ text, token }]; token is the name or null.
export function pieces(line, names) {
  if (!names.length) return [{ text: line, token: null }];
  const any = names.map((n) => n.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  const find = new RegExp(`\\$\\{(${any})(?:[|.)][^}]*)?\\}|^(\\s*)(${any})(?=\\s*:)`, "g");
  const out = [];
  let at = 0;
  for (const m of line.matchAll(find)) {
    const lead = m[2] || "", token = m[1] || m[3];
    if (m.index + lead.length > at) out.push({ text: line.slice(at, m.index + lead.length), token: null });
    out.push({ text: m[0].slice(lead.length), token });
    at = m.index + m[0].length;
  }
  if (at < line.length || !out.length) out.push({ text: line.slice(at), token: null });
  return out;
}

export function mountScenario(panel) {
  const list = h("ul", { class: "tokens", "aria-label": "Tokens" });
  const code = h("pre", { class: "yaml", tabindex: "0", role: "region", "aria-label": "Scenario" });
  panel.append(h("div", { class: "split" }, code, h("aside", null, h("h2", null, "Tokens"), list)));

  function mark(name) {
    code.querySelectorAll(".tok").forEach((el) => el.classList.toggle("hit", el.dataset.token === name));
    code.querySelector(`.tok[data-token="${CSS.escape(name)}"]`)?.scrollIntoView({ block: "center" });
  }
  function draw() {
    const text = (store.plan && store.plan.text) || "";
    const names = tokenNames(text);
    const colour = (name) => `tok token-${names.indexOf(name) % 6}`;
    fill(code, text.split("\n").map((line) => h("span", { class: "line" },
      pieces(line, names).map((p) => (p.token ? h("mark", { class: colour(p.token), "data-token": p.token }, p.text) : p.text)), "\n")));
    const uses = (name) => text.split("${" + name).length - 1;
    fill(list, names.length ? names.map((name) => h("li", null,
      h("button", { type: "button", class: colour(name), onclick: () => mark(name) }, name),
      h("span", { class: "hint" }, `used ${uses(name)} time${uses(name) === 1 ? "" : "s"}`))) :
      h("li", { class: "hint" }, "None: no value of an answer is used later."));
  }
  draw();
  return on("plan", draw);
}
