// Elements without a framework: h("button", { class: "x", onclick: f }, "text", child…).

export function h(tag, props, ...children) {
  const el = document.createElement(tag);
  for (const [key, value] of Object.entries(props || {})) set(el, key, value);
  append(el, children);
  return el;
}

const SVG = "http://www.w3.org/2000/svg";

export function svg(tag, props, ...children) {
  const el = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(props || {})) if (value != null) el.setAttribute(key, value);
  append(el, children);
  return el;
}

function set(el, key, value) {
  if (value == null || value === false) return;
  if (key.startsWith("on")) el.addEventListener(key.slice(2), value);
  else if (key === "class") el.className = value;
  else if (key === "style") Object.assign(el.style, value);
  else if (key in el && key !== "list" && typeof value !== "string") el[key] = value;
  else el.setAttribute(key, value === true ? "" : value);
}

function append(el, children) {
  for (const child of children.flat(3)) {
    if (child == null || child === false) continue;
    el.append(child.nodeType ? child : String(child));
  }
}

// Changes text only when it differs, so that a selection and screen readers are left alone.
export function text(el, value) {
  const s = String(value);
  if (el.textContent !== s) el.textContent = s;
}

export function fill(el, ...children) {
  el.replaceChildren();
  append(el, children);
  return el;
}

export function field(label, input, hint) {
  const id = input.id;
  const note = hint && h("span", { class: "hint", id: id + "-hint" }, hint);
  if (note) input.setAttribute("aria-describedby", note.id);
  return h("div", { class: "field" }, h("label", { for: id }, label), input, note);
}
