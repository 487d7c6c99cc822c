/**
 * All static knowledge about a page, judged at once: what does not fit, where, and the remedy. Nothing runs.
 *
 *   TYPE no such node type      NAME no such node, or two      CONFIG a number that the node does not have or allow
 *   WIRE no such wire           PORT no such port              OFFER an input missing        SHAPE dtype or dims
 *   PER dim of per(...)         CYCLE                          SOURCE numbers of a source    LOSS not a scalar
 *   RULE numbers of a rule      AFTER order of rules           TWICE two rules on one node   UNTRAINED  no rule reaches a node
 *   LAG lagged weights that never follow                       MEMORY memory and keep        ACT the acting slice
 */
import { owner, parse, use, type Definition } from './definition.ts';
import { nearest, type Issue } from './error.ts';
import { code, infer, show, typeOf, type Inference } from './infer.ts';
import type { NodeSpec } from './node.ts';
import { base, words, type Port } from './port.ts';
import { isSchedule } from './schedule.ts';
import { actingSlice, reach, topology } from './topology.ts';

interface Judged { readonly d: Definition; readonly dims: Inference; readonly broken: boolean }
type Rule = (j: Judged) => Issue[];

const number = (x: unknown): x is number => typeof x === 'number' && Number.isFinite(x);
const within = (x: number, [least, most]: readonly [number, number]) => x >= least && x <= most;

/** Is a number or a schedule usable at all? A string says why not. */
function unusable(x: unknown): string | undefined {
  if (number(x)) return undefined;
  if (!isSchedule(x)) return `${String(x)} is no number and no schedule`;
  if (!number(x.from) || !number(x.to)) return 'a schedule runs between two numbers';
  if (!(x.over > 0)) return `a schedule needs a length above 0, not ${x.over}`;
  if (x.schedule === 'exponential' && !(x.from > 0 && x.to > 0)) return 'an exponential schedule needs both ends above 0';
  return undefined;
}

/** What is wrong with one setting of a node; the kind of its default is the kind it must have. */
function badSetting(spec: NodeSpec, key: string, value: unknown): string | undefined {
  const knob = Object.hasOwn((spec.knobs ?? {}) as object, key), defaults = (knob ? spec.knobs : spec.config) as Record<string, unknown> | undefined;
  if (!defaults || !Object.hasOwn(defaults, key)) return 'unknown';
  const model = defaults[key], range = (spec.ranges as Record<string, readonly [number, number]> | undefined)?.[key];
  const numbers: unknown[] = knob && isSchedule(value) ? [value.from, value.to] : Array.isArray(value) ? value : [value];
  if (knob) { const why = unusable(value); if (why) return why; }
  else if (Array.isArray(model) !== Array.isArray(value) || (!Array.isArray(model) && typeof model !== typeof value)) return `${JSON.stringify(value)} is not of the kind of ${JSON.stringify(model)}`;
  if (typeof model === 'number' || Array.isArray(model)) {
    if (!numbers.every(number)) return `${JSON.stringify(value)} is not a finite number`;
    if (!knob && Number.isInteger(Array.isArray(model) ? 1 : model) && !numbers.every(x => Number.isInteger(x) && (x as number) >= (range ? range[0] : 1))) return `${JSON.stringify(value)} is not a whole number${range ? '' : ' above 0'}`;
    if (range && !numbers.every(x => within(x as number, range))) return `${JSON.stringify(isSchedule(value) ? numbers : value)} is outside ${range[0]} to ${range[1]}`;
  }
  return undefined;
}

const types: Rule = ({ d }) => Object.entries(d.page.nodes).filter(([, e]) => e.of === undefined && !d.specs.has(e.type)).map(([n, e]) =>
  ({ code: 'TYPE', at: n, what: `${n}: no node type ${e.type}`, expected: [...d.specs.keys()].join(', '), got: e.type, fix: 'skein list nodes shows them' }));

const names: Rule = ({ d: { page } }) => {
  const issues: Issue[] = [], all = [...Object.keys(page.sources), ...Object.keys(page.memory), ...Object.keys(page.nodes)];
  for (const n of new Set(all)) {
    if (!/^[A-Za-z][A-Za-z0-9]{0,63}$/.test(n)) issues.push({ code: 'NAME', at: n.slice(0, 80), what: `${JSON.stringify(n.slice(0, 80))} is no name`, fix: 'letters and digits, a letter first, at most 64' });
    if (all.filter(x => x === n).length > 1) issues.push({ code: 'NAME', at: n, what: `${n} names two things (nodes, sources and memory share one set of names)`, fix: 'rename one' });
  }
  for (const [n, e] of Object.entries(page.nodes)) {
    if ((e.role === 'add' || e.role === 'slot') !== (e.of === undefined)) issues.push({ code: 'NAME', at: n, what: `${n} is a ${e.role} and ${e.of === undefined ? 'names no node whose weights it uses' : `uses the weights of ${e.of}`}`, fix: 'targets, shared and frozen places name a node with `of`; others do not' });
    if (e.of === undefined) continue;
    const o = owner(page, n), of = page.nodes[e.of];
    if (!of || page.nodes[o]?.of !== undefined) {
      const near = of ? undefined : nearest(e.of, Object.keys(page.nodes));
      issues.push({ code: 'NAME', at: n, what: of ? `${n} is ${e.role} of ${e.of}, which leads back to itself` : `${n} is ${e.role} of ${e.of}, which is no node`, expected: Object.keys(page.nodes).join(', '), got: e.of, fix: near ? `did you mean ${near}?` : of ? 'let one of them own the weights' : `remove ${n} too` });
    } else if (page.nodes[o]!.type !== e.type) issues.push({ code: 'TYPE', at: n, what: `${n} is ${e.type}, and ${o} whose weights it uses is ${page.nodes[o]!.type}`, expected: page.nodes[o]!.type, got: e.type, fix: `make it ${page.nodes[o]!.type}` });
  }
  return issues;
};

const settings: Rule = ({ d }) => Object.entries(d.page.nodes).flatMap(([n, e]) => {
  const spec = d.specs.get(e.type);
  if (!spec || e.of !== undefined) return [];
  const has = { ...(spec.config as object), ...(spec.knobs as object) };
  return Object.entries(e.config ?? {}).flatMap(([key, value]): Issue[] => {
    const why = badSetting(spec, key, value), near = why === 'unknown' ? nearest(key, Object.keys(has)) : undefined;
    if (!why) return [];
    return [{ code: 'CONFIG', at: `${n}.${key}`, what: why === 'unknown' ? `${n}: ${e.type} has no setting ${key}` : `${n}.${key}: ${why}`, expected: Object.entries(has).map(([k, v]) => `${k} = ${JSON.stringify(v)}`).join(', ') || 'no settings', got: `${key} = ${JSON.stringify(value)}`,
      lines: [`settings  ${Object.entries(has).map(([k, v]) => `${k} = ${JSON.stringify(v)}`).join(', ') || 'none'}`], fix: near ? `did you mean ${near}?` : `give ${e.type} a setting it has` }];
  });
});

const sources: Rule = ({ d: { page } }) => {
  const issues: Issue[] = [], bad = (n: string, what: string, fix: string) => issues.push({ code: 'SOURCE', at: n, what: `source ${n}: ${what}`, fix });
  if (!Object.keys(page.sources).length) issues.push({ code: 'SOURCE', at: page.name, what: 'the page has no source of data', fix: 'g.episodes(...), g.transitions(...) or g.rollout(...)' });
  for (const [n, s] of Object.entries(page.sources)) {
    const counts = { keep: s.keep, batch: s.batch, start: s.start, length: s.length, steps: s.steps, copies: s.copies, epochs: s.epochs, minibatches: s.minibatches };
    for (const [k, v] of Object.entries(counts)) if (v !== undefined && !(Number.isInteger(v) && v >= 1)) bad(n, `${k} is ${v}`, `a whole number above 0`);
    if (s.every !== undefined && !(number(s.every) && s.every > 0)) bad(n, `every is ${s.every}`, 'new items per update: a number above 0');
    if (s.keep !== undefined && (s.batch ?? 1) > s.keep) bad(n, `a batch of ${s.batch} cannot be drawn from the ${s.keep} it keeps`, 'keep at least one batch');
    if (s.start !== undefined && s.keep !== undefined && s.start > s.keep) bad(n, `start is ${s.start} and it keeps ${s.keep}, so learning would never begin`, 'start at or below keep');
    if (s.cut === 'transitions' && s.keep === undefined) bad(n, 'transitions are drawn from a replay, and it keeps nothing', 'g.transitions({ keep: 10_000, ... })');
    if (s.burnIn !== undefined && s.burnIn >= (s.length ?? 1)) bad(n, `burnIn ${s.burnIn} leaves nothing of length ${s.length ?? 1}`, 'burnIn below length');
    if (s.prioritised) {
      if (s.cut !== 'transitions' && s.keep === undefined) bad(n, 'priorities need a replay', 'g.transitions({ keep, prioritised })');
      const why = unusable(s.prioritised.beta);
      if (!number(s.prioritised.alpha) || s.prioritised.alpha < 0 || why) bad(n, `prioritised: ${why ?? `alpha is ${s.prioritised.alpha}`}`, 'alpha 0 or more, beta between 0 and 1');
      if (!(n in page.priority)) bad(n, 'prioritised, and no wire gives its priorities back', `g.prioritise('${n}', loss.error)`);
    }
  }
  for (const n of Object.keys(page.priority)) if (!page.sources[n]?.prioritised) bad(n, 'is given priorities and does not draw by them', 'prioritised: { alpha, beta } at the source, or no g.prioritise');
  return issues;
};

const cycles: Rule = ({ d }) => topology(d).cycles.map(c => ({ code: 'CYCLE', at: c[0]!, what: `${[...c].reverse().join(' -> ')} depend on each other`, expected: 'wires from the sources to the losses, never back', got: [...c].reverse().join(' -> '), fix: 'let one value pass through g.memory and g.keep, which hold it until the next update' }));

const wiring: Rule = ({ dims }) => [...dims.issues];

const losses: Rule = ({ d, dims }) => Object.entries(d.page.train).flatMap(([rule, r]) => {
  const issues: Issue[] = [], bad = (code: string, what: string, fix: string, more: Partial<Issue> = {}) => issues.push({ code, at: rule, what: `rule ${rule}: ${what}`, fix, ...more });
  for (const { loss, weight } of r.losses) {
    const from = parse(loss).from, t = typeOf(d, loss, dims.types), why = unusable(weight);
    if (typeof t === 'string') { if (!(from in d.page.nodes) || dims.places.has(from)) bad('LOSS', t, 'train an output that a loss node gives', { expected: 'f32 []', got: loss }); }
    else if (t.dims.length || t.dtype !== 'f32') bad('LOSS', `${code(loss)} is ${show(t)}, and a loss is one number`, 'reduce it with a loss node', { expected: 'f32 []', got: show(t) });
    if (why) bad('RULE', `weight of ${loss}: ${why}`, 'a number or a schedule');
  }
  const why = unusable(r.optimiser.lr);
  if (why) bad('RULE', `lr: ${why}`, 'a number or a schedule');
  if (r.every !== undefined && !(Number.isInteger(r.every) && r.every >= 1)) bad('RULE', `every is ${r.every}`, 'a whole number of updates');
  for (const k of ['clipNorm', 'clipEach'] as const) if (r[k] !== undefined && !(r[k] > 0)) bad('RULE', `${k} is ${r[k]}`, 'a number above 0');
  if (r.sweep && r.sweep.over !== 'time' && !(r.sweep.over in d.page.dims) && ![...dims.types.values()].some(t => t.dims.includes(r.sweep!.over))) bad('RULE', `sweeps over ${r.sweep.over}, which no wire has`, "sweep over 'time', 'agent' or a dim of the page");
  for (const o of r.only ?? []) if (!(o in d.page.nodes)) bad('NAME', `only ${o}, which is no node`, `name one of ${Object.keys(d.page.nodes).join(', ')}`);
  if (r.after !== undefined) {
    if (!(r.after in d.page.train)) bad('AFTER', `comes after ${r.after}, which is no rule`, `name one of ${Object.keys(d.page.train).join(', ')}`, { expected: Object.keys(d.page.train).join(', '), got: r.after });
    else if (before(d, rule, rule)) bad('AFTER', 'comes after itself', 'leave one `after` out');
  }
  return issues;
});
/** Does rule a stand before rule b? */
function before(d: Definition, a: string, b: string): boolean {
  let at = d.page.train[b]?.after;
  for (let hops = 0; at !== undefined && hops <= Object.keys(d.page.train).length; hops++) {
    if (at === a) return true;
    at = d.page.train[at]?.after;
  }
  return false;
}

const training: Rule = ({ d, broken }) => {
  const { page } = d, issues: Issue[] = [], by = new Map<string, string[]>();
  if (!Object.keys(page.train).length) issues.push({ code: 'UNTRAINED', at: page.name, what: 'nothing is trained', fix: "g.train('name', loss, { optimiser })" });
  for (const rule of Object.keys(page.train)) {
    const { trained } = reach(d, rule);
    for (const n of trained) by.set(n, [...by.get(n) ?? [], rule]);
    if (!trained.length && !broken) issues.push({ code: 'UNTRAINED', at: rule, what: `rule ${rule} reaches no weights`, expected: 'a node with layers upstream of its losses', got: page.train[rule]!.losses.map(l => l.loss).join(', '), fix: 'check for stop(...), still ports and targets between its losses and the nodes to train' });
  }
  for (const [n, rules] of by) for (const [i, a] of rules.entries()) for (const b of rules.slice(i + 1)) if (!before(d, a, b) && !before(d, b, a)) issues.push({ code: 'TWICE', at: n, what: `${n} is trained by ${a} and by ${b} in the same pass`, expected: 'one rule a pass', got: `${a} and ${b}`, fix: `one rule with both losses, { after: '${a}' } at ${b}, \`only\` at both, or stop(...) / frozen(...) on one way` });
  for (const [n, e] of Object.entries(page.nodes)) {
    if (!d.specs.get(e.type)?.layers) continue;
    if (e.of === undefined && !by.has(n) && !broken) issues.push({ code: 'UNTRAINED', at: n, what: `no rule reaches the layers of ${n}`, expected: 'a loss downstream of it', got: Object.keys(page.train).join(', ') || 'no rules', fix: `train it, or g.remove('${n}')` });
    if (e.role === 'target' && !('*' in page.targets) && !(owner(page, n) in page.targets)) issues.push({ code: 'LAG', at: n, what: `the lagged weights of ${n} never follow ${owner(page, n)}`, expected: `a targets rule for ${owner(page, n)}`, got: Object.keys(page.targets).join(', ') || 'none', fix: 'g.targets({ everyUpdates | everyEpisodes | everySteps | polyak })' });
  }
  for (const [n, t] of Object.entries(page.targets)) {
    const given = Object.entries(t).filter(([, v]) => v !== undefined), clocks = given.filter(([k]) => k !== 'polyak');
    if (n !== '*' && !(n in page.nodes)) issues.push({ code: 'LAG', at: n, what: `a targets rule for ${n}, which is no node`, fix: `name one of ${Object.keys(page.nodes).join(', ')}` });
    if (!given.length || clocks.length > 1 || given.some(([, v]) => !(number(v) && v > 0)) || clocks.some(([, v]) => !Number.isInteger(v)) || (t.polyak ?? 0) > 1) issues.push({ code: 'LAG', at: n, what: `targets of ${n}: ${JSON.stringify(t)}`, expected: 'one of everyUpdates, everyEpisodes, everySteps, and a polyak in (0, 1]', got: JSON.stringify(t), fix: 'g.targets({ everyEpisodes: 200 }) or g.targets({ polyak: 0.005 })' });
  }
  return issues;
};

const memory: Rule = ({ d, dims }) => {
  const { page } = d, issues: Issue[] = [];
  for (const [n, wires] of Object.entries(page.keep)) {
    if (!(n in page.memory)) { issues.push({ code: 'MEMORY', at: n, what: `keep writes ${n}, which is no memory`, fix: `g.memory('${n}', { ... })` }); continue; }
    for (const [k, text] of Object.entries(wires)) {
      const t = typeOf(d, text, dims.types);
      if (!(k in page.memory[n]!)) issues.push({ code: 'MEMORY', at: `${n}.${k}`, what: `memory ${n} has no ${k}`, fix: `it has ${Object.keys(page.memory[n]!).join(', ')}` });
      else if (typeof t === 'string') { if (!(parse(text).from in page.nodes) || dims.places.has(parse(text).from)) issues.push({ code: 'WIRE', at: `${n}.${k}`, what: t, fix: 'keep an output that is one number' }); }
      else if (t.dims.length || t.dtype !== 'f32') issues.push({ code: 'MEMORY', at: `${n}.${k}`, what: `memory is one number, and ${code(text)} is ${show(t)}`, expected: 'f32 []', got: show(t), fix: 'reduce it' });
    }
  }
  for (const [n, values] of Object.entries(page.memory)) {
    const unkept = Object.keys(values).filter(k => !(k in (page.keep[n] ?? {})));
    if (unkept.length) issues.push({ code: 'MEMORY', at: n, what: `nothing writes ${unkept.map(k => `${n}.${k}`).join(', ')}`, fix: `g.keep('${n}', { ${unkept.join(', ')} })` });
  }
  for (const [source, text] of Object.entries(page.priority)) {
    const t = typeOf(d, text, dims.types);
    if (typeof t !== 'string' && (t.dtype !== 'f32' || t.dims.map(base).join(' ') !== 'batch time')) issues.push({ code: 'SHAPE', at: `priority of ${source}`, what: `the priority of ${source} is ${show(t)}`, expected: 'f32 [batch time]', got: show(t), fix: 'one error per transition' });
    if (typeof t === 'string' && !(parse(text).from in page.nodes)) issues.push({ code: 'WIRE', at: `priority of ${source}`, what: t, fix: 'an output that is f32 [batch time]' });
  }
  return issues;
};

const SEES = ['local', 'agents', 'all'] as const;
/** What the acting slice needs when it runs: each agent's own fields, several agents' at once, or the central state. */
export function sight(d: Definition): { readonly sees: (typeof SEES)[number]; readonly because: string } {
  let sees: (typeof SEES)[number] = 'local', because = '';
  for (const n of actingSlice(d)) {
    if (!(n in d.page.nodes)) continue;
    const ports = use(d, n).spec.in as Record<string, Port>;
    if (sees === 'local' && Object.values(ports).some(p => words(p.spec).includes('agent'))) { sees = 'agents'; because = `${n} mixes agents`; }
    topology(d).graph.forEachInEdge(n, (_, e) => { if (e.from in d.page.sources && d.page.world[e.port]?.sight === 'central') { sees = 'all'; because = `${n} reads ${e.from}.${e.port}`; } });
  }
  return { sees, because };
}
const acting: Rule = ({ d, dims }) => {
  const { act, world } = d.page, issues: Issue[] = [], bad = (at: string, what: string, fix: string, more: Partial<Issue> = {}) => issues.push({ code: 'ACT', at, what, fix, ...more });
  if (!act) return [{ code: 'ACT', at: d.page.name, what: 'the page does not say how it acts', fix: 'g.act(explore)' }];
  for (const [role, text] of Object.entries({ action: act.action, best: act.best ?? act.action })) {
    const t = typeOf(d, text, dims.types), from = parse(text).from, field = world['action'];
    if (typeof t === 'string') { if (!(from in d.page.nodes) || dims.places.has(from)) bad(text, `${role}: ${t}`, 'act on a wire that is there'); continue; }
    const got = t.dims.filter(x => base(x) !== 'batch' && !base(x).startsWith('time')).join(' ');
    if (field && (t.dtype !== field.dtype || got !== field.spec)) bad(text, `${role} is ${show(t)}, and an action of this world is ${field.dtype} [${field.spec}] at each slot`, 'act on the output of an exploration node', { expected: `${field.dtype} [${field.spec}]`, got: show(t) });
  }
  const { sees, because } = sight(d), allowed = act.sees ?? (act.inTurn === undefined ? 'local' : 'agents');
  if (SEES.indexOf(sees) > SEES.indexOf(allowed)) bad('acting slice', `not decentralised: ${because}`, `act on local fields only, or say g.act(..., { sees: '${sees}' })`, { expected: allowed === 'local' ? "each agent's own fields" : allowed, got: `${sees}: ${because}` });
  for (const n of actingSlice(d)) topology(d).graph.hasNode(n) && topology(d).graph.forEachInEdge(n, (_, e) => {
    if (!(e.into in d.page.nodes)) return;
    if (e.from in d.page.sources && world[e.port]?.sight === 'after' && act.inTurn === undefined) bad(`${n}.${e.to}`, `${n} reads ${e.from}.${e.port} to act, which is known only after the step`, 'act on fields of the present slot', { expected: 'a field seen before acting', got: code(e.text) });
    const ahead = e.via.find(v => v === 'next' || v === 'once');
    if (ahead) bad(`${n}.${e.to}`, `${n} reads ${code(e.text)} to act`, `act on the present slot: no ${ahead}(...) upstream of the action`, { expected: 'the present slot', got: code(e.text) });
  });
  return issues;
};

const RULES: readonly Rule[] = [types, names, settings, sources, cycles, wiring, losses, training, memory, acting];

/** Every problem of a page; none means that it can be planned, drawn and run. */
export function check(d: Definition): Issue[] {
  const first = [...types({ d, dims: { types: new Map(), places: new Map(), issues: [] }, broken: false }), ...names({ d, dims: { types: new Map(), places: new Map(), issues: [] }, broken: false })];
  if (first.some(i => i.code === 'TYPE' || (i.code === 'NAME' && d.page.nodes[i.at]?.of !== undefined))) return first;
  const dims = infer(d), judged = { d, dims, broken: dims.issues.length > 0 || topology(d).cycles.length > 0 };
  return RULES.flatMap(rule => rule(judged));
}
