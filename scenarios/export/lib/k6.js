import http from 'k6/http';
import crypto from 'k6/crypto';
import encoding from 'k6/encoding';
import { check, fail, sleep } from 'k6';
import { parseHTML } from 'k6/html';
import exec from 'k6/execution';

let v = {}, memo = {}, count = 0, started = false;

// A CSV file's rows; the header line names the columns.
function feed(text, pick, end) {
  const rows = [];
  let row = [''], quoted = false;
  const add = () => { if (row.length > 1 || row[0] !== '') rows.push(row); row = ['']; };
  for (let i = 0; i < text.length; i++) {
    const c = text[i], last = row.length - 1;
    if (quoted && c === '"' && text[i + 1] === '"') row[last] += text[++i];
    else if (c === '"') quoted = !quoted;
    else if (c === ',' && !quoted) row.push('');
    else if (c === '\n' && !quoted) add();
    else if (c !== '\r' || quoted) row[last] += c;
  }
  add();
  return { names: rows.shift() || [], rows, pick, end };
}

function takeRow(name, f, n) {
  if (n >= f.rows.length && f.pick !== 'random' && f.end !== 'recycle') exec.test.abort(`${name} has no more rows`);
  const row = f.rows[f.pick === 'random' ? Math.floor(Math.random() * f.rows.length) : n % f.rows.length];
  f.names.forEach((c, i) => { v[`${name}.${c}`] = row[i]; });
}

// All matches of a JSON path: .key ['key'] [0] [*] ..key [?(@.key=='text')].
function jsonPath(value, path) {
  const steps = path.replace(/^\$/, '').match(/\.\.?[^.[\]]+|\[\?.*?\]|\[[^\]]*\]/g) || [];
  return steps.reduce((found, step) => [].concat(...found.map((f) => jsonStep(f, step))), [value]);
}

function jsonStep(f, step) {
  const inner = f !== null && typeof f === 'object' ? Object.values(f) : [];
  if (step.startsWith('[?')) {
    const m = step.match(/^\[\?\(?\s*@((?:\.[\w-]+)+)\s*(==|!=)?\s*(.*?)\s*\)?\]$/);
    if (!m) return [];
    const want = m[2] ? (m[3][0] === "'" ? m[3].slice(1, -1) : JSON.parse(m[3])) : null;
    return inner.filter((r) => {
      const got = jsonPath(r, `$${m[1]}`);
      return got.length > 0 && (!m[2] || (got[0] === want) === (m[2] === '=='));
    });
  }
  if (step.startsWith('..')) {
    const key = step.slice(2), own = f && !Array.isArray(f) && typeof f === 'object' && key in f ? [f[key]] : [];
    return own.concat(...inner.map((i) => jsonStep(i, step)));
  }
  let key = step[0] === '.' ? step.slice(1) : step.slice(1, -1).trim();
  if (key === '*') return inner;
  if (Array.isArray(f) && /^-?\d+$/.test(key)) key = Number(key) < 0 ? f.length + Number(key) : key;
  else key = key.replace(/^['"]|['"]$/g, '');
  return f !== null && typeof f === 'object' && f[key] !== undefined ? [f[key]] : [];
}

const textOf = (x) => (typeof x === 'string' ? x : JSON.stringify(x));

// A CSS selector, or a plain XPath of one element, and what to take of it.
function htmlFind(text, expr) {
  let take = null;
  const m = expr.match(/(?:::attr\((\S+)\)|\/?@([\w-]+)|::text|\/text\(\))$/);
  if (m) { take = m[1] || m[2] || 'text'; expr = expr.slice(0, m.index); }
  if (/^[/(]/.test(expr)) {
    expr = expr.replace(/\)+$/, '').split('/').pop().replace(/\[contains\(\s*@([\w-]+)\s*,\s*/g, '[$1*=').replace(/\[@/g, '[').replace(/\)\]/g, ']');
  }
  const found = [];
  parseHTML(text).find(expr).each((i, e) => {
    const name = take && take !== 'text' ? take : { INPUT: 'value', META: 'content' }[e.nodeName().toUpperCase()];
    const attr = name && take !== 'text' ? e.getAttribute(name) : null;
    if (attr !== null && attr !== undefined) found.push(attr.nodeValue ? attr.nodeValue() : String(attr));
    else if (!take || take === 'text') found.push(e.textContent().trim());
  });
  return found;
}

function found(r, kind, expr, more) {
  switch (kind) {
    case 'json': return jsonPath(r.json(), expr).filter((x) => x !== null).map(textOf);
    case 'header': return Object.keys(r.headers).filter((k) => k.toLowerCase() === expr.toLowerCase()).map((k) => r.headers[k]);
    case 'cookie': return (r.cookies[expr] || []).map((c) => c.value);
    case 'html': case 'xml': return htmlFind(r.body, expr);
    case 'regex': return [...r.body.matchAll(new RegExp(expr, 'g'))].map((m) => (m[1] !== undefined ? m[1] : m[0]));
    case 'between': return between(r.body, expr, more.right);
    case 'location': return locationOf(r, expr);
    default: return [r.body.trim()];
  }
}

function between(text, left, right) {
  const all = [];
  for (let at = 0; (at = text.indexOf(left, at)) >= 0;) {
    const end = right ? text.indexOf(right, at + left.length) : text.length;
    if (end < 0) break;
    all.push(text.slice(at + left.length, end));
    at = end + 1;
  }
  return all;
}

function locationOf(r, expr) {
  const to = r.headers.Location || r.url;
  if (!expr) return [to];
  if (expr[0] === '/') {
    const segments = to.replace(/^\w+:\/\/[^/]*/, '').split(/[?#]/)[0].split('/').filter((s) => s);
    const n = Number(expr.slice(1));
    return [segments[n > 0 ? n - 1 : segments.length + n]].filter((s) => s !== undefined);
  }
  const m = to.match(new RegExp(`[?&#]${expr}=([^&#]*)`));
  return m ? [decodeURIComponent(m[1].replace(/\+/g, ' '))] : [];
}

function decode(value, how) {
  switch (how) {
    case 'percent': return decodeURIComponent(value.replace(/\+/g, ' '));
    case 'html': return parseHTML(`<p>${value}</p>`).find('p').text();
    case 'json': return JSON.parse(`"${value}"`);
    case 'hex': return value.match(/../g).map((h) => String.fromCharCode(parseInt(h, 16))).join('');
    case 'jwt': return encoding.b64decode(value.split('.')[1], 'rawurl', 's');
    default: return encoding.b64decode(value, 'std', 's');
  }
}

function extract(r, name, kind, expr, more) {
  let value;
  try {
    let values = found(r, kind, expr, more);
    if (more.regex) values = values.map((x) => x.match(new RegExp(more.regex))).filter((m) => m).map((m) => (m[1] !== undefined ? m[1] : m[0]));
    value = values[(more.nth || 1) - 1];
    if (value !== undefined) value = (more.decode || []).reduce(decode, value);
  } catch (e) {
    value = undefined;
  }
  if (value === undefined) value = more.default;
  if (value !== undefined) v[name] = value;
  else if (!more.optional) check(null, { [`${name}: ${kind} ${expr} is in the answer`]: () => false });
}

const statusFits = (status, want) => want.split('|').some((w) => {
  const one = w.trim(), range = one.split('-');
  if (range.length === 2) return Number(range[0]) <= status && status <= Number(range[1]);
  return String(status) === one || (one.endsWith('xx') && String(status)[0] === one[0]);
});

function holds(r, kind, name, value) {
  switch (kind) {
    case 'status': return statusFits(r.status, value);
    case 'time': return r.timings.duration <= value * 1000;
    case 'header': {
      const key = Object.keys(r.headers).find((k) => k.toLowerCase() === name.toLowerCase());
      return key !== undefined && (value === null || r.headers[key].includes(value));
    }
    case 'json': {
      const got = jsonPath(r.json(), name).map(textOf);
      return got.length > 0 && (value === null || got[0] === value);
    }
    case 'contains': return r.body.includes(value);
    case 'not': return !r.body.includes(value);
    default: return new RegExp(value).test(r.body);
  }
}

function send(method, url, name, { checks = [], extracts = [], headers = {}, body = null, timeout = '60s', redirects = 0 }) {
  const target = /^https?:/.test(url) ? url : (__ENV.HOST || HOST) + url;
  const statuses = checks.filter((c) => c[0] === 'status').map((c) => c[2]);
  const r = http.request(method, target, body, {
    headers, redirects, timeout, tags: { name },
    responseCallback: statuses.length ? http.expectedStatuses({ min: 100, max: 599 }) : undefined,
  });
  const good = checks.every((c) => check(r, { [`${name}: ${c[0]} ${c[1] || ''} ${c[2]}`]: (x) => holds(x, ...c) }));
  if (good) extracts.forEach((e) => extract(r, ...e));
}

const form = (pairs) => pairs.map(([k, x]) => `${f_formencode(k)}=${f_formencode(x)}`).join('&');
const tagged = (name, tag, make) => {
  if (tag === undefined) return make();
  const key = `${name} ${tag}`;
  if (!(key in memo)) memo[key] = make();
  return memo[key];
};
const normal = (mean, deviation) => Math.max(0, mean + deviation * Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random()));
const exponential = (mean) => -mean * Math.log(1 - Math.random());
const digest = (how, t, out) => crypto[how](t, out === 'base64url' ? 'base64rawurl' : out === 'raw' ? 'binary' : out);
const f_base64 = (t) => encoding.b64encode(t);
const f_base64url = (t) => encoding.b64encode(t, 'rawurl');
const f_unbase64 = (t) => encoding.b64decode(t, 'std', 's');
const f_default = (t, other) => t || other;
const f_urlencode = (t) => encodeURIComponent(t).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
const f_formencode = (t) => f_urlencode(t).replace(/%20/g, '+');
const f_urldecode = (t) => decodeURIComponent(t.replace(/\+/g, ' '));
const f_hex = (t) => [...t].map((c) => c.charCodeAt(0).toString(16).padStart(2, '0')).join('');
const f_unhex = (t) => decode(t, 'hex');
const f_html = (t) => t.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const f_json = (t) => JSON.stringify(t).slice(1, -1);
const f_lower = (t) => t.toLowerCase();
const f_upper = (t) => t.toUpperCase();
const f_trim = (t) => t.trim();
const f_substr = (t, from, n) => t.slice(from, n === undefined ? undefined : from + n);
const f_hmac = (how, key, t, out = 'hex') => crypto.hmac(how, key, t, out === 'base64url' ? 'base64rawurl' : out);
const f_md5 = (t, out = 'hex') => digest('md5', t, out);
const f_sha1 = (t, out = 'hex') => digest('sha1', t, out);
const f_sha256 = (t, out = 'hex') => digest('sha256', t, out);
const f_sha256hex = (t) => digest('sha256', t, 'hex');
const f_sha512 = (t, out = 'hex') => digest('sha512', t, out);
const f_pkce_challenge = (t) => digest('sha256', t, 'base64url');
const f_now = (more = 0) => String(Math.floor(Date.now() / 1000 + more));
const f_now_ms = (more = 0) => String(Math.floor(Date.now() + more * 1000));
const f_now_iso = (more = 0) => new Date(Date.now() + more * 1000).toISOString();
const f_today = (more = 0) => f_now_iso(more).slice(0, 10);
const f_random = (a, b, tag) => tagged('random', tag, () => String(a + Math.floor(Math.random() * (b - a + 1))));
const f_randstr = (n, tag) => tagged('randstr', tag, () => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  return Array.from({ length: n }, () => letters[Math.floor(Math.random() * letters.length)]).join('');
});
const f_uuid = (tag) => tagged('uuid', tag, () => 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, () => Math.floor(Math.random() * 16).toString(16)));
const f_unique = (t = '') => `${t}${exec.vu.idInTest}x${exec.vu.iterationInInstance}x${Date.now()}`;
const f_vu = () => String(__VU);
const f_iteration = () => String(__ITER);
const f_counter = () => String(++count);
