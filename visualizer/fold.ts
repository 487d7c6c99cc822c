/** Several boxes as one: with one port for each distinct value that crosses its edge. Folding what folded boxes read of one another never leads round: such a line becomes a flag. */
import { counted, lines } from './text.ts';
import { GROUPS, netOf, type Group, type Kind, type ViewEdge, type ViewGraph, type ViewNode, type ViewPort } from './view-graph.ts';

const NAMES: Readonly<Record<Group, readonly [title: string, kind: Kind]>> = { data: ['data', 'data'], agent: ['agent', 'values'], learner: ['learner', 'mixers'], targets: ['target side', 'values'], loss: ['loss', 'losses'] };
/** Field names on one row, before the rest is counted. */
const FIELDS = 3;

const unique = <T>(list: readonly T[], key: (x: T) => string): T[] => [...new Map([...list].reverse().map(x => [key(x), x])).values()].reverse();
const sum = (list: readonly (number | undefined)[]) => list.reduce<number>((a, b) => a + (b ?? 0), 0);

/** One box for the members of a group, without its ports. */
function boxOf(group: Group, members: readonly ViewNode[]): ViewNode {
  const lagged = members.some(m => m.role === 'target'), [title, kind] = NAMES[group], weights = sum(members.map(m => m.weights)), sources = group === 'data';
  return {
    id: `(${group})`, title: group === 'targets' && !lagged ? 'no gradient' : title, kind, role: group === 'targets' && lagged ? 'target' : 'group', group,
    detail: sources ? members.flatMap(m => (members.length > 1 ? lines([m.title, ...m.detail], ' · ', 30) : m.detail)) : [...lines(members.map(m => m.title), ', ', 32, 5), `${counted(members.length, 'node')} folded`],
    inputs: [], outputs: [], rules: unique(members.flatMap(m => m.rules), r => r.text), tags: [], acts: group === 'agent', ...(weights ? { weights } : {}), folds: members.map(m => m.id),
  };
}

/** Fields as words: `obs, avail, 3 more`. */
const fieldsInWords = (names: readonly string[]) => (names.length <= FIELDS ? names.join(', ') : `${names.slice(0, FIELDS - 1).join(', ')}, ${names.length - FIELDS + 1} more`);

/** The members of each group in `groups` as one box; of `data`, the fields become one value. */
export function foldGroups(view: ViewGraph, groups: ReadonlySet<Group>, keep: ReadonlySet<string> = new Set()): ViewGraph {
  const folded = (n: ViewNode) => groups.has(n.group) && !keep.has(n.id), into = new Map(view.nodes.filter(folded).map(n => [n.id, `(${n.group})`])), byId = new Map(view.nodes.map(n => [n.id, n]));
  const boxes = new Map(GROUPS.filter(g => view.nodes.some(n => n.group === g && folded(n))).map(g => [`(${g})`, boxOf(g, view.nodes.filter(n => n.group === g && folded(n)))]));
  if (!boxes.size) return view;
  const inputs = new Map<string, ViewPort[]>(), outputs = new Map<string, ViewPort[]>(), put = (table: Map<string, ViewPort[]>, box: string, port: ViewPort) => { const list = table.get(box) ?? []; if (!list.some(p => p.id === port.id)) list.push(port); table.set(box, list); };
  const stored = boxes.has('(data)'), edges = new Map<string, ViewEdge>(), add = (e: Omit<ViewEdge, 'id' | 'net'>) => { const id = `${e.from.join('.')}>${e.to.join('.')}`, known = edges.get(id); if (!known || e.kind === 'grad') edges.set(id, { ...e, id, net: netOf(e.from) }); };
  const leaving = (from: ViewEdge['from']): ViewEdge['from'] => {
    const box = into.get(from[0]);
    if (box === undefined) return from;
    if (box === '(data)') { put(outputs, box, { id: 'fields', label: 'fields', marks: [], used: true }); return [box, 'fields']; }
    const port = byId.get(from[0])!.outputs.find(p => p.id === from[1])!, id = from.join('.');
    put(outputs, box, { ...port, id, label: `${byId.get(from[0])!.title}.${port.label}` });
    return [box, id];
  };
  for (const e of view.edges) {
    const box = into.get(e.to[0]);
    if (box !== undefined && into.get(e.from[0]) === box) continue;
    const from = leaving(e.from);
    if (box === undefined) { add({ ...e, from }); continue; }
    const field = from[0] === '(data)', id = field ? 'fields' : e.from.join('.'), source = byId.get(e.from[0])!;
    if (!field) put(inputs, box, { id, label: source.group === 'data' ? e.from[1] : `${source.title}.${source.outputs.find(p => p.id === e.from[1])!.label}`, marks: [], used: true });
    add({ ...e, from, to: [box, id] });
  }
  const fieldsOf = (members: readonly ViewNode[]) => [...new Set([...members.flatMap(m => m.inputs.filter(p => p.flag !== undefined).map(p => p.flag || p.label)), ...view.edges.filter(e => members.some(m => m.id === e.to[0]) && into.get(e.from[0]) === '(data)').map(e => e.from[1])])];
  for (const id of boxes.keys()) {
    const members = view.nodes.filter(n => into.get(n.id) === id), fields = fieldsOf(members);
    if (!fields.length || id === '(data)') continue;
    const rest = (inputs.get(id) ?? []).filter(p => p.id !== 'fields');
    inputs.set(id, [...rest, { id: 'fields', label: fieldsInWords(fields), marks: [], used: true, ...(stored ? {} : { flag: '' }) }]);
    if (stored) add({ from: leaving([view.nodes.find(n => into.get(n.id) === '(data)')!.id, '']), to: [id, 'fields'], kind: 'data' });
  }
  const done = new Set<string>(), nodes = view.nodes.flatMap((n): ViewNode[] => {
    const id = into.get(n.id);
    if (id === undefined) return [n.of !== undefined && into.has(n.of) ? { ...n, of: into.get(n.of)! } : n];
    if (done.has(id)) return [];
    done.add(id);
    const members = view.nodes.filter(m => into.get(m.id) === id), tags = unique(members.flatMap(m => m.tags.map(t => ({ ...t, port: `${m.id}.${t.port}`, node: m }))), t => `${t.kind} ${t.text} ${t.port}`);
    for (const t of tags) { const port = t.node.outputs.find(p => `${t.node.id}.${p.id}` === t.port); if (port) put(outputs, id, { ...port, id: t.port, label: `${t.node.title}.${port.label}` }); }
    return [{ ...boxes.get(id)!, inputs: inputs.get(id) ?? [], outputs: outputs.get(id) ?? [], tags: tags.map(({ port, kind, text }) => ({ port, kind, text })) }];
  });
  const zones = { ...(groups.has('agent') || view.zones.agent === undefined ? {} : { agent: view.zones.agent }), ...(groups.has('targets') || view.zones.targets === undefined ? {} : { targets: view.zones.targets }) };
  return withoutRounds({ ...view, nodes, edges: [...edges.values()], zones });
}

/** Lines that close a round become flags at their readers. */
export function withoutRounds(view: ViewGraph): ViewGraph {
  const out = new Map<string, ViewEdge[]>(), state = new Map<string, 'open' | 'done'>(), back = new Set<string>();
  for (const e of view.edges) { const list = out.get(e.from[0]); if (list) list.push(e); else out.set(e.from[0], [e]); }
  const rank = new Map(view.nodes.map((n, i) => [n.id, GROUPS.indexOf(n.group) * 1e6 + i])), starts = [...view.nodes].sort((a, b) => rank.get(a.id)! - rank.get(b.id)!);
  for (const n of starts) {
    const stack: { id: string; next: number }[] = state.has(n.id) ? [] : [{ id: n.id, next: 0 }];
    if (stack.length) state.set(n.id, 'open');
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const e = out.get(top.id)?.[top.next++];
      if (!e) { state.set(top.id, 'done'); stack.pop(); continue; }
      const at = state.get(e.to[0]);
      if (at === 'open') back.add(e.id);
      else if (at === undefined) { state.set(e.to[0], 'open'); stack.push({ id: e.to[0], next: 0 }); }
    }
  }
  if (!back.size) return view;
  const byId = new Map(view.nodes.map(n => [n.id, n])), flagged = new Map(view.edges.filter(e => back.has(e.id)).map(e => [e.to.join(' '), { box: byId.get(e.from[0])!.title, port: byId.get(e.from[0])!.outputs.find(p => p.id === e.from[1])?.label ?? e.from[1] }]));
  return { ...view, edges: view.edges.filter(e => !back.has(e.id)), nodes: view.nodes.map(n => ({ ...n, inputs: n.inputs.map(p => { const from = flagged.get(`${n.id} ${p.id}`); return from === undefined ? p : { ...p, flag: from.port === p.label ? from.box : `${from.box}.${from.port}`, back: true as const }; }) })) };
}
