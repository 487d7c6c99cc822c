/** A wiring error as a picture: what leads to the port that does not fit, both shapes, the first axis that disagrees, and what to do. */
import type { Description } from '../core/describe.ts';
import { byEnd, nodeOf } from './gradient.ts';
import { counted, plain, shape } from './text.ts';
import { viewOf, type ViewOptions } from './view.ts';
import type { Card, ViewGraph, ViewNode } from './view-graph.ts';

/** One problem of a page; the fields of an issue of `check`. */
export interface Problem { readonly code: string; readonly at: string; readonly what: string; readonly lines?: readonly string[]; readonly expected: string; readonly got: string; readonly fix: string }

const listIn = (text: string): string[] | undefined => /\[([^\]]*)\]\D*$/.exec(text)?.[1]?.split(' ').filter(Boolean) ?? /\[([^\]]*)\]/.exec(text)?.[1]?.split(' ').filter(Boolean);
/** `axis 1: time+1 where time is expected`; undefined where no two shapes are told. */
export function firstDifference({ code, expected, got }: Pick<Problem, 'code' | 'expected' | 'got'>): string | undefined {
  if (code !== 'SHAPE') return undefined;
  const whole = /= \[([^\]]*)\]/.exec(expected)?.[1]?.split(' ').filter(Boolean), is = /\[([^\]]*)\]/.exec(got)?.[1]?.split(' ').filter(Boolean), want = whole ?? listIn(expected);
  if (!want || !is) return undefined;
  if (!whole) {
    const absent = want.find(w => w !== '...' && !w.startsWith('?') && !is.includes(w));
    return absent === undefined ? undefined : `no axis ${absent}: [${is.join(' ')}]`;
  }
  const at = Array.from({ length: Math.max(whole.length, is.length) }, (_, i) => i).find(i => whole[i] !== is[i]);
  return at === undefined ? undefined : whole[at] === undefined ? `axis ${at}: ${is[at]!} is one too many` : `axis ${at}: ${is[at] ?? 'nothing'} where ${whole[at]} is expected`;
}

const cardOf = (p: Problem, i: number): Card => {
  const axis = firstDifference(p);
  return { name: `${i + 1}  ${p.code}  ${plain(p.what)}`, lines: [...(p.lines ?? [`expected ${p.expected}`, `got ${p.got}`]).map(l => plain(l.replace(/ {2,}/g, '  '))), ...(axis === undefined ? [] : [`first difference: ${axis}`]), `fix: ${plain(p.fix)}`] };
};
/** The box alone, where nothing else of the page can be told. */
const bare = (p: Problem): ViewNode => { const [name = '', port] = p.at.split('.'); return { id: name, title: plain(name), detail: [], kind: 'arithmetic', role: 'add', group: 'learner', inputs: port === undefined ? [] : [{ id: port, label: plain(port), marks: [], used: true, state: 'removed' }], outputs: [], rules: [], tags: [], acts: false, alarm: plain(p.what) }; };

/** Boxes upstream of the ports that do not fit, and nothing else. */
function slice(d: Description, problems: readonly Problem[], o: ViewOptions): Pick<ViewGraph, 'nodes' | 'edges'> | undefined {
  const into = byEnd(d.wires, 'to'), failing = new Map(problems.filter(p => d.nodes.some(n => n.name === nodeOf(`${p.at}.`))).map(p => [nodeOf(`${p.at}.`), p])), seen = new Set<string>(), open: string[] = [];
  if (!failing.size) return undefined;
  for (const name of failing.keys()) { seen.add(name); for (const w of into.get(name) ?? []) open.push(nodeOf(w.from)); }
  for (let n = open.pop(); n !== undefined; n = open.pop()) if (!seen.has(n)) { seen.add(n); for (const w of into.get(n) ?? []) open.push(nodeOf(w.from)); }
  const fields = new Set(d.wires.filter(w => failing.has(nodeOf(w.to)) && Object.hasOwn(d.sources, nodeOf(w.from))).map(w => w.from)), view = viewOf(d, { ...o, asLines: fields });
  const nodes = view.nodes.filter(n => seen.has(n.id)).map((n): ViewNode => {
    const p = failing.get(n.id), port = p?.at.split('.')[1];
    const { tags: _, rules: __, ...rest } = n, calm = { ...rest, tags: [], rules: [] };
    if (!p) return calm;
    return { ...calm, alarm: plain(p.what), outputs: n.outputs.map(({ dims: ___, sizes: ____, ...q }) => q), inputs: n.inputs.map(q => ({ ...q, label: `${q.label}${q.dims ? `  ${q.dtype ?? ''} ${shape(q.dims)}` : ''}`, ...(q.id === port ? { state: 'removed' as const } : {}) })) };
  });
  const used = new Set(d.wires.filter(w => seen.has(nodeOf(w.to))).map(w => w.from));
  return { nodes: nodes.map(n => (n.alarm === undefined ? { ...n, outputs: n.outputs.filter(q => used.has(`${n.id}.${q.id}`)) } : n)), edges: view.edges.filter(e => seen.has(e.from[0]) && seen.has(e.to[0])).map(e => (failing.get(e.to[0])?.at === e.to.join('.') ? { ...e, alarm: true as const } : e)) };
}

export function errorView(name: string, problems: readonly Problem[], d: Description | undefined, o: ViewOptions = {}): ViewGraph {
  const found = d && slice(d, problems, o), alone = [...new Map(problems.map(p => [p.at.split('.')[0]!, bare(p)])).values()];
  return {
    schema: 1, form: 'error', level: 1, title: `${counted(problems.length, 'problem')} in ${plain(name)}`, lead: problems.slice(0, 3).map(p => { const axis = firstDifference(p); return `${plain(p.what).replace(/^./, c => c.toUpperCase())}${axis === undefined ? '' : ` (${axis})`}. Fix: ${plain(p.fix)}.`; }),
    nodes: found?.nodes ?? alone, edges: found?.edges ?? [], cards: problems.slice(0, 12).map(cardOf), zones: {}, caption: [found ? 'only what leads to the problem' : 'the page could not be read further', ...(problems.length > 12 ? [`${problems.length - 12} more problems`] : [])],
  };
}
