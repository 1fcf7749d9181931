// SPDX-License-Identifier: MPL-2.0
/* Curves over time, with uPlot; cursor, zoom and readout. */
/* A uPlot chart with markers drawn over it. */
let charts = [];
let quiet = false;
function chart(into, m, curves, height, title) {
  const box = document.createElement('div');
  box.className = 'plot';
  box.setAttribute('role', 'group');
  box.setAttribute('aria-label', `${title}: curves over time. The same values stand in the table below.`);
  if (title && st.l !== 'one')
    box.innerHTML = `<h3>${curves.length == 1 ? key(D.rungs[curves[0].rung].style) : ''}${esc(title)}</h3>`;
  const holder = document.createElement('div');
  holder.style.position = 'relative';
  box.append(holder);
  into.append(box);
  const width = Math.max(240, Math.round(into.clientWidth * ink()));
  const names = curves.length > 1 && width > 520,
    right = names ? Math.min(110, 12 + 6.4 * Math.max(...curves.map(c => short(D.rungs[c.rung].name).length))) : 24;
  const data = curves.length > 1 ? uPlot.join(curves.map(c => [c.x, c.v])) : [curves[0].x, curves[0].v];
  const axis = {
    stroke: color('--ink-3'),
    font: '11px ' + getComputedStyle(document.body).fontFamily,
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
  };
  /* A single frame between two gaps is drawn as a dot. */
  const alone = (u, i, show, gaps) => {
    const d = u.data[i],
      out = [],
      near = (k, s) => {
        for (k += s; k >= 0 && k < d.length; k += s) if (d[k] !== undefined) return d[k];
        return null;
      };
    const [i0, i1] = u.series[0].idxs;
    for (let k = i0; k <= i1; k++) if (d[k] != null && near(k, -1) == null && near(k, 1) == null) out.push(k);
    return out;
  };
  const step = span =>
    [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 18000].find(
      s => span / s <= width / 80,
    ) || 36000;
  const u = new uPlot(
    {
      width,
      height,
      pxAlign: false,
      padding: [14, right, 0, 0],
      ...(paper ? { pxRatio: 2 } : {}),
      legend: { show: false },
      cursor: {
        x: false,
        y: false,
        points: { show: false },
        drag: { x: true, y: false, dist: 4 },
        sync: { key: 'time', scales: ['x', null] },
      },
      scales: { x: { time: false, min: st.a, max: st.b, range: (u, lo, hi) => [lo, hi] }, y: { range: yRange(m) } },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 26,
          splits: (u, a, lo, hi) => {
            const s = step(hi - lo),
              o = [];
            for (let t = Math.ceil(lo / s - 1e-9) * s; t <= hi + 1e-9; t += s) o.push(t);
            return o;
          },
          values: (u, v) => v.map(t => clock(t, step(st.b - st.a) < 1)),
        },
        {
          ...axis,
          size: 46,
          space: 28,
          values: (u, v) => v.map(x => fixed(x, v.length > 1 ? digits(v[1] - v[0]) : 0)),
        },
      ],
      series: [
        {},
        ...curves.map(c => {
          const k = D.rungs[c.rung].style;
          return {
            stroke: color(k ? '--s' + k : '--ink-3'),
            width: c.x.length > width * 2 ? 1 : k == 3 ? 2 : k == 4 ? 2.2 : 1.7,
            dash: DASH[k],
            spanGaps: false,
            points: { show: true, size: 5, filter: alone },
          };
        }),
      ],
      hooks: {
        setCursor: [
          u => {
            if (!quiet && u.cursor.left >= 0 && u.cursor.event) setTime(u.posToVal(u.cursor.left, 'x'));
          },
        ],
        setScale: [
          (u, k) => {
            if (k === 'x' && !quiet) zoom(u.scales.x.min, u.scales.x.max);
          },
        ],
      },
    },
    data,
    holder,
  );
  u.over.addEventListener('dblclick', () => zoom(START, END));
  const over = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  over.setAttribute('class', 'marks');
  over.setAttribute('aria-hidden', 'true');
  over.setAttribute('width', width);
  over.setAttribute('height', height);
  holder.append(over);
  charts.push({ u, m, curves, over, width, height, right, names });
}
function marks() {
  for (const { u, m, curves, over, width, height, right, names } of charts) {
    const x0 = u.over.offsetLeft,
      y0 = u.over.offsetTop,
      w = u.over.offsetWidth,
      h = u.over.offsetHeight;
    if (!w) continue;
    const X = t => x0 + u.valToPos(t, 'x'),
      Y = v => y0 + u.valToPos(v, 'y');
    let s = '';
    m.limits.forEach((l, i) => {
      const y = Y(l.value);
      s += `<path class="th" d="M${x0} ${y}H${x0 + w}"/><text class="f h" x="${x0 + w - 6}" text-anchor="end" y="${y + (y < y0 + h - 18 ? 14 : -5)}">threshold ${esc(l.label)}</text>`;
    });
    if (names) {
      const ends = curves
        .map(c => ({ c, y: at(c, st.b) }))
        .filter(e => e.y != null)
        .map(e => ({ ...e, y: Y(e.y) }))
        .sort((p, q) => p.y - q.y);
      let py = -99;
      for (const e of ends) {
        const y = Math.max(e.y, py + 13);
        py = y;
        s += `<text class="k" x="${x0 + w + 6}" y="${y + 4}">${esc(short(D.rungs[e.c.rung].name))}</text>`;
      }
    }
    if (st.t >= st.a && st.t <= st.b) {
      const x = X(st.t);
      s += `<path class="cur" d="M${x} ${y0 - 4}V${y0 + h}"/><text class="k h" text-anchor="middle" x="${Math.min(x0 + w - 24, Math.max(x0 + 24, x))}" y="${y0 - 5 < 9 ? 9 : y0 - 5}">${clock(st.t)}</text>`;
      for (const c of curves) {
        const v = at(c, st.t);
        if (v != null) s += MK(D.rungs[c.rung].style, x, Y(v), 3.5);
      }
    }
    const shown = $('.rung:not([hidden])'),
      c = shown && curves.find(c => D.rungs[c.rung].name === shown.dataset.rung);
    if (c)
      for (const e of $$('.moment', shown)) {
        const t = +e.dataset.time,
          v = at(c, t);
        if (t < st.a || t > st.b || v == null) continue;
        const x = X(t),
          y = Y(v),
          up = y + 30 > y0 + h ? -1 : 1;
        s += `<g class="pin"><path d="M${x} ${y + 3 * up}v${8 * up}" stroke="currentColor"/><circle cx="${x}" cy="${y + 17 * up}" r="8"/><text x="${x}" y="${y + 17 * up + 4}">${e.dataset.number}</text></g>`;
      }
    over.innerHTML = s;
  }
}
function build() {
  const into = $('#c-time');
  if (!into || !withCurves.length) return;
  charts.forEach(c => c.u.destroy());
  charts = [];
  into.textContent = '';
  const m = byName(st.m);
  if (st.l === 'one') chart(into, m, m.curves, 300, m.label);
  else if (st.l === 'rungs') for (const c of m.curves) chart(into, m, [c], 118, D.rungs[c.rung].name);
  else for (const m of withCurves) chart(into, m, m.curves, 150, m.label + (m.unit ? ',' + m.unit : ''));
  $$('[data-table]').forEach(e => (e.hidden = st.l !== 'all' && e.dataset.table !== st.m));
  $$('[data-plot]').forEach(
    e => (e.hidden = e.dataset.plot !== st.m && $$('[data-plot]').some(o => o.dataset.plot === st.m)),
  );
  if (!$$('[data-plot]').some(e => !e.hidden) && $('[data-plot]')) $('[data-plot]').hidden = false;
  const plots = $$('[data-plot]').filter(e => !e.hidden);
  plots.slice(1).forEach(e => (e.hidden = true));
  read();
  /* uPlot does its layout in a microtask; this one runs after it. */
  queueMicrotask(marks);
}
function read() {
  const m = byName(st.m),
    list = $('#read');
  if (!list || !m) return;
  const rows = D.rungs.map((r, i) => {
    const c = m.curves.find(c => c.rung === i);
    if (!r.trusted)
      return `<li><svg class="i unknown" style="margin:auto" aria-hidden="true"><use href="#unknown"/></svg><span>${esc(r.name)}</span><span class="sm unknown">no measures</span></li>`;
    const v = c && at(c, st.t),
      low = v != null && m.limits.some(l => (m.more ? v < l.value : v > l.value));
    return `<li>${key(r.style)}<span>${esc(r.name)}</span><span class="num">${low ? `<span class="fail sm">${m.more ? '▾ below' : '▴ above'}&ensp;</span>` : ''}<b>${v == null ? '<span class="dim">gap</span>' : fixed(v, m.digits)}</b></span></li>`;
  });
  list.innerHTML =
    `<li class="hd" style="display:flex"><span>${esc(m.label + (m.unit ? ',' + m.unit : ''))}</span><span class="num">at ${clock(st.t)}</span></li>` +
    rows.join('');
  const words = m.curves.map(c => {
    const v = at(c, st.t);
    return D.rungs[c.rung].name + ' ' + (v == null ? 'gap' : fixed(v, m.digits));
  });
  const slider = $('#cursor');
  slider.min = st.a;
  slider.max = st.b;
  slider.step = (st.b - st.a) / 200;
  slider.value = st.t;
  slider.setAttribute('aria-valuetext', clock(st.t) + ', ' + m.label + ': ' + words.join(', '));
}
let due = 0;
const later = () => {
  if (!due)
    due = requestAnimationFrame(() => {
      due = 0;
      marks();
      read();
      strips();
    });
};
function setTime(t) {
  st.t = Math.max(START, Math.min(END, t));
  later();
}
function zoom(a, b) {
  const least = Math.min(END - START, 0.5);
  if (b - a < least) {
    const mid = (a + b) / 2;
    a = mid - least / 2;
    b = mid + least / 2;
  }
  const span = Math.min(b - a, END - START);
  a = Math.max(START, Math.min(END - span, a));
  b = a + span;
  if (a === st.a && b === st.b) return;
  st.a = a;
  st.b = b;
  quiet = true;
  for (const { u } of charts) u.setScale('x', { min: a, max: b });
  queueMicrotask(() =>
    queueMicrotask(() => {
      quiet = false;
    }),
  );
  later();
}
const scaleBy = f => {
  const s = (st.b - st.a) * f,
    t = Math.max(st.a, Math.min(st.b, st.t));
  zoom(t - s / 2, t + s / 2);
};
const pan = () => {
  if (st.t < st.a || st.t > st.b) {
    const s = st.b - st.a;
    zoom(st.t - s / 2, st.t + s / 2);
  }
};
