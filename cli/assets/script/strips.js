// SPDX-License-Identifier: MPL-2.0
/* Strips share time axis, zoom and cursor with the curves. A run of equal cells is drawn once. */
for (const s of D.strips) {
  let i = 0;
  s.parts = [];
  for (const [n, m, d, u, x, o] of s.runs) {
    s.parts.push({ a: s.start + i * s.length, b: s.start + (i + n) * s.length, n, m, d, u, x, o });
    i += n;
  }
}
function strips() {
  const all = $$('[data-strip]');
  all.forEach((el, index) => {
    const s = D.strips.find(s => D.rungs[s.rung].name === el.dataset.strip);
    if (!s) {
      el.innerHTML = '<p class="sm dim">Not known frame by frame.</p>';
      return;
    }
    const w = Math.max(180, el.clientWidth * ink()),
      X = t => ((t - st.a) / (st.b - st.a)) * w,
      last = index === all.length - 1;
    const seen = s.parts.filter(p => p.b > st.a && p.a < st.b),
      rect = (p, c, y = 10, h = 16, min = 0) =>
        `<rect class="${c}" x="${X(p.a).toFixed(1)}" y="${y}" width="${Math.max(min, X(p.b) - X(p.a)).toFixed(1)}" height="${h}"/>`;
    /* Runs with the same appearance become one shape. */
    const merge = f => {
      const o = [];
      for (const p of seen) {
        const l = o[o.length - 1];
        if (!f(p)) continue;
        const n = f(p) === true ? 0 : f(p) * p.n;
        if (l && p.a - l.b < (1.5 / w) * (st.b - st.a)) {
          l.b = p.b;
          l.n += n;
        } else o.push({ a: p.a, b: p.b, n });
      }
      return o;
    };
    let g = '';
    for (const p of merge(p => !p.o && p.m + p.d > 0)) g += rect(p, 'ok');
    for (const p of merge(p => p.o && p.m + p.d + p.u === 0)) g += rect(p, 'g-out', 10.5, 15);
    for (const p of merge(p => p.u)) g += rect(p, 'gap g-box', 10.5, 15, 3);
    for (const p of merge(p => p.d)) {
      const a = X(p.a),
        b = X(p.b);
      g +=
        b - a > 14
          ? `<path class="g-dup" d="M${a} 8v20M${b} 8v20M${a} 28H${b}"/>`
          : `<path class="g-dup" d="M${a} 8v20M${a + 4} 8v20"/>`;
    }
    let edge = 0;
    for (const p of merge(p => p.x)) {
      const a = X(p.a),
        b = X(p.b),
        mid = (a + b) / 2;
      g +=
        b - a > 14
          ? `<path class="g-drop" d="M${a} 1H${b}V5H${a}z"/>`
          : `<path class="g-drop" d="M${mid - 5} 1h10l-5 7z"/>`;
      const label = p.n + ' dropped',
        room = label.length * 6;
      /* Only if it does not overlap anything else. */
      if (p.n > 1 && b - a <= 14 && mid - 9 - room > edge)
        g += `<text class="f" x="${mid - 9}" y="9" text-anchor="end">${label}</text>`;
      edge = Math.max(b, mid + 6);
    }
    if (st.t >= st.a && st.t <= st.b) g += `<path class="cur" d="M${X(st.t)} 6V30"/>`;
    if (last) {
      const sp = st.b - st.a,
        d =
          [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200].find(d => sp / d <= w / 80) ||
          18000;
      for (let t = Math.ceil(st.a / d - 1e-9) * d; t <= st.b + 1e-9; t += d) {
        const x = X(t);
        g += `<path class="ax" d="M${x} 32v4"/><text x="${x}" y="48" text-anchor="${x < 16 ? 'start' : x > w - 16 ? 'end' : 'middle'}">${clock(t, d < 1)}</text>`;
      }
    }
    el.innerHTML = `<svg viewBox="0 0 ${w} ${last ? 50 : 32}" style="width:${w}px" role="img" aria-label="${esc(el.dataset.label)}">${g}</svg>`;
  });
}
