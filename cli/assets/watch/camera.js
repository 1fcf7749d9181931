// SPDX-License-Identifier: MPL-2.0
/* Curves of a camera from /api/history; only coordinates are computed here. */
'use strict';
{
  const root = $('[data-camera]'),
    name = root.dataset.camera,
    limit = root.dataset.limit === '' ? null : +root.dataset.limit;
  const color = token => getComputedStyle(document.documentElement).getPropertyValue(token).trim();
  const range = () => $('[name=range]:checked').value;
  const get = async of => {
    const answer = await fetch(`/api/history/${encodeURIComponent(name)}?range=${of}`);
    return answer.ok ? answer.json() : null;
  };
  /* One column per step, so that gaps remain visible. */
  function columns(past) {
    const out = { at: [], mean: [], lowest: [], highest: [], lost: [], reconnects: [] },
      by = new Map(past.slices.map(s => [s.at, s])),
      first = past.from - (past.from % past.step);
    for (let at = first; at <= past.to; at += past.step) {
      const s = by.get(at);
      out.at.push(at + past.step / 2);
      out.mean.push(s?.scores ? s.total / s.scores : null);
      out.lowest.push(s?.lowest ?? null);
      out.highest.push(s?.highest ?? null);
      out.lost.push(s?.lost ?? null);
      out.reconnects.push(s?.reconnects ? 1 : null);
    }
    return out;
  }
  const zoned = ts => uPlot.tzDate(new Date(ts * 1e3), ZONE);
  const axis = extra => ({
    stroke: color('--ink-3'),
    font: '11px ' + getComputedStyle(document.body).fontFamily,
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
    ...extra,
  });
  const times = long => (u, all) =>
    all.map(t =>
      clock(
        t * 1e3,
        long
          ? { day: 'numeric', month: 'short', hour: undefined, minute: undefined, second: undefined }
          : { second: undefined },
      ),
    );
  const alone = (u, i) => {
    const d = u.data[i],
      out = [];
    for (let k = 0; k < d.length; k++) if (d[k] != null && d[k - 1] == null && d[k + 1] == null) out.push(k);
    return out;
  };
  /* Alarms are drawn behind the curve, the limit over it, reconnects and lost packets below it. */
  function under(past, c) {
    return u => {
      const { ctx, bbox } = u,
        ratio = devicePixelRatio,
        x = t => u.valToPos(t, 'x', true);
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      ctx.fillStyle = color('--fail');
      ctx.globalAlpha = 0.13;
      for (const a of past.alarms) {
        const from = Math.max(x(Date.parse(a.began) / 1e3), bbox.left),
          to = x(a.ended ? Date.parse(a.ended) / 1e3 : past.to);
        ctx.fillRect(from, bbox.top, Math.max(2 * ratio, to - from), bbox.height);
      }
      ctx.globalAlpha = 1;
      ctx.strokeStyle = color('--unknown');
      ctx.lineWidth = ratio;
      const known = c.mean.findIndex(v => v != null);
      for (let i = Math.max(0, known); i < c.at.length; i++) {
        if (c.mean[i] != null || c.at[i] + past.step > past.to) continue;
        const left = x(c.at[i] - past.step / 2),
          right = x(c.at[i] + past.step / 2);
        ctx.globalAlpha = 0.35;
        ctx.fillStyle = color('--unknown-bg');
        ctx.fillRect(left, bbox.top, right - left + 0.5, bbox.height);
      }
      ctx.globalAlpha = 1;
      if (limit != null) {
        const y = u.valToPos(limit, 'y', true);
        ctx.strokeStyle = color('--fail');
        ctx.setLineDash([6 * ratio, 4 * ratio]);
        ctx.beginPath();
        ctx.moveTo(bbox.left, y);
        ctx.lineTo(bbox.left + bbox.width, y);
        ctx.stroke();
      }
      ctx.restore();
      const bottom = bbox.top + bbox.height,
        most = Math.max(1, ...c.lost.map(v => v ?? 0));
      ctx.save();
      for (let i = 0; i < c.at.length; i++) {
        if (c.lost[i]) {
          ctx.fillStyle = color('--s3');
          const h = (4 + (c.lost[i] / most) * 24) * ratio;
          ctx.fillRect(x(c.at[i]) - ratio, bottom - h, 2 * ratio, h);
        }
        if (c.reconnects[i]) {
          ctx.fillStyle = color('--fail');
          ctx.beginPath();
          ctx.moveTo(x(c.at[i]), bottom - 9 * ratio);
          ctx.lineTo(x(c.at[i]) - 5 * ratio, bottom);
          ctx.lineTo(x(c.at[i]) + 5 * ratio, bottom);
          ctx.fill();
        }
      }
      ctx.restore();
    };
  }
  function draw(into, past, height, small) {
    const c = columns(past),
      width = Math.max(240, into.clientWidth);
    into.replaceChildren();
    const line = color('--s1');
    const series = [
      {},
      { stroke: 'transparent', points: { show: false } },
      { stroke: 'transparent', points: { show: false } },
      {
        stroke: line,
        width: small ? 1.5 : 1.7,
        spanGaps: false,
        points: { show: true, size: 4, filter: alone, fill: line },
      },
    ];
    const u = new uPlot(
      {
        width,
        height,
        tzDate: zoned,
        padding: [8, 12, 0, 0],
        legend: { show: false },
        cursor: { show: !small, y: false, drag: { x: !small, y: false }, points: { show: false } },
        scales: { x: { time: true, min: past.from, max: past.to }, y: { range: [0, 100] } },
        axes: [
          axis({ grid: { show: false }, size: 24, space: 70, values: times(past.to - past.from > 2 * 86400) }),
          axis({ size: 34, splits: () => (small ? [0, 50, 100] : [0, 20, 40, 60, 80, 100]) }),
        ],
        series,
        bands: small ? [] : [{ series: [2, 1], fill: `color-mix(in srgb, ${line} 16%, transparent)` }],
        hooks: {
          drawClear: [],
          draw: [under(past, c)],
          setCursor: small ? [] : [u => read(u, c)],
        },
      },
      [c.at, c.lowest, c.highest, c.mean],
      into,
    );
    const scored = c.mean.filter(v => v != null),
      lowest = Math.min(...c.lowest.filter(v => v != null));
    into.setAttribute('role', 'img');
    into.setAttribute(
      'aria-label',
      scored.length
        ? `Score of ${name}: lowest ${lowest.toFixed(0)}, last ${scored.at(-1).toFixed(0)}`
        : `Nothing was scored`,
    );
    return [u, c];
  }
  function read(u, c) {
    const i = u.cursor.idx,
      out = $('#readout');
    if (i == null) return (out.textContent = '');
    const said =
      c.mean[i] == null
        ? 'no score'
        : `mean ${c.mean[i].toFixed(1)}, from ${c.lowest[i].toFixed(1)} to ${c.highest[i].toFixed(1)}`;
    out.textContent =
      `${clock(c.at[i] * 1e3, { day: 'numeric', month: 'short' })}: ${said}` +
      (c.lost[i] ? `, ${c.lost[i]} packets lost` : '') +
      (c.reconnects[i] ? ', reconnected' : '');
  }
  /* Every chart has a table of at most 48 lines. */
  function table(c) {
    const per = Math.ceil(c.at.length / 48),
      rows = [];
    for (let i = 0; i < c.at.length; i += per) {
      const at = (of, f) => {
        const v = c[of].slice(i, i + per).filter(v => v != null);
        return v.length ? f(v) : null;
      };
      const fixed = v => (v == null ? '–' : v.toFixed(1));
      if (c.lost.slice(i, i + per).every(v => v == null)) continue;
      const mean = at('mean', v => v.reduce((a, b) => a + b, 0) / v.length);
      rows.push(
        `<tr><th scope="row" class="nw">${clock(c.at[i] * 1e3, { day: 'numeric', month: 'short' })}</th>` +
          `<td class="n">${fixed(mean)}</td><td class="n">${fixed(at('lowest', v => Math.min(...v)))}</td>` +
          `<td class="n">${at('lost', v => v.reduce((a, b) => a + b, 0)) ?? '–'}</td></tr>`,
      );
    }
    $('#table').innerHTML = !rows.length
      ? '<p class="sub">Nothing is known of this time.</p>'
      : `<table class="data"><thead><tr><th scope="col">From</th><th scope="col" class="n">mean</th>` +
        `<th scope="col" class="n">lowest</th><th scope="col" class="n">packets lost</th></tr></thead>` +
        `<tbody>${rows.join('')}</tbody></table>`;
  }
  let long = null,
    short = null;
  function redraw() {
    if (short) draw($('#now-chart'), short, 96, true);
    if (long) table(draw($('#curve'), long, 300, false)[1]);
  }
  async function refresh(of) {
    if (document.hidden || document.body.classList.contains('is-lost')) return;
    const past = await get(of === 'now' ? 'now' : range()).catch(() => null);
    if (!past) return;
    if (of === 'now') short = past;
    else long = past;
    redraw();
  }
  $('#ranges').hidden = false;
  $('#ranges').addEventListener('change', () => refresh());
  let at = 0;
  setInterval(() => {
    refresh('now');
    if (++at % 6 === 0) refresh();
  }, 10000);
  document.addEventListener('visibilitychange', () => (refresh('now'), refresh()));
  let width = 0;
  new ResizeObserver(() => {
    if (width !== (width = $('#curve').clientWidth)) requestAnimationFrame(redraw);
  }).observe($('#curve'));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  refresh('now');
  refresh();
}
