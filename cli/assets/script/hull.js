// SPDX-License-Identifier: MPL-2.0
/* Rate–quality plot. */
function hull() {
  for (const plot of D.hull) {
    const el = $(`[id="hull-${plot.measure}"]`),
      P = plot.points,
      m = byName(plot.measure);
    if (!el || !el.clientWidth) continue;
    const w = Math.max(240, Math.round(el.clientWidth * ink())),
      h = 290,
      L = 46,
      R = 18,
      T = 22,
      B = 40,
      lg = Math.log10;
    const rates = P.map(p => lg(p.rate)),
      q = P.flatMap(p => (p.reached == null ? [p.quality] : [p.quality, p.reached]));
    const x0 = Math.min(...rates) - 0.18,
      x1 = Math.max(...rates) + 0.18,
      lo = Math.min(...q),
      hi = Math.max(...q),
      pad = Math.max((hi - lo) * 0.14, 10 ** -m.digits),
      y0 = lo - pad,
      y1 = hi + pad;
    const X = r => L + ((lg(r) - x0) / (x1 - x0)) * (w - L - R),
      Y = v => h - B - ((v - y0) / (y1 - y0)) * (h - T - B);
    let s = `<text x="${(w + L) / 2}" y="${h - 4}" text-anchor="middle">Rate, Mb/s (log)</text><text x="0" y="11">mean ${esc(m.label + (m.unit ? ',' + m.unit : ''))}</text>`;
    const d = nice(y0, y1, 5),
      dd = digits(d);
    for (let v = Math.ceil(y0 / d) * d; v <= y1; v += d)
      s += `<path class="gl" d="M${L} ${Y(v)}H${w - R}"/><text x="${L - 6}" y="${Y(v) + 4}" text-anchor="end">${fixed(v, dd)}</text>`;
    const ticks = [];
    for (let e = Math.floor(x0); e <= x1; e++)
      for (const f of x1 - x0 < 1.1 ? [1, 1.5, 2, 3, 5, 7] : [1, 2, 5]) {
        const r = f * 10 ** e;
        if (lg(r) >= x0 && lg(r) <= x1) ticks.push(r);
      }
    let lastX = -99;
    for (const r of ticks) {
      const x = X(r);
      s += `<path class="ax" d="M${x} ${h - B}v4"/>`;
      if (x - lastX > 30) {
        s += `<text x="${x}" y="${h - B + 16}" text-anchor="middle">${+r.toPrecision(2)}</text>`;
        lastX = x;
      }
    }
    s += `<path class="ax" d="M${L} ${h - B}H${w - R}"/>`;
    const on = P.filter(p => p.on).sort((a, b) => a.rate - b.rate);
    s += `<path class="hull" d="${on.map((p, i) => (i ? 'L' : 'M') + X(p.rate) + ' ' + Y(p.quality)).join('')}"/>`;
    for (const p of P) {
      const x = X(p.rate),
        y = Y(p.quality),
        near = x > w - 150;
      if (!p.on) s += `<path class="drop" d="M${x} ${y - 8}V${Y(p.reached)}"/>`;
      s += MK(p.style, x, y, 5).replace('class="m', 'class="m ' + (p.on ? 'in' : ''));
      const label = p.on ? short(p.name, 22) : `${short(p.name, 16)}: off, ${p.lower} lower`;
      s += p.on
        ? `<text class="k h" x="${near ? x + 6 : x - 4}" y="${y - 11}" text-anchor="${x < L + 90 ? 'start' : near ? 'end' : 'end'}">${esc(label)}</text>`
        : `<text class="k h" x="${near ? x - 10 : x + 10}" y="${y + 16}" text-anchor="${near ? 'end' : 'start'}">${esc(label)}</text>`;
    }
    const off = P.filter(p => !p.on).map(p => p.name);
    el.innerHTML = `<svg viewBox="0 0 ${w} ${h}" style="width:${w}px" role="img" aria-label="${esc(`Rate against mean ${m.label}. On the hull: ${on.map(p => p.name).join(', ')}. Off the hull: ${off.join(', ') || 'none'}. The same values stand in the table below.`)}">${s}</svg>`;
  }
}
