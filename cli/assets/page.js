// SPDX-License-Identifier: MPL-2.0
'use strict';
/* Draws the curves, strips and hull from the JSON beside it, and moves pictures and cursor. Verdict, tables and pictures
   stand in the page without it. Nothing here computes a measure: it looks up and draws. */
(() => {
const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
const D = JSON.parse($('#data').textContent);
const esc = s => String(s).replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);
const [START, END] = D.span, LONG = END >= 3600;
const clock = (s, tenths = 1) => {
  const n = Math.round(Math.abs(s) * 10), p = v => String(v).padStart(2, '0'), m = Math.floor(n / 600);
  const rest = p(Math.floor(n % 600 / 10)) + (tenths ? '.' + n % 10 : '');
  return (s < 0 && n ? '−' : '') + (LONG ? Math.floor(m / 60) + ':' + p(m % 60) : p(m)) + ':' + rest;
};
const fixed = (v, d) => v.toFixed(d).replace('-', '−');
/* Names where there is little room: of long ones what tells them from the others. */
const NAMES = D.rungs.map(r => r.name);
const same = at => { let n = 0; if (NAMES.length > 1) while (NAMES.every(s => n < s.length && at(s, n) === at(NAMES[0], n))) n++; return n; };
const ahead = NAMES.length ? NAMES[0].slice(0, same((s, n) => s[n])).search(/[^\s._/-]*$/) : 0, behind = same((s, n) => s[s.length - 1 - n]);
const short = (s, n = 14) => {
  if (s.length <= n) return s;
  /* What the common end has of the word that differs: the p of 1080p.mp4. */
  const word = s.slice(s.length - behind).split(/[\s._/-]/)[0];
  const rest = ahead + behind < s.length ? s.slice(ahead, s.length - behind) + word : s;
  return rest.length > n ? rest.slice(0, n - 1) + '…' : rest;
};

/* Curves: seconds and values; null is a gap. */
for (const m of D.measures) for (const c of m.curves) {
  let t = 0;
  c.x = c.t.map(d => START + (t += d) / 1000);
}
const withCurves = D.measures.filter(m => m.curves.length);
const byName = n => D.measures.find(m => m.name === n);
const at = (c, t) => {
  let lo = 0, hi = c.x.length - 1;
  while (hi - lo > 1) { const mid = (lo + hi) >> 1; if (c.x[mid] <= t) lo = mid; else hi = mid; }
  if (hi < 0 || t < c.x[0] - 1 || t > c.x[c.x.length - 1] + 1) return null;
  const i = Math.abs(c.x[hi] - t) < Math.abs(c.x[lo] - t) ? hi : lo;
  return c.v[i];
};
const first = $('.rung:not([hidden]) .moment');
const st = { m: $('[name=m]:checked')?.value ?? withCurves[0]?.name, l: 'one', t: first ? +first.dataset.time : START, a: START, b: END, rung: null };

/* Marks that go with a rung's style, as in the tables. */
const MK = (k, x, y, s = 4) => k == 1 ? `<circle class="m s1" cx="${x}" cy="${y}" r="${s}"/>`
  : k == 2 ? `<rect class="m s2" x="${x - s + .5}" y="${y - s + .5}" width="${2 * s - 1}" height="${2 * s - 1}"/>`
  : k == 3 ? `<path class="m s3" d="M${x} ${y - s - 1.5}l${s + 1.5} ${s + 1.5}-${s + 1.5} ${s + 1.5}-${s + 1.5}-${s + 1.5}z"/>`
  : k == 4 ? `<path class="m s4" d="M${x} ${y - s - 1}l${s + 1.5} ${2 * s + 1}h-${2 * s + 3}z"/>`
  : `<circle class="m" style="stroke:var(--ink-3)" cx="${x}" cy="${y}" r="2.5"/>`;
const key = k => `<svg class="key" viewBox="0 0 30 12" aria-hidden="true"><path class="ln s${k}" ${k ? '' : 'style="stroke:var(--ink-3)"'} d="M0 6H30"/>${MK(k, 15, 6, 3.5)}</svg>`;
const DASH = { 1: [], 2: [7, 3], 3: [2.5, 2.5], 4: [9, 3, 2, 3], 0: [1, 2] };

/* Canvas takes its colors from the tokens; on paper from the light ones, which are the first rule of the page. */
let paper = false;
const color = n => {
  const rule = paper && $$('style').flatMap(e => [...e.sheet.cssRules]).find(r => r.selectorText === ':root');
  return (rule ? rule.style : getComputedStyle(document.documentElement)).getPropertyValue(n).trim();
};
const ink = () => paper ? .68 : 1;

/* A range of values that holds all curves and limits of a measure, and does not move when one zooms. */
const nice = (lo, hi, n) => {
  const raw = (hi - lo) / n, mag = 10 ** Math.floor(Math.log10(raw)), f = raw / mag;
  return (f <= 1 ? 1 : f <= 2 ? 2 : f <= 5 ? 5 : 10) * mag;
};
/* As many digits as tell one line of a scale from the next. */
const digits = step => [0, 1, 2, 3, 4].find(d => Math.abs(step * 10 ** d - Math.round(step * 10 ** d)) < 1e-6) ?? 5;
const yRange = m => {
  if (m.y) return m.y;
  let lo = Infinity, hi = -Infinity;
  const see = v => { if (v != null) { if (v < lo) lo = v; if (v > hi) hi = v; } };
  for (const c of m.curves) for (const v of c.v) see(v);
  for (const l of m.limits) see(l.value);
  if (!(hi > lo)) { const pad = Math.max(Math.abs(hi) * .02, 10 ** -m.digits); lo -= pad; hi += pad; }
  const step = nice(lo, hi, 5), top = { vmaf: 100, score: 100, ssim: 1, 'ms-ssim': 1, 'float-ssim': 1 }[m.name];
  lo = Math.floor((lo - step * .2) / step) * step; hi = Math.ceil((hi + step * .05) / step) * step;
  if (top != null && hi > top && m.curves.every(c => c.v.every(v => v == null || v <= top))) hi = top;
  if (lo < 0 && m.name !== 'ssim') lo = 0;
  return m.y = [lo, hi];
};

/* One chart of uPlot with our marks over it. */
let charts = [];
let quiet = false;
function chart(into, m, curves, height, title) {
  const box = document.createElement('div');
  box.className = 'plot'; box.setAttribute('role', 'group');
  box.setAttribute('aria-label', `${title}: curves over time. The same values stand in the table below.`);
  if (title && st.l !== 'one') box.innerHTML = `<h3>${curves.length == 1 ? key(D.rungs[curves[0].rung].style) : ''}${esc(title)}</h3>`;
  const holder = document.createElement('div');
  holder.style.position = 'relative';
  box.append(holder); into.append(box);
  const width = Math.max(240, Math.round(into.clientWidth * ink()));
  const names = curves.length > 1 && width > 520, right = names ? Math.min(110, 12 + 6.4 * Math.max(...curves.map(c => short(D.rungs[c.rung].name).length))) : 24;
  const data = curves.length > 1 ? uPlot.join(curves.map(c => [c.x, c.v])) : [curves[0].x, curves[0].v];
  const axis = { stroke: color('--ink-3'), font: '11px ' + getComputedStyle(document.body).fontFamily, grid: { stroke: color('--line'), width: 1 }, ticks: { show: false } };
  /* A single frame between two gaps is a dot. */
  const alone = (u, i, show, gaps) => {
    const d = u.data[i], out = [], near = (k, s) => { for (k += s; k >= 0 && k < d.length; k += s) if (d[k] !== undefined) return d[k]; return null; };
    const [i0, i1] = u.series[0].idxs;
    for (let k = i0; k <= i1; k++) if (d[k] != null && near(k, -1) == null && near(k, 1) == null) out.push(k);
    return out;
  };
  const step = span => [.1, .2, .5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 18000].find(s => span / s <= width / 80) || 36000;
  const u = new uPlot({
    width, height, pxAlign: false, padding: [14, right, 0, 0], ...(paper ? { pxRatio: 2 } : {}),
    legend: { show: false },
    cursor: { x: false, y: false, points: { show: false }, drag: { x: true, y: false, dist: 4 }, sync: { key: 'time', scales: ['x', null] } },
    scales: { x: { time: false, min: st.a, max: st.b, range: (u, lo, hi) => [lo, hi] }, y: { range: yRange(m) } },
    axes: [
      { ...axis, grid: { show: false }, size: 26, splits: (u, a, lo, hi) => { const s = step(hi - lo), o = []; for (let t = Math.ceil(lo / s - 1e-9) * s; t <= hi + 1e-9; t += s) o.push(t); return o; }, values: (u, v) => v.map(t => clock(t, step(st.b - st.a) < 1)) },
      { ...axis, size: 46, space: 28, values: (u, v) => v.map(x => fixed(x, v.length > 1 ? digits(v[1] - v[0]) : 0)) },
    ],
    series: [{}, ...curves.map(c => { const k = D.rungs[c.rung].style; return { stroke: color(k ? '--s' + k : '--ink-3'), width: c.x.length > width * 2 ? 1 : k == 3 ? 2 : k == 4 ? 2.2 : 1.7, dash: DASH[k], spanGaps: false, points: { show: true, size: 5, filter: alone } }; })],
    hooks: {
      setCursor: [u => { if (!quiet && u.cursor.left >= 0 && u.cursor.event) setTime(u.posToVal(u.cursor.left, 'x')); }],
      setScale: [(u, k) => { if (k === 'x' && !quiet) zoom(u.scales.x.min, u.scales.x.max); }],
    },
  }, data, holder);
  u.over.addEventListener('dblclick', () => zoom(START, END));
  const over = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  over.setAttribute('class', 'marks'); over.setAttribute('aria-hidden', 'true'); over.setAttribute('width', width); over.setAttribute('height', height);
  holder.append(over);
  charts.push({ u, m, curves, over, width, height, right, names });
}
function marks() {
  for (const { u, m, curves, over, width, height, right, names } of charts) {
    const x0 = u.over.offsetLeft, y0 = u.over.offsetTop, w = u.over.offsetWidth, h = u.over.offsetHeight;
    if (!w) continue;
    const X = t => x0 + u.valToPos(t, 'x'), Y = v => y0 + u.valToPos(v, 'y');
    let s = '';
    m.limits.forEach((l, i) => { const y = Y(l.value); s += `<path class="th" d="M${x0} ${y}H${x0 + w}"/><text class="f h" x="${x0 + w - 6}" text-anchor="end" y="${y + (y < y0 + h - 18 ? 14 : -5)}">threshold ${esc(l.label)}</text>`; });
    if (names) {
      const ends = curves.map(c => ({ c, y: at(c, st.b) })).filter(e => e.y != null).map(e => ({ ...e, y: Y(e.y) })).sort((p, q) => p.y - q.y);
      let py = -99;
      for (const e of ends) { const y = Math.max(e.y, py + 13); py = y; s += `<text class="k" x="${x0 + w + 6}" y="${y + 4}">${esc(short(D.rungs[e.c.rung].name))}</text>`; }
    }
    if (st.t >= st.a && st.t <= st.b) {
      const x = X(st.t);
      s += `<path class="cur" d="M${x} ${y0 - 4}V${y0 + h}"/><text class="k h" text-anchor="middle" x="${Math.min(x0 + w - 24, Math.max(x0 + 24, x))}" y="${y0 - 5 < 9 ? 9 : y0 - 5}">${clock(st.t)}</text>`;
      for (const c of curves) { const v = at(c, st.t); if (v != null) s += MK(D.rungs[c.rung].style, x, Y(v), 3.5); }
    }
    const shown = $('.rung:not([hidden])'), c = shown && curves.find(c => D.rungs[c.rung].name === shown.dataset.rung);
    if (c) for (const e of $$('.moment', shown)) {
      const t = +e.dataset.time, v = at(c, t);
      if (t < st.a || t > st.b || v == null) continue;
      const x = X(t), y = Y(v), up = y + 30 > y0 + h ? -1 : 1;
      s += `<g class="pin"><path d="M${x} ${y + 3 * up}v${8 * up}" stroke="currentColor"/><circle cx="${x}" cy="${y + 17 * up}" r="8"/><text x="${x}" y="${y + 17 * up + 4}">${e.dataset.number}</text></g>`;
    }
    over.innerHTML = s;
  }
}
function build() {
  const into = $('#c-time');
  if (!into || !withCurves.length) return;
  charts.forEach(c => c.u.destroy());
  charts = []; into.textContent = '';
  const m = byName(st.m);
  if (st.l === 'one') chart(into, m, m.curves, 300, m.label);
  else if (st.l === 'rungs') for (const c of m.curves) chart(into, m, [c], 118, D.rungs[c.rung].name);
  else for (const m of withCurves) chart(into, m, m.curves, 150, m.label + (m.unit ? ',' + m.unit : ''));
  $$('[data-table]').forEach(e => e.hidden = st.l !== 'all' && e.dataset.table !== st.m);
  $$('[data-plot]').forEach(e => e.hidden = e.dataset.plot !== st.m && $$('[data-plot]').some(o => o.dataset.plot === st.m));
  if (!$$('[data-plot]').some(e => !e.hidden) && $('[data-plot]')) $('[data-plot]').hidden = false;
  const plots = $$('[data-plot]').filter(e => !e.hidden);
  plots.slice(1).forEach(e => e.hidden = true);
  read();
  /* uPlot lays itself out in a microtask; ours comes after it. */
  queueMicrotask(marks);
}
function read() {
  const m = byName(st.m), list = $('#read');
  if (!list || !m) return;
  const rows = D.rungs.map((r, i) => {
    const c = m.curves.find(c => c.rung === i);
    if (!r.trusted) return `<li><svg class="i unknown" style="margin:auto" aria-hidden="true"><use href="#unknown"/></svg><span>${esc(r.name)}</span><span class="sm unknown">no measures</span></li>`;
    const v = c && at(c, st.t), low = v != null && m.limits.some(l => m.more ? v < l.value : v > l.value);
    return `<li>${key(r.style)}<span>${esc(r.name)}</span><span class="num">${low ? `<span class="fail sm">${m.more ? '▾ below' : '▴ above'}&ensp;</span>` : ''}<b>${v == null ? '<span class="dim">gap</span>' : fixed(v, m.digits)}</b></span></li>`;
  });
  list.innerHTML = `<li class="hd" style="display:flex"><span>${esc(m.label + (m.unit ? ',' + m.unit : ''))}</span><span class="num">at ${clock(st.t)}</span></li>` + rows.join('');
  const words = m.curves.map(c => { const v = at(c, st.t); return D.rungs[c.rung].name + ' ' + (v == null ? 'gap' : fixed(v, m.digits)); });
  const slider = $('#cursor');
  slider.min = st.a; slider.max = st.b; slider.step = (st.b - st.a) / 200; slider.value = st.t;
  slider.setAttribute('aria-valuetext', clock(st.t) + ', ' + m.label + ': ' + words.join(', '));
}
let due = 0;
const later = () => { if (!due) due = requestAnimationFrame(() => { due = 0; marks(); read(); strips(); }); };
function setTime(t) { st.t = Math.max(START, Math.min(END, t)); later(); }
function zoom(a, b) {
  const least = Math.min(END - START, .5);
  if (b - a < least) { const mid = (a + b) / 2; a = mid - least / 2; b = mid + least / 2; }
  const span = Math.min(b - a, END - START);
  a = Math.max(START, Math.min(END - span, a)); b = a + span;
  if (a === st.a && b === st.b) return;
  st.a = a; st.b = b;
  quiet = true;
  for (const { u } of charts) u.setScale('x', { min: a, max: b });
  queueMicrotask(() => queueMicrotask(() => { quiet = false; }));
  later();
}
const scaleBy = f => { const s = (st.b - st.a) * f, t = Math.max(st.a, Math.min(st.b, st.t)); zoom(t - s / 2, t + s / 2); };
const pan = () => { if (st.t < st.a || st.t > st.b) { const s = st.b - st.a; zoom(st.t - s / 2, st.t + s / 2); } };

/* Strips: the same time, zoom and cursor. A run of equal cells is drawn once. */
for (const s of D.strips) {
  let i = 0; s.parts = [];
  for (const [n, m, d, u, x, o] of s.runs) { s.parts.push({ a: s.start + i * s.length, b: s.start + (i + n) * s.length, n, m, d, u, x, o }); i += n; }
}
function strips() {
  const all = $$('[data-strip]');
  all.forEach((el, index) => {
    const s = D.strips.find(s => D.rungs[s.rung].name === el.dataset.strip);
    if (!s) { el.innerHTML = '<p class="sm dim">Not known frame by frame.</p>'; return; }
    const w = Math.max(180, el.clientWidth * ink()), X = t => (t - st.a) / (st.b - st.a) * w, last = index === all.length - 1;
    const seen = s.parts.filter(p => p.b > st.a && p.a < st.b), rect = (p, c, y = 10, h = 16, min = 0) => `<rect class="${c}" x="${X(p.a).toFixed(1)}" y="${y}" width="${Math.max(min, X(p.b) - X(p.a)).toFixed(1)}" height="${h}"/>`;
    /* Runs that look alike become one shape. */
    const merge = f => { const o = []; for (const p of seen) { const l = o[o.length - 1]; if (!f(p)) continue; const n = f(p) === true ? 0 : f(p) * p.n; if (l && p.a - l.b < 1.5 / w * (st.b - st.a)) { l.b = p.b; l.n += n; } else o.push({ a: p.a, b: p.b, n }); } return o; };
    let g = '';
    for (const p of merge(p => !p.o && p.m + p.d > 0)) g += rect(p, 'ok');
    for (const p of merge(p => p.o && p.m + p.d + p.u === 0)) g += rect(p, 'g-out', 10.5, 15);
    for (const p of merge(p => p.u)) g += rect(p, 'gap g-box', 10.5, 15, 3);
    for (const p of merge(p => p.d)) { const a = X(p.a), b = X(p.b); g += b - a > 14 ? `<path class="g-dup" d="M${a} 8v20M${b} 8v20M${a} 28H${b}"/>` : `<path class="g-dup" d="M${a} 8v20M${a + 4} 8v20"/>`; }
    let edge = 0;
    for (const p of merge(p => p.x)) {
      const a = X(p.a), b = X(p.b), mid = (a + b) / 2;
      g += b - a > 14 ? `<path class="g-drop" d="M${a} 1H${b}V5H${a}z"/>` : `<path class="g-drop" d="M${mid - 5} 1h10l-5 7z"/>`;
      const label = p.n + ' dropped', room = label.length * 6;
      /* Only where it lies over nothing else. */
      if (p.n > 1 && b - a <= 14 && mid - 9 - room > edge) g += `<text class="f" x="${mid - 9}" y="9" text-anchor="end">${label}</text>`;
      edge = Math.max(b, mid + 6);
    }
    if (st.t >= st.a && st.t <= st.b) g += `<path class="cur" d="M${X(st.t)} 6V30"/>`;
    if (last) { const sp = st.b - st.a, d = [.1, .2, .5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200].find(d => sp / d <= w / 80) || 18000; for (let t = Math.ceil(st.a / d - 1e-9) * d; t <= st.b + 1e-9; t += d) { const x = X(t); g += `<path class="ax" d="M${x} 32v4"/><text x="${x}" y="48" text-anchor="${x < 16 ? 'start' : x > w - 16 ? 'end' : 'middle'}">${clock(t, d < 1)}</text>`; } }
    el.innerHTML = `<svg viewBox="0 0 ${w} ${last ? 50 : 32}" style="width:${w}px" role="img" aria-label="${esc(el.dataset.label)}">${g}</svg>`;
  });
}

/* Rate and quality. */
function hull() {
  for (const plot of D.hull) {
    const el = $(`[id="hull-${plot.measure}"]`), P = plot.points, m = byName(plot.measure);
    if (!el || !el.clientWidth) continue;
    const w = Math.max(240, Math.round(el.clientWidth * ink())), h = 290, L = 46, R = 18, T = 22, B = 40, lg = Math.log10;
    const rates = P.map(p => lg(p.rate)), q = P.flatMap(p => p.reached == null ? [p.quality] : [p.quality, p.reached]);
    const x0 = Math.min(...rates) - .18, x1 = Math.max(...rates) + .18, lo = Math.min(...q), hi = Math.max(...q), pad = Math.max((hi - lo) * .14, 10 ** -m.digits), y0 = lo - pad, y1 = hi + pad;
    const X = r => L + (lg(r) - x0) / (x1 - x0) * (w - L - R), Y = v => h - B - (v - y0) / (y1 - y0) * (h - T - B);
    let s = `<text x="${(w + L) / 2}" y="${h - 4}" text-anchor="middle">Rate, Mb/s (log)</text><text x="0" y="11">mean ${esc(m.label + (m.unit ? ',' + m.unit : ''))}</text>`;
    const d = nice(y0, y1, 5), dd = digits(d);
    for (let v = Math.ceil(y0 / d) * d; v <= y1; v += d) s += `<path class="gl" d="M${L} ${Y(v)}H${w - R}"/><text x="${L - 6}" y="${Y(v) + 4}" text-anchor="end">${fixed(v, dd)}</text>`;
    const ticks = [];
    for (let e = Math.floor(x0); e <= x1; e++) for (const f of x1 - x0 < 1.1 ? [1, 1.5, 2, 3, 5, 7] : [1, 2, 5]) { const r = f * 10 ** e; if (lg(r) >= x0 && lg(r) <= x1) ticks.push(r); }
    let lastX = -99;
    for (const r of ticks) { const x = X(r); s += `<path class="ax" d="M${x} ${h - B}v4"/>`; if (x - lastX > 30) { s += `<text x="${x}" y="${h - B + 16}" text-anchor="middle">${+r.toPrecision(2)}</text>`; lastX = x; } }
    s += `<path class="ax" d="M${L} ${h - B}H${w - R}"/>`;
    const on = P.filter(p => p.on).sort((a, b) => a.rate - b.rate);
    s += `<path class="hull" d="${on.map((p, i) => (i ? 'L' : 'M') + X(p.rate) + ' ' + Y(p.quality)).join('')}"/>`;
    for (const p of P) {
      const x = X(p.rate), y = Y(p.quality), near = x > w - 150;
      if (!p.on) s += `<path class="drop" d="M${x} ${y - 8}V${Y(p.reached)}"/>`;
      s += MK(p.style, x, y, 5).replace('class="m', 'class="m ' + (p.on ? 'in' : ''));
      const label = p.on ? short(p.name, 22) : `${short(p.name, 16)}: off, ${p.lower} lower`;
      s += p.on ? `<text class="k h" x="${near ? x + 6 : x - 4}" y="${y - 11}" text-anchor="${x < L + 90 ? 'start' : near ? 'end' : 'end'}">${esc(label)}</text>`
        : `<text class="k h" x="${near ? x - 10 : x + 10}" y="${y + 16}" text-anchor="${near ? 'end' : 'start'}">${esc(label)}</text>`;
    }
    const off = P.filter(p => !p.on).map(p => p.name);
    el.innerHTML = `<svg viewBox="0 0 ${w} ${h}" style="width:${w}px" role="img" aria-label="${esc(`Rate against mean ${m.label}. On the hull: ${on.map(p => p.name).join(', ')}. Off the hull: ${off.join(', ') || 'none'}. The same values stand in the table below.`)}">${s}</svg>`;
  }
}

/* Pictures. */
function pick(rung, number) {
  $$('.moment', rung).forEach(e => e.hidden = e.dataset.number !== String(number));
  const e = $('.moment:not([hidden])', rung);
  if (e) { st.t = +e.dataset.time; pan(); later(); }
}
for (const rung of $$('.rung')) {
  $$('.moments label', rung).forEach((label, i) => {
    const big = $(`.moment.n${i + 1} img.ren`, rung);
    if (big) { const img = new Image(); img.alt = ''; img.src = big.src; label.insertBefore(img, label.lastElementChild); }
  });
  const choose = $('fieldset', rung);
  choose.hidden = $$('.moment', rung).length < 2;
  choose.addEventListener('change', e => pick(rung, e.target.value));
  $$('.moment', rung).forEach((e, i) => e.hidden = i > 0);
}
$$('.slide input').forEach(i => i.addEventListener('input', () => i.parentElement.style.setProperty('--cut', i.value + '%')));
const rungs = $('#rg');
const showRung = anchor => {
  $$('.rung').forEach(e => e.hidden = e.dataset.anchor !== anchor);
  const rung = $('.rung:not([hidden])'), on = rung && $('input:checked', rung);
  if (rung) pick(rung, on ? on.value : 1);
};
if (rungs) { rungs.addEventListener('change', () => showRung(rungs.value)); showRung(rungs.value); }

/* Controls. */
$$('.tools').forEach(e => e.hidden = false);
if ($('#curves')) $('#curves').hidden = false;
for (const n of ['m', 'l']) $$(`[name=${n}]`).forEach(r => r.addEventListener('change', () => { st[n] = r.value; $('#pick').hidden = st.l === 'all' && false; build(); hull(); }));
$('#cursor')?.addEventListener('input', e => setTime(+e.target.value));
$('#cursor')?.addEventListener('keydown', e => { const f = { '+': .5, '=': .5, '-': 2, 0: 1e9 }[e.key]; if (f && !e.ctrlKey && !e.metaKey) { e.preventDefault(); scaleBy(f); } });
$('#z-in')?.addEventListener('click', () => scaleBy(.5));
$('#z-out')?.addEventListener('click', () => scaleBy(2));
$('#z-all')?.addEventListener('click', () => zoom(START, END));

const draw = () => { build(); strips(); hull(); };
draw();
let wide = innerWidth, timer;
addEventListener('resize', () => { if (innerWidth !== wide) { wide = innerWidth; clearTimeout(timer); timer = setTimeout(draw, 60); } });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
addEventListener('beforeprint', () => { paper = true; draw(); });
addEventListener('afterprint', () => { paper = false; draw(); });

/* Where one is on the page. */
const links = new Map($$('.bar nav a').map(a => [a.hash.slice(1), a]));
const spy = new IntersectionObserver(es => es.forEach(e => { if (e.isIntersecting) { $$('.bar nav a[aria-current]').forEach(a => a.removeAttribute('aria-current')); links.get(e.target.id)?.setAttribute('aria-current', 'true'); } }), { rootMargin: '-45% 0px -50% 0px' });
links.forEach((a, id) => { const e = document.getElementById(id); if (e) spy.observe(e); });
})();
