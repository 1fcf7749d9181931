// SPDX-License-Identifier: MPL-2.0
/* Data and helpers shared by all drawings. These files form one function: base, curves, strips, hull, page.
   Verdict, tables and pictures are part of the HTML. The script only looks up values and draws; it computes no measure. */
const $ = (s, r = document) => r.querySelector(s),
  $$ = (s, r = document) => [...r.querySelectorAll(s)];
const D = JSON.parse($('#data').textContent);
const esc = s => String(s).replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);
const [START, END] = D.span,
  LONG = END >= 3600;
const clock = (s, tenths = 1) => {
  const n = Math.round(Math.abs(s) * 10),
    p = v => String(v).padStart(2, '0'),
    m = Math.floor(n / 600);
  const rest = p(Math.floor((n % 600) / 10)) + (tenths ? '.' + (n % 10) : '');
  return (s < 0 && n ? '−' : '') + (LONG ? Math.floor(m / 60) + ':' + p(m % 60) : p(m)) + ':' + rest;
};
const fixed = (v, d) => v.toFixed(d).replace('-', '−');
/* Short names for narrow places: the part of a long name that distinguishes it from the others. */
const NAMES = D.rungs.map(r => r.name);
const same = at => {
  let n = 0;
  if (NAMES.length > 1) while (NAMES.every(s => n < s.length && at(s, n) === at(NAMES[0], n))) n++;
  return n;
};
const ahead = NAMES.length
    ? NAMES[0]
        .slice(
          0,
          same((s, n) => s[n]),
        )
        .search(/[^\s._/-]*$/)
    : 0,
  behind = same((s, n) => s[s.length - 1 - n]);
const short = (s, n = 14) => {
  if (s.length <= n) return s;
  /* The common suffix may contain the end of the word that differs: the p of 1080p.mp4. */
  const word = s.slice(s.length - behind).split(/[\s._/-]/)[0];
  const rest = ahead + behind < s.length ? s.slice(ahead, s.length - behind) + word : s;
  return rest.length > n ? rest.slice(0, n - 1) + '…' : rest;
};

/* Curves: seconds and values; null is a gap. */
for (const m of D.measures)
  for (const c of m.curves) {
    let t = 0;
    c.x = c.t.map(d => START + (t += d) / 1000);
  }
const withCurves = D.measures.filter(m => m.curves.length);
const byName = n => D.measures.find(m => m.name === n);
const at = (c, t) => {
  let lo = 0,
    hi = c.x.length - 1;
  while (hi - lo > 1) {
    const mid = (lo + hi) >> 1;
    if (c.x[mid] <= t) lo = mid;
    else hi = mid;
  }
  if (hi < 0 || t < c.x[0] - 1 || t > c.x[c.x.length - 1] + 1) return null;
  const i = Math.abs(c.x[hi] - t) < Math.abs(c.x[lo] - t) ? hi : lo;
  return c.v[i];
};
const first = $('.rung:not([hidden]) .moment');
const st = {
  m: $('[name=m]:checked')?.value ?? withCurves[0]?.name,
  l: 'one',
  t: first ? +first.dataset.time : START,
  a: START,
  b: END,
  rung: null,
};

/* Markers that match a rendition's line style, as in the tables. */
const MK = (k, x, y, s = 4) =>
  k == 1
    ? `<circle class="m s1" cx="${x}" cy="${y}" r="${s}"/>`
    : k == 2
      ? `<rect class="m s2" x="${x - s + 0.5}" y="${y - s + 0.5}" width="${2 * s - 1}" height="${2 * s - 1}"/>`
      : k == 3
        ? `<path class="m s3" d="M${x} ${y - s - 1.5}l${s + 1.5} ${s + 1.5}-${s + 1.5} ${s + 1.5}-${s + 1.5}-${s + 1.5}z"/>`
        : k == 4
          ? `<path class="m s4" d="M${x} ${y - s - 1}l${s + 1.5} ${2 * s + 1}h-${2 * s + 3}z"/>`
          : `<circle class="m" style="stroke:var(--ink-3)" cx="${x}" cy="${y}" r="2.5"/>`;
const key = k =>
  `<svg class="key" viewBox="0 0 30 12" aria-hidden="true"><path class="ln s${k}" ${k ? '' : 'style="stroke:var(--ink-3)"'} d="M0 6H30"/>${MK(k, 15, 6, 3.5)}</svg>`;
const DASH = { 1: [], 2: [7, 3], 3: [2.5, 2.5], 4: [9, 3, 2, 3], 0: [1, 2] };

/* The canvas uses the color tokens; when printing, the light ones, which are the first rule of the page. */
let paper = false;
const color = n => {
  const rule =
    paper &&
    $$('style')
      .flatMap(e => [...e.sheet.cssRules])
      .find(r => r.selectorText === ':root');
  return (rule ? rule.style : getComputedStyle(document.documentElement)).getPropertyValue(n).trim();
};
const ink = () => (paper ? 0.68 : 1);

/* A value range that contains all curves and limits of a measure and does not change with the zoom. */
const nice = (lo, hi, n) => {
  const raw = (hi - lo) / n,
    mag = 10 ** Math.floor(Math.log10(raw)),
    f = raw / mag;
  return (f <= 1 ? 1 : f <= 2 ? 2 : f <= 5 ? 5 : 10) * mag;
};
/* Enough digits to distinguish adjacent lines of a scale. */
const digits = step => [0, 1, 2, 3, 4].find(d => Math.abs(step * 10 ** d - Math.round(step * 10 ** d)) < 1e-6) ?? 5;
const yRange = m => {
  if (m.y) return m.y;
  let lo = Infinity,
    hi = -Infinity;
  const see = v => {
    if (v != null) {
      if (v < lo) lo = v;
      if (v > hi) hi = v;
    }
  };
  for (const c of m.curves) for (const v of c.v) see(v);
  for (const l of m.limits) see(l.value);
  if (!(hi > lo)) {
    const pad = Math.max(Math.abs(hi) * 0.02, 10 ** -m.digits);
    lo -= pad;
    hi += pad;
  }
  const step = nice(lo, hi, 5),
    top = { vmaf: 100, score: 100, ssim: 1, 'ms-ssim': 1, 'float-ssim': 1 }[m.name];
  lo = Math.floor((lo - step * 0.2) / step) * step;
  hi = Math.ceil((hi + step * 0.05) / step) * step;
  if (top != null && hi > top && m.curves.every(c => c.v.every(v => v == null || v <= top))) hi = top;
  if (lo < 0 && m.name !== 'ssim') lo = 0;
  return (m.y = [lo, hi]);
};
