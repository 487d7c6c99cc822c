/** A view in Mermaid, for a README: boxes and lines without ports, at most so many that it can be read. */
import { colours, HUE, SIGNS, stateHue } from './palette.ts';
import { plain, shape, shortened } from './text.ts';
import type { ViewGraph, ViewNode } from './view-graph.ts';

export const MERMAID_BOXES = 30;
/** Mermaid reads markup, Markdown and directives in labels: whatever is no letter, digit or harmless sign is a numbered entity. */
const label = (text: string) => shortened(plain(text), 240, 10).replace(/[^\w .,+=()[\]/→×·−-]/gu, c => `#${c.codePointAt(0)!};`);

function words(n: ViewNode): string {
  const fields = n.inputs.filter(p => p.flag !== undefined && !p.back).map(p => [p.flag || p.label, ...p.marks].join(' '));
  return [`${SIGNS[n.state ?? 'same']}${n.title}`, ...n.detail, ...(fields.length ? [`reads ${fields.join(', ')}`] : []), ...n.tags.map(t => (t.kind === 'rule' ? `rule ${t.text}` : t.text))].map(label).join('<br/>');
}
export function mermaid(view: ViewGraph, { direction = 'LR' }: { readonly direction?: 'LR' | 'TB' } = {}): string {
  const tone = colours('light') as Readonly<Record<string, string>>, names = new Map(view.nodes.map((n, i) => [n.id, `n${i}`])), byId = new Map(view.nodes.map(n => [n.id, n]));
  const classOf = (n: ViewNode) => stateHue(n.state) ?? (n.faded || view.form === 'difference' ? 'same' : HUE[n.kind]), used = [...new Set(view.nodes.map(classOf))].sort();
  const box = (n: ViewNode) => { const [open, close] = n.role === 'source' || n.role === 'memory' ? ['[(', ')]'] : n.role === 'slot' ? ['[[', ']]'] : ['[', ']']; return `  ${names.get(n.id)!}${open}"${words(n)}"${close}:::${classOf(n)}`; };
  const arrows = view.edges.map(e => {
    const port = byId.get(e.from[0])!.outputs.find(p => p.id === e.from[1]), marks = byId.get(e.to[0])!.inputs.find(p => p.id === e.to[1])?.marks ?? [], text = label([port?.label ?? e.from[1], ...(port?.dims ? [shape(port.dims, port.sizes)] : []), ...marks].join(' '));
    return `  ${names.get(e.from[0])!} ${e.kind === 'grad' ? '==>' : e.kind === 'stop' ? '-.->' : '-->'}|"${text}"| ${names.get(e.to[0])!}`;
  });
  const lags = (view.lags === false ? [] : view.nodes).flatMap(n => (n.role === 'target' && n.of !== undefined && names.has(n.of) ? [`  ${names.get(n.of)!} -.-|"lags"| ${names.get(n.id)!}`] : []));
  const style = (hue: string) => `  classDef ${hue} fill:${hue === 'same' ? tone['zone']! : tone[`${hue}-pale`]!},stroke:${hue === 'same' ? tone['faint']! : tone[hue]!},color:${tone['ink']!}`;
  return `${[`flowchart ${direction}`, ...view.nodes.map(box), ...arrows, ...lags, ...used.map(style)].join('\n')}\n`;
}
