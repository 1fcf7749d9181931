// SPDX-License-Identifier: MPL-2.0
/* Pictures. */
function pick(rung, number) {
  $$('.moment', rung).forEach(e => (e.hidden = e.dataset.number !== String(number)));
  const e = $('.moment:not([hidden])', rung);
  if (e) {
    st.t = +e.dataset.time;
    pan();
    later();
  }
}
for (const rung of $$('.rung')) {
  $$('.moments label', rung).forEach((label, i) => {
    const big = $(`.moment.n${i + 1} img.ren`, rung);
    if (big) {
      const img = new Image();
      img.alt = '';
      img.src = big.src;
      label.insertBefore(img, label.lastElementChild);
    }
  });
  const choose = $('fieldset', rung);
  choose.hidden = $$('.moment', rung).length < 2;
  choose.addEventListener('change', e => pick(rung, e.target.value));
  $$('.moment', rung).forEach((e, i) => (e.hidden = i > 0));
}
$$('.slide input').forEach(i =>
  i.addEventListener('input', () => i.parentElement.style.setProperty('--cut', i.value + '%')),
);
const rungs = $('#rg');
const showRung = anchor => {
  $$('.rung').forEach(e => (e.hidden = e.dataset.anchor !== anchor));
  const rung = $('.rung:not([hidden])'),
    on = rung && $('input:checked', rung);
  if (rung) pick(rung, on ? on.value : 1);
};
if (rungs) {
  rungs.addEventListener('change', () => showRung(rungs.value));
  showRung(rungs.value);
}

/* Controls. */
$$('.tools').forEach(e => (e.hidden = false));
if ($('#curves')) $('#curves').hidden = false;
for (const n of ['m', 'l'])
  $$(`[name=${n}]`).forEach(r =>
    r.addEventListener('change', () => {
      st[n] = r.value;
      $('#pick').hidden = st.l === 'all' && false;
      build();
      hull();
    }),
  );
$('#cursor')?.addEventListener('input', e => setTime(+e.target.value));
$('#cursor')?.addEventListener('keydown', e => {
  const f = { '+': 0.5, '=': 0.5, '-': 2, 0: 1e9 }[e.key];
  if (f && !e.ctrlKey && !e.metaKey) {
    e.preventDefault();
    scaleBy(f);
  }
});
$('#z-in')?.addEventListener('click', () => scaleBy(0.5));
$('#z-out')?.addEventListener('click', () => scaleBy(2));
$('#z-all')?.addEventListener('click', () => zoom(START, END));

const draw = () => {
  build();
  strips();
  hull();
};
draw();
let wide = innerWidth,
  timer;
addEventListener('resize', () => {
  if (innerWidth !== wide) {
    wide = innerWidth;
    clearTimeout(timer);
    timer = setTimeout(draw, 60);
  }
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
addEventListener('beforeprint', () => {
  paper = true;
  draw();
});
addEventListener('afterprint', () => {
  paper = false;
  draw();
});

/* Highlights the current section in the navigation. */
const links = new Map($$('.bar nav a').map(a => [a.hash.slice(1), a]));
const spy = new IntersectionObserver(
  es =>
    es.forEach(e => {
      if (e.isIntersecting) {
        $$('.bar nav a[aria-current]').forEach(a => a.removeAttribute('aria-current'));
        links.get(e.target.id)?.setAttribute('aria-current', 'true');
      }
    }),
  { rootMargin: '-45% 0px -50% 0px' },
);
links.forEach((a, id) => {
  const e = document.getElementById(id);
  if (e) spy.observe(e);
});
