/** One file without links: the picture at several levels, with what a box is under the pointer. No request leaves it. */
import { createHash } from 'node:crypto';
import { escape } from './canvas.ts';

export interface Sheet { readonly name: string; readonly svg: string }

/** Runs in the reader's browser. Boxes say what they are; the lines of the one under the pointer or in focus stay, others fade. */
const SCRIPT = `
const buttons = [...document.querySelectorAll('nav button')], sheets = [...document.querySelectorAll('section')], said = document.querySelector('output');
const show = i => { sheets.forEach((s, k) => { s.hidden = k !== i; }); buttons.forEach((b, k) => { b.setAttribute('aria-pressed', String(k === i)); }); };
buttons.forEach((b, i) => b.addEventListener('click', () => show(i)));
for (const sheet of sheets) {
  const nodes = [...sheet.querySelectorAll('g.node')], nets = [...sheet.querySelectorAll('g.net')];
  const name = g => g.id.replace(/^s\\d+-node-/, '');
  const touches = (net, node) => [...net.querySelectorAll('path[id]')].some(p => { const [from, to] = p.id.replace(/^s\\d+-wire-/, '').split('--'); return from.split('.')[0] === node || (to || '').split('.')[0] === node; });
  const look = g => { said.textContent = g ? g.querySelector('title').textContent : ''; nets.forEach(n => { n.style.opacity = !g || touches(n, name(g)) ? '' : '.15'; }); };
  for (const g of nodes) {
    g.setAttribute('tabindex', '0');
    g.addEventListener('pointerenter', () => look(g)); g.addEventListener('pointerleave', () => look());
    g.addEventListener('focus', () => look(g)); g.addEventListener('blur', () => look());
  }
}
addEventListener('keydown', e => { if (e.key >= '0' && e.key <= '9' && buttons[Number(e.key)]) show(Number(e.key)); });
`;
const STYLE = `:root{color-scheme:light dark;--page:#fff;--ink:#1b1f24;--quiet:#57606a;--rim:#d8dee4;--on:#ddf0ea}@media(prefers-color-scheme:dark){:root{--page:#0d1117;--ink:#e6edf3;--quiet:#9da7b3;--rim:#2a313a;--on:#173a30}}
body{margin:0;background:var(--page);color:var(--ink);font:14px Inter,"Helvetica Neue",Helvetica,Arial,sans-serif}nav{display:flex;gap:8px;padding:12px 20px;align-items:center;position:sticky;top:0;background:var(--page);border-bottom:1px solid var(--rim)}
button{font:inherit;color:inherit;background:none;border:1px solid var(--rim);border-radius:6px;padding:4px 10px;cursor:pointer}button[aria-pressed=true]{background:var(--on)}output{color:var(--quiet);min-height:2.6em;display:block;padding:8px 20px 0;max-width:1100px}section{overflow:auto}section[hidden]{display:none}svg{display:block;max-width:none}g.node:focus-visible{outline:2px solid #00805d;outline-offset:4px}`;

export function html(title: string, sheets: readonly Sheet[], first = 0): string {
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src ${hash(SCRIPT)}; base-uri 'none'; form-action 'none'`;
  const named = sheets.map(({ svg }, i) => svg.replaceAll(' id="', ` id="s${i}-`).replaceAll('url(#', `url(#s${i}-`));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escape(title)}</title><style>${STYLE}</style></head>
<body><nav aria-label="Levels">${sheets.map((s, i) => `<button type="button" aria-pressed="${String(i === first)}">${escape(s.name)}</button>`).join('')}</nav><output aria-live="polite"></output>
${named.map((svg, i) => `<section${i === first ? '' : ' hidden'}>${svg}</section>`).join('\n')}
<script>${SCRIPT}</script></body></html>
`;
}
