/** One file without links: the picture at several levels, with what a box is under the pointer. No request leaves it. */
import { createHash } from 'node:crypto';
import { escape } from './canvas.ts';

export interface Sheet { readonly name: string; readonly svg: string }

/**
 * Runs in the reader's browser. Boxes say what they are; the lines of the one under the pointer or in focus stay, others fade.
 * Arrows go along lines, Enter opens a level and Escape shuts it at the same box; + - and f size the picture.
 */
const SCRIPT = `
const all = (from, what) => [...from.querySelectorAll(what)], buttons = all(document, 'nav button[aria-pressed]'), sizes = all(document, 'nav button[value]'), said = document.querySelector('output');
const sheets = all(document, 'section').map(section => {
  const nodes = all(section, 'g.node'), bare = (id, kind) => id.slice(id.indexOf(kind) + kind.length), byName = new Map(nodes.map(g => [bare(g.id, 'node-'), g])), head = end => byName.get(end.split('.')[0]);
  const wires = all(section, 'path[id*="wire-"]').map(p => { const [from = '', to = ''] = bare(p.id, 'wire-').split('--'); return { net: p.closest('g.net'), from: head(from), to: head(to) }; });
  return { section, svg: section.querySelector('svg'), nodes, byName, wires, nets: all(section, 'g.net') };
});
let at = Math.max(0, sheets.findIndex(s => !s.section.hidden)), zoom = 0;
// less is shown of a picture that is small: no ports below 0.6, nothing but titles below 0.35, coloured boxes below 0.15
const details = () => { const { section, svg } = sheets[at], z = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width; section.dataset.detail = z < .15 ? 'boxes' : z < .35 ? 'titles' : z < .6 ? 'nodes' : 'all'; };
const size = () => { for (const { svg } of sheets) { svg.style.width = zoom ? svg.viewBox.baseVal.width * zoom + 'px' : ''; svg.style.maxWidth = zoom ? 'none' : ''; } details(); };
const scale = by => { const { svg } = sheets[at]; zoom = by ? Math.min(4, Math.max(.1, svg.getBoundingClientRect().width / svg.viewBox.baseVal.width * by)) : 0; size(); };
const show = i => { if (!sheets[i]) return; look(); at = i; sheets.forEach((s, k) => { s.section.hidden = k !== i; }); buttons.forEach((b, k) => { b.setAttribute('aria-pressed', String(k === i)); }); details(); };
const look = g => { const { wires, nets } = sheets[at], mine = new Set(wires.filter(w => w.from === g || w.to === g).map(w => w.net)); said.textContent = g ? g.querySelector('title').textContent : ''; nets.forEach(n => { n.style.opacity = !g || mine.has(n) ? '' : '.15'; }); };
const middle = g => { const r = g.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; };
const nearest = (g, others, upright) => { const [x, y] = middle(g); return others.filter(o => o && o !== g).map(o => { const [a, b] = middle(o); return [o, Math.abs(b - y) + Math.abs(a - x) * (upright ? 3 : .1)]; }).sort((a, b) => a[1] - b[1])[0]?.[0]; };
const beside = (g, key) => {
  const { wires, nodes } = sheets[at], [, y] = middle(g);
  if (key === 'ArrowRight') return nearest(g, wires.filter(w => w.from === g).map(w => w.to));
  if (key === 'ArrowLeft') return nearest(g, wires.filter(w => w.to === g).map(w => w.from));
  return nearest(g, nodes.filter(o => key === 'ArrowUp' ? middle(o)[1] < y : middle(o)[1] > y), true);
};
const folds = g => (g.dataset.folds || '').split(' ').filter(Boolean);
const turn = (g, by) => {
  const next = sheets[at + by], name = [...sheets[at].byName].find(([, o]) => o === g)?.[0];
  if (!next) { if (by < 0) g.blur(); return; }
  show(at + by);
  const there = next.byName.get(name) || folds(g).map(n => next.byName.get(n)).find(Boolean) || next.nodes.find(o => folds(o).includes(name));
  (there || next.nodes[0])?.focus();
};
buttons.forEach((b, i) => b.addEventListener('click', () => show(i)));
sizes.forEach(b => b.addEventListener('click', () => scale(Number(b.value))));
for (const { nodes } of sheets) for (const g of nodes) {
  g.setAttribute('tabindex', '0');
  g.setAttribute('role', 'img');
  g.setAttribute('aria-label', g.querySelector('title').textContent);
  g.addEventListener('pointerenter', () => look(g)); g.addEventListener('pointerleave', () => look());
  g.addEventListener('focus', () => look(g)); g.addEventListener('blur', () => look());
}
for (const { svg } of sheets) svg.setAttribute('role', 'group');
addEventListener('resize', details);
details();
addEventListener('keydown', e => {
  const g = document.activeElement?.closest('g.node');
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  if (g && e.key.startsWith('Arrow')) { e.preventDefault(); const to = beside(g, e.key); if (to) { to.focus(); to.scrollIntoView({ block: 'nearest', inline: 'nearest' }); } }
  else if (g && e.key === 'Enter') turn(g, 1);
  else if (g && e.key === 'Escape') turn(g, -1);
  else if (e.key >= '0' && e.key <= '9') show(Number(e.key));
  else if (e.key === '+' || e.key === '=') scale(1.25);
  else if (e.key === '-') scale(.8);
  else if (e.key === 'f') scale(0);
});
`;
const STYLE = `:root{color-scheme:light dark;--page:#fff;--ink:#1b1f24;--quiet:#57606a;--rim:#8c959f;--on:#ddf0ea;--ring:#00805d}@media(prefers-color-scheme:dark){:root{--page:#0d1117;--ink:#e6edf3;--quiet:#9da7b3;--rim:#6e7681;--on:#173a30;--ring:#2fc59a}}
body{margin:0;background:var(--page);color:var(--ink);font:14px Inter,"Helvetica Neue",Helvetica,Arial,sans-serif}nav{display:flex;gap:8px;padding:12px 20px;align-items:center;position:sticky;top:0;z-index:1;background:var(--page);border-bottom:1px solid var(--rim)}nav span{flex:1}h1{position:absolute;width:1px;height:1px;margin:0;overflow:hidden;clip-path:inset(50%)}
button{font:inherit;color:inherit;background:none;border:1px solid var(--rim);border-radius:6px;padding:4px 10px;cursor:pointer}button[aria-pressed=true]{background:var(--on)}:focus-visible{outline:2px solid var(--ring);outline-offset:2px}output{color:var(--quiet);min-height:2.6em;display:block;padding:8px 20px 0;max-width:1100px}section{overflow:auto}section[hidden]{display:none}svg{display:block;max-width:100%;height:auto}.far,[data-detail=titles] .near,[data-detail=boxes] .near,[data-detail=nodes] .near,[data-detail]:not([data-detail=all]) :is([id$=-legend],[id$=-rules]){display:none}:is([data-detail=nodes],[data-detail=titles]) .far text,[data-detail=boxes] .far rect{display:inline}:is([data-detail=nodes],[data-detail=titles],[data-detail=boxes]) .far{display:inline}.far>*{display:none}[data-detail=titles] [id*=zone-],[data-detail=boxes] [id*=zone-]{display:none}@media print{nav,output{display:none}}`;

export function html(title: string, sheets: readonly Sheet[], first = 0): string {
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src ${hash(SCRIPT)}; base-uri 'none'; form-action 'none'`;
  const named = sheets.map(({ svg }, i) => svg.replaceAll(' id="', ` id="s${i}-`).replaceAll('url(#', `url(#s${i}-`));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escape(title)}</title><style>${STYLE}</style></head>
<body><nav aria-label="Levels and size">${sheets.length > 1 ? sheets.map((s, i) => `<button type="button" aria-pressed="${String(i === first)}">${escape(s.name)}</button>`).join('') : ''}<span></span><button type="button" value="0.8" aria-label="smaller">−</button><button type="button" value="0">fit</button><button type="button" value="1.25" aria-label="larger">+</button></nav><main><h1>${escape(title)}</h1><output aria-live="polite"></output>
${named.map((svg, i) => `<section${i === first ? '' : ' hidden'}>${svg}</section>`).join('\n')}</main>
<script>${SCRIPT}</script></body></html>
`;
}
