/** The way from one place of a page to another; everything off it is faded. */
import type { ViewGraph } from './view-graph.ts';

/** Boxes that a word means: a box, `box.port`, a field of the data, a part of the page, or every box with an output of that name. */
function meant(view: ViewGraph, word: string): { readonly boxes: readonly string[]; readonly port?: string } {
  const [head = '', port] = word.split('.'), box = view.nodes.find(n => n.id === word || n.id === `(${word})`);
  if (box) return { boxes: [box.id] };
  const owner = view.nodes.find(n => n.id === head);
  if (owner && port !== undefined && [...owner.inputs, ...owner.outputs].some(p => p.id === port)) return { boxes: [owner.id], ...(owner.outputs.some(p => p.id === port) ? { port } : {}) };
  const source = view.nodes.find(n => n.role === 'source' && n.outputs.some(p => p.id === word));
  if (source) return { boxes: [source.id], port: word };
  const members = view.nodes.filter(n => n.group === word);
  if (members.length) return { boxes: members.map(n => n.id) };
  return { boxes: view.nodes.filter(n => n.outputs.some(p => p.id === word)).map(n => n.id) };
}

/** Flags count as lines here: the way from `obs` leads over those, too. */
function steps(view: ViewGraph, port: string | undefined, boxes: readonly string[]): readonly (readonly [from: string, to: string])[] {
  const from = (node: string, p: string) => port === undefined || !boxes.includes(node) || p === port, source = view.nodes.filter(n => n.role === 'source');
  const flags = view.nodes.flatMap(n => n.inputs.filter(p => p.flag !== undefined && !p.back).flatMap(p => {
    const name = p.flag || p.label, [head = '', field] = name.split('.'), s = field === undefined ? source[0] : source.find(x => x.id === head);
    return s && from(s.id, field ?? name) ? [[s.id, n.id] as const] : [];
  }));
  return [...view.edges.filter(e => from(e.from[0], e.from[1])).map(e => [e.from[0], e.to[0]] as const), ...flags];
}
const reach = (ways: readonly (readonly [string, string])[], starts: readonly string[], forward: boolean): Set<string> => {
  const next = new Map<string, string[]>();
  for (const [a, b] of ways) { const [x, y] = forward ? [a, b] : [b, a], list = next.get(x); if (list) list.push(y); else next.set(x, [y]); }
  const seen = new Set(starts), open = [...starts];
  for (let n = open.pop(); n !== undefined; n = open.pop()) for (const m of next.get(n) ?? []) if (!seen.has(m)) { seen.add(m); open.push(m); }
  return seen;
};
/** Undefined where no way leads there. */
export function onPath(view: ViewGraph, from: string, to: string): ViewGraph | undefined {
  const start = meant(view, from), end = meant(view, to), ways = steps(view, start.port, start.boxes), ahead = reach(ways, start.boxes, true), behind = reach(ways, end.boxes, false), on = new Set([...ahead].filter(n => behind.has(n)));
  if (![...start.boxes].some(n => on.has(n)) || ![...end.boxes].some(n => on.has(n))) return undefined;
  const away = (e: ViewGraph['edges'][number]) => !on.has(e.from[0]) || !on.has(e.to[0]) || (start.port !== undefined && start.boxes.includes(e.from[0]) && e.from[1] !== start.port);
  return { ...view, nodes: view.nodes.map(n => (on.has(n.id) ? n : { ...n, faded: true as const })), edges: view.edges.map(e => (away(e) ? { ...e, faded: true as const } : e)), lead: [...view.lead, `The way from ${from} to ${to}: ${on.size} of ${view.nodes.length} boxes.`] };
}
