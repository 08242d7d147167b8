// Numbers for people: three significant digits where that is enough, units always, "–" for nothing.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const two = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

export const count = (n) => (n == null ? "–" : whole.format(n));

// Large counts in the head of the page: 1.24 M.
export function short(n) {
  if (n == null) return "–";
  if (n < 100000) return whole.format(n);
  if (n < 1e6) return one.format(n / 1e3) + " k";
  return two.format(n / 1e6) + " M";
}

// In a column: whole as long as it fits.
export const many = (n) => (n < 1e7 ? count(n) : short(n));

export function rate(n) {
  if (n == null) return "–";
  if (n === 0) return "0";
  return n < 10 ? two.format(n) : n < 1000 ? one.format(n) : whole.format(n);
}

// On an axis zeros behind the point say nothing: "500.0 kB" is "500 kB".
export const axis = (s) => s.replace(/\.0+(?=\D|$)/, "");

export function percent(ratio) {
  if (ratio == null) return "–";
  const p = ratio * 100;
  if (p === 0 || p === 100) return p + " %";
  if (p < 0.01) return "< 0.01 %";
  return (p < 10 ? two.format(p) : one.format(p)) + " %";
}

// Milliseconds with as many digits as mean something.
export function ms(v) {
  if (v == null) return "–";
  if (v === 0) return "0";
  if (v < 10) return two.format(v);
  if (v < 100) return one.format(v);
  return whole.format(v);
}

// With its unit: "12.3 ms", "1.25 s".
export function time(v) {
  if (v == null) return "–";
  return v < 10000 ? ms(v) + " ms" : two.format(v / 1000) + " s";
}

export function bytes(n) {
  if (n == null) return "–";
  if (n < 1000) return whole.format(n) + " B";
  if (n < 1e6) return one.format(n / 1e3) + " kB";
  if (n < 1e9) return one.format(n / 1e6) + " MB";
  return two.format(n / 1e9) + " GB";
}

export function clock(seconds) {
  if (seconds == null) return "–";
  const s = Math.floor(seconds), two2 = (n) => String(n).padStart(2, "0");
  const head = s >= 3600 ? Math.floor(s / 3600) + ":" + two2(Math.floor(s / 60) % 60) : String(Math.floor(s / 60));
  return head + ":" + two2(s % 60);
}

// "1h30m", as options take it.
export function duration(seconds) {
  let rest = Math.round(seconds * 1000), out = "";
  if (rest < 1000) return rest ? rest + "ms" : "0s";
  for (const [n, unit] of [[3600000, "h"], [60000, "m"]]) {
    if (rest >= n) out += Math.floor(rest / n) + unit;
    rest %= n;
  }
  return rest ? out + rest / 1000 + "s" : out;
}

// "90", "90s", "1h30m" to seconds; null if it is not a duration.
export function parseDuration(s) {
  s = s.trim();
  if (s === "") return 0;
  if (/^\d+(\.\d+)?$/.test(s)) return Number(s);
  if (!/^(\d+(\.\d+)?(ms|h|m|s))+$/.test(s)) return null;
  let sum = 0;
  for (const [, n, , unit] of s.matchAll(/(\d+(\.\d+)?)(ms|h|m|s)/g)) {
    sum += Number(n) * { ms: 0.001, s: 1, m: 60, h: 3600 }[unit];
  }
  return sum;
}

export const localTime = (iso) => new Date(iso).toLocaleTimeString("en-GB");
