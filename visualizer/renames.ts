/** Nodes that have another name on another page and are the same: same type and role, wired to the same places. Found by their wiring, never by how names look. */
import type { Description, NodeDescription } from '../core/describe.ts';
import { byEnd, nodeOf } from './gradient.ts';

/** New name of each node of `a` that `b` has under another name. A match makes its neighbours alike, so it is looked for until none is found. */
export function renames(a: Description, b: Description): ReadonlyMap<string, string> {
  const names = (d: Description) => new Set(d.nodes.map(n => n.name)), [inA, inB] = [names(a), names(b)], found = new Map<string, string>(), taken = new Set<string>();
  const signs = (d: Description, name: (n: string) => string) => {
    const into = byEnd(d.wires, 'to'), out = byEnd(d.wires, 'from'), at = (wire: string) => `${name(nodeOf(wire))}${wire.slice(wire.indexOf('.'))}`;
    const reads = (n: NodeDescription) => [n.type, n.role, n.of === undefined ? '' : name(n.of), ...(into.get(n.name) ?? []).map(w => [at(w.from), ...w.via, w.to.slice(n.name.length)].join(' | ')).sort()].join(';');
    return { reads, again: (n: NodeDescription) => (n.of === undefined ? n.name : [n.type, n.role, name(n.of)].join(';')), all: (n: NodeDescription) => [reads(n), ...(out.get(n.name) ?? []).map(w => at(w.to)).sort()].join(';') };
  };
  for (let more = true; more;) {
    more = false;
    const gone = a.nodes.filter(n => !inB.has(n.name) && !found.has(n.name)), fresh = b.nodes.filter(n => !inA.has(n.name) && !taken.has(n.name)), [x, y] = [signs(a, n => found.get(n) ?? n), signs(b, n => n)];
    for (const of of ['all', 'reads', 'again'] as const) {
      if (more) break;
      for (const n of gone) {
        const alike = fresh.filter(m => y[of](m) === x[of](n)), rivals = gone.filter(m => x[of](m) === x[of](n));
        if (alike.length !== 1 || rivals.length !== 1) continue;
        found.set(n.name, alike[0]!.name);
        taken.add(alike[0]!.name);
        more = true;
      }
    }
  }
  return found;
}

/** The same page with other names of some nodes. */
export function renamed(d: Description, to: ReadonlyMap<string, string>): Description {
  const name = (n: string) => to.get(n) ?? n, wire = (w: string) => `${name(nodeOf(w))}${w.slice(w.indexOf('.'))}`, values = <T, U>(o: Readonly<Record<string, T>>, f: (x: T) => U): Record<string, U> => Object.fromEntries(Object.entries(o).map(([k, x]) => [k, f(x)]));
  return {
    ...d,
    nodes: d.nodes.map(n => ({ ...n, name: name(n.name), ...(n.of === undefined ? {} : { of: name(n.of) }) })), wires: d.wires.map(w => ({ ...w, from: wire(w.from), to: wire(w.to) })), offers: d.offers.map(o => ({ from: wire(o.from), to: wire(o.to) })),
    targets: Object.fromEntries(Object.entries(d.targets).map(([n, t]) => [name(n), t])),
    train: values(d.train, r => ({ ...r, losses: r.losses.map(l => ({ ...l, loss: wire(l.loss) })), trains: r.trains.map(name), ...(r.only === undefined ? {} : { only: r.only.map(name) }), ...(r.until ? { until: { ...r.until, wire: wire(r.until.wire) } } : {}) })),
    ...(d.act ? { act: { ...d.act, action: wire(d.act.action), ...(d.act.best === undefined ? {} : { best: wire(d.act.best) }) } } : {}), keep: values(d.keep, k => values(k, wire)), priority: values(d.priority, wire),
  };
}
