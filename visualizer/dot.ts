/** A view in DOT, for Graphviz: a table with ports for each box. Never `splines=ortho`: its arrows miss ports. Widths fit where Arial is measured as Arial. */
import { colours, HUE, SIGNS, stateHue } from './palette.ts';
import { plain, shape, shortened } from './text.ts';
import type { ViewGraph, ViewNode, ViewPort } from './view-graph.ts';

const html = (text: string) => shortened(plain(text), 260, 10).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;').replace(/[^\x20-\x7e]/gu, c => `&#${c.codePointAt(0)!};`);
const quoted = (text: string) => `"${plain(text).replace(/\\/g, '\\\\').replace(/"/g, '\\"')}"`;

function table(n: ViewNode, tone: Readonly<Record<string, string>>, differs: boolean): string {
  const hue = stateHue(n.state) ?? (differs || n.faded ? 'faint' : HUE[n.kind]), rows = Math.max(n.inputs.length, n.outputs.length);
  const words = (p: ViewPort, way: 'i' | 'o') => html(way === 'i' && p.flag !== undefined ? `${p.label} < ${[p.flag || p.label, ...p.marks].join(' ')}` : p.label);
  const cell = (ports: readonly ViewPort[], k: number, way: 'i' | 'o') => {
    const p = ports[k];
    return p ? `<TD PORT="${way}${k}" ALIGN="${way === 'i' ? 'LEFT' : 'RIGHT'}"><FONT COLOR="${p.used ? tone['ink']! : tone['faint']!}">${words(p, way)}</FONT>${way === 'o' && p.dims ? `<FONT COLOR="${tone['quiet']!}" POINT-SIZE="8"> ${html(shape(p.dims, p.sizes))}</FONT>` : ''}</TD>` : '<TD></TD>';
  };
  const small = (text: string) => `<TR><TD COLSPAN="2" ALIGN="LEFT"><FONT COLOR="${tone['quiet']!}" POINT-SIZE="8">${html(text)}</FONT></TD></TR>`;
  return `<<TABLE BORDER="${n.role === 'slot' ? 2 : 1}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2" COLOR="${tone[hue]!}" STYLE="ROUNDED${n.role === 'target' ? ',DASHED' : ''}"><TR><TD COLSPAN="2" ALIGN="LEFT"><B>${html(SIGNS[n.state ?? 'same'] + n.title)}</B></TD></TR>${n.detail.map(small).join('')}${Array.from({ length: rows }, (_, k) => `<TR>${cell(n.inputs, k, 'i')}${cell(n.outputs, k, 'o')}</TR>`).join('')}${(n.parts ?? []).map(p => small(`${p.label}  ${p.detail}`)).join('')}${n.rules.map(r => small(`trained by ${r.text}`)).join('')}${n.tags.map(t => small(`${t.kind === 'rule' ? 'rule ' : ''}${t.text}`)).join('')}</TABLE>>`;
}

export function dot(view: ViewGraph, { direction = 'LR' }: { readonly direction?: 'LR' | 'TB' } = {}): string {
  const tone = colours('light') as Readonly<Record<string, string>>, byId = new Map(view.nodes.map(n => [n.id, n])), differs = view.form === 'difference', sides = direction === 'LR' ? ['e', 'w'] : ['s', 'n'];
  const out = [`digraph ${quoted(view.title)} {`, `  label=${quoted([view.title, ...view.lead].join(' - '))}; labelloc=t; labeljust=l; rankdir=${direction}; nodesep=.25; ranksep=.5; splines=true; bgcolor="${tone['page']!}"; fontname="Arial"; fontsize=11;`, `  node [shape=plain fontname="Arial" fontsize=10]; edge [arrowsize=.6 penwidth=1 fontname="Arial" fontsize=8 color="${tone['quiet']!}"];`];
  for (const n of view.nodes) out.push(`  ${quoted(n.id)} [class="${n.kind} ${n.role}" tooltip=${quoted([n.title, ...n.detail].join(', '))} label=${table(n, tone, differs)}];`);
  for (const e of view.edges) {
    const from = byId.get(e.from[0])!, to = byId.get(e.to[0])!, o = from.outputs.findIndex(p => p.id === e.from[1]), i = to.inputs.findIndex(p => p.id === e.to[1]), hue = stateHue(e.state), marks = to.inputs[i]?.marks ?? [];
    const style = [...(e.kind === 'stop' || e.state === 'removed' ? ['style=dashed'] : []), ...(hue ? [`penwidth=2 color="${tone[hue]!}"`] : e.kind === 'grad' && !e.faded && !differs ? [`penwidth=1.6 color="${tone['line']!}"`] : e.faded ? [`color="${tone['hair']!}"`] : []), ...(marks.length ? [`headlabel=${quoted(`${marks.join(' ')}  `)}`] : [])];
    out.push(`  ${quoted(e.from[0])}:o${o}:${sides[0]} -> ${quoted(e.to[0])}:i${i}:${sides[1]} [${style.join(' ')}];`);
  }
  for (const n of view.lags === false ? [] : view.nodes) if (n.role === 'target' && n.of !== undefined && byId.has(n.of)) out.push(`  ${quoted(n.of)} -> ${quoted(n.id)} [style=dotted color="${tone['lag']!}" constraint=false tooltip="lags"];`);
  return `${out.join('\n')}\n}\n`;
}
