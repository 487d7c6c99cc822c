/**
 * All static knowledge about a page, judged at once: what does not fit, where, and the remedy. Nothing runs.
 *
 *   TYPE no such node type      NAME no such thing, or two     CONFIG a number that the node does not have or allow
 *   WIRE no such wire           PORT no such port              OFFER an input missing        SHAPE dtype or dims
 *   PER dim of per(...)         CYCLE                          DIM size of a dim             SOURCE numbers of a source
 *   LOSS not a scalar           RULE numbers of a rule         AFTER order of rules          TWICE two rules on one node
 *   UNTRAINED no rule reaches a node   LAG lagged weights that never follow   MEMORY memory and keep   ACT the acting slice
 */
import { isKnown, owner, pageSchema, parse, taken, use, type Definition, type Source } from './definition.ts';
import { nearest, type Issue } from './error.ts';
import { code, infer, isDim, show, typeOf, type Inference, type Typed } from './infer.ts';
import type { NodeSpec } from './node.ts';
import { base, canonical, words } from './port.ts';
import { isSchedule } from './schedule.ts';
import { actingSlice, before, overTime, reach, topology } from './topology.ts';

/** `broken`: something above has been reported, so that what it leads to is not reported again. */
interface Judged { readonly d: Definition; readonly dims: Inference; readonly broken: boolean }
type Rule = (j: Judged) => Issue[];

const isNumber = (x: unknown): x is number => typeof x === 'number' && Number.isFinite(x);
const isCount = (x: unknown): boolean => isNumber(x) && Number.isInteger(x) && x >= 1;
const say = (x: unknown): string => (typeof x === 'number' || x === undefined ? String(x) : JSON.stringify(x)).slice(0, 100);
const listed = (names: Iterable<string>): string => { const all = [...names]; return all.length ? `${all.slice(0, 30).join(', ')}${all.length > 30 ? `, and ${all.length - 30} more` : ''}` : 'none'; };
const meaning = (name: string, names: readonly string[]): string => { const near = nearest(name, names); return near ? `did you mean ${near}?` : `name one of ${listed(names)}`; };

/** Why a number or schedule cannot be used, if so. */
function unusable(x: unknown, [least, most]: readonly [number, number] = [-Infinity, Infinity]): string | undefined {
  const ends = isSchedule(x) ? [x.from, x.to] : [x], outside = ends.some(n => isNumber(n) && (n < least || n > most));
  if (!ends.every(isNumber)) return isSchedule(x) ? 'a schedule runs between two numbers' : `${say(x)} is no number and no schedule`;
  if (!isSchedule(x)) return outside ? `${x as number} is outside ${least} to ${most}` : undefined;
  if (!(x.over > 0)) return `a schedule needs a length above 0, not ${x.over}`;
  if (x.schedule === 'exponential' && !(x.from > 0 && x.to > 0)) return 'an exponential schedule needs both ends above 0';
  return outside ? `a schedule from ${x.from} to ${x.to} leaves ${least} to ${most}` : undefined;
}
/** Why one setting of a node cannot be used; it must be of the kind of its default. Sizes are whole and above 0 unless their range says otherwise. */
function badSetting(spec: NodeSpec, key: string, value: unknown, knob: boolean): string | undefined {
  const model = ((knob ? spec.knobs : spec.config) as Record<string, unknown>)[key], range = (spec.ranges as Record<string, readonly [number, number]> | undefined)?.[key];
  if (knob) return unusable(value, range);
  if (isSchedule(value)) return 'no schedule can stand for it, since programs are made for it';
  if (Array.isArray(model) !== Array.isArray(value) || (!Array.isArray(model) && typeof model !== typeof value)) return `${say(value)} is not of the kind of ${say(model)}`;
  const numbers: unknown[] = Array.isArray(value) ? value : [value], whole = Number.isInteger(Array.isArray(model) ? 1 : model);
  if (typeof model !== 'number' && !Array.isArray(model)) return undefined;
  if (!numbers.every(isNumber)) return `${say(value)} is not a finite number`;
  if (whole && !numbers.every(x => Number.isInteger(x) && (range !== undefined || x as number >= 1))) return `${say(value)} is not a whole number${range ? '' : ' above 0'}`;
  return range && !numbers.every(x => !unusable(x, range)) ? `${say(value)} is outside ${range[0]} to ${range[1]}` : undefined;
}

const types: Rule = ({ d }) => Object.entries(d.page.nodes).filter(([, e]) => e.of === undefined && !d.specs.has(e.type)).map(([n, e]) =>
  ({ code: 'TYPE', at: n, what: `${n}: no node type ${e.type}`, expected: listed(d.specs.keys()), got: e.type, fix: 'skein list nodes shows them' }));

/** Names that cannot be read back (`node.port`, `source.field`), or that mean two things: nothing else can be judged then. */
const names: Rule = ({ d: { page } }) => {
  const issues: Issue[] = [], GRAMMAR = /^[A-Za-z][A-Za-z0-9]{0,63}$/, graph = [...Object.keys(page.nodes), ...Object.keys(page.sources), ...Object.keys(page.memory)];
  const judge = (what: string, n: string, at = n) => { if (!GRAMMAR.test(n)) issues.push({ code: 'NAME', at: `${at || what}`.slice(0, 80), what: `${what} ${JSON.stringify(n.slice(0, 80))} is no name`, expected: 'letters and digits, a letter first, at most 64', got: JSON.stringify(n.slice(0, 80)), fix: 'letters and digits, a letter first, at most 64' }); };
  for (const [what, all] of Object.entries({ node: page.nodes, source: page.sources, memory: page.memory, rule: page.train, dim: page.dims, 'field of the world': page.world })) for (const n of Object.keys(all)) judge(what, n);
  for (const [n, m] of Object.entries(page.memory)) for (const k of Object.keys(m)) judge(`number of memory ${n}`, k, n);
  for (const [n, e] of Object.entries(page.nodes)) for (const k of Object.keys(e.in)) judge(`port of ${n}`, k, n);
  const seen = new Set<string>(), twice = new Set(graph.filter(n => seen.size === seen.add(n).size));
  for (const n of seen) {
    if (n in Object.prototype) issues.push({ code: 'NAME', at: n, what: `${n} is a name that every object has`, expected: 'a name of its own', got: n, fix: `call it my${n[0]!.toUpperCase()}${n.slice(1)}` });
    if (twice.has(n)) issues.push({ code: 'NAME', at: n, what: `${n} names two things: nodes, sources and memory share one set of names`, expected: 'one of them', got: [n in page.nodes && 'a node', n in page.sources && 'a source', n in page.memory && 'a memory'].filter(Boolean).join(' and '), fix: 'rename one' });
  }
  return issues;
};
const places: Rule = ({ d: { page, specs } }) => Object.entries(page.nodes).flatMap(([n, e]): Issue[] => {
  const uses = e.role !== 'add' && e.role !== 'slot';
  if (uses !== (e.of !== undefined)) return [{ code: 'NAME', at: n, what: `${n} is ${uses ? `${e.role} of nothing` : `a node of its own (${e.role}) and of ${e.of}`}`, expected: uses ? 'of: a node with weights' : 'no `of`', got: `of ${e.of ?? 'nothing'}`, fix: 'targets, shared and frozen places name a node with `of`; others do not' }];
  if (e.of === undefined) return [];
  const o = owner(page, n), own = page.nodes[o], all = Object.keys(page.nodes), looped = page.nodes[e.of] !== undefined && own?.of !== undefined;
  if (looped || !own) return [{ code: 'NAME', at: n, what: `${n} is ${e.role} of ${e.of}, which ${looped ? 'leads back to itself' : 'is no node'}`, expected: listed(all), got: e.of, fix: looped ? 'let one of them own the weights' : meaning(e.of, all) }];
  const out: Issue[] = [];
  if (e.role !== 'target' && page.nodes[e.of]?.role === 'target') out.push({ code: 'NAME', at: n, what: `${n} is ${e.role} of ${e.of}, whose weights lag`, expected: 'a node that is trained', got: e.of, fix: `g.target('${n}', ${o}, ...) for the lagged weights, or ${e.role} of ${o}` });
  if (own.type !== e.type && specs.has(own.type)) out.push({ code: 'TYPE', at: n, what: `${n} is ${e.type}, and ${o} whose weights it uses is ${own.type}`, expected: own.type, got: e.type, fix: `make it ${own.type}` });
  if (e.config && Object.keys(e.config).length) out.push({ code: 'CONFIG', at: n, what: `${n} has settings, and takes those of ${o}`, expected: `the settings of ${o}`, got: say(e.config), fix: `g.set('${o}', ...) sets both` });
  return out;
});

const settings: Rule = ({ d }) => Object.entries(d.page.nodes).flatMap(([n, e]) => {
  const spec = d.specs.get(e.type);
  if (!spec || e.of !== undefined) return [];
  const has = { ...(spec.config as object), ...(spec.knobs as object) }, all = Object.entries(has).map(([k, v]) => `${k} = ${JSON.stringify(v)}`).join(', ') || 'none';
  return Object.entries(e.config ?? {}).flatMap(([key, value]): Issue[] => {
    const knob = Object.hasOwn((spec.knobs ?? {}) as object, key), range = (spec.ranges as Record<string, readonly [number, number]> | undefined)?.[key], got = `${key} = ${say(value)}`;
    if (!Object.hasOwn(has, key)) return [{ code: 'CONFIG', at: `${n}.${key}`, what: `${n}: ${e.type} has no setting ${key}`, expected: all, got, lines: [`settings  ${all}`], fix: nearest(key, Object.keys(has)) ? `did you mean ${nearest(key, Object.keys(has))!}?` : `leave ${key} out` }];
    const why = badSetting(spec, key, value, knob), model = (has as Record<string, unknown>)[key];
    const may = knob ? `a number or a schedule${range ? ` within ${range[0]} to ${range[1]}` : ''}` : Array.isArray(model) ? 'a list of whole numbers above 0' : typeof model === 'number' ? `a${Number.isInteger(model) ? ' whole' : ''} number${range ? ` within ${range[0]} to ${range[1]}` : ' above 0'}` : `like ${say(model)}`;
    return why ? [{ code: 'CONFIG', at: `${n}.${key}`, what: `${n}.${key}: ${why}`, expected: may, got, lines: [`settings  ${all}`], fix: `${key} is ${may}, ${say(model)} by default` }] : [];
  });
});

/** What only some sources can have. */
const APPLIES: Readonly<Record<string, readonly Source['cut'][]>> = { keep: ['episodes', 'transitions'], batch: ['episodes', 'transitions'], start: ['episodes', 'transitions'], every: ['episodes', 'transitions'], prioritised: ['episodes', 'transitions'], length: ['transitions', 'rollout'], burnIn: ['transitions'], steps: ['rollout'] };
const NEEDS: Readonly<Record<Source['cut'], readonly (keyof Source)[]>> = { episodes: ['batch'], transitions: ['keep', 'batch'], rollout: ['steps', 'copies'] };
const sources: Rule = ({ d: { page } }) => {
  const issues: Issue[] = [], bad = (n: string, what: string, expected: string, got: unknown, fix = expected) => { issues.push({ code: 'SOURCE', at: n, what: `source ${n}: ${what}`, expected, got: say(got), fix }); };
  for (const [n, s] of Object.entries(page.sources)) {
    for (const [k, cuts] of Object.entries(APPLIES)) if (s[k as keyof Source] !== undefined && !cuts.includes(s.cut)) bad(n, `${k} is for ${listed(cuts)}, and this is ${s.cut}`, `${s.cut}: no ${k}`, s[k as keyof Source], `leave ${k} out`);
    for (const k of ['start', 'every'] as const) if (s.keep === undefined && s.cut === 'episodes' && s[k] !== undefined) bad(n, `${k} without keep: each episode is used once`, 'keep: a whole number above 0', s[k], `keep: ..., or leave ${k} out`);
    for (const k of NEEDS[s.cut]) if (s[k] === undefined) bad(n, `${s.cut} without ${k}`, `${k}: a whole number above 0`, 'none', `g.${s.cut}({ ${NEEDS[s.cut].map(x => `${x}: ...`).join(', ')} })`);
    if (s.burnIn !== undefined && !(Number.isInteger(s.burnIn) && s.burnIn >= 0 && s.burnIn < (s.length ?? 1))) bad(n, `burnIn ${say(s.burnIn)} of a length of ${s.length ?? 1}`, 'a whole number from 0 to below length', s.burnIn);
    if (s.cut === 'rollout' && isCount(s.steps) && isCount(s.length) && s.steps! % s.length!) { const fit = Array.from({ length: s.steps! }, (_, i) => i + 1).filter(x => s.steps! % x === 0), near = [fit.findLast(x => x < s.length!), fit.find(x => x > s.length!)].filter(x => x !== undefined); bad(n, `pieces of ${s.length} steps do not fill a rollout of ${s.steps}`, `a length that divides ${s.steps}`, s.length, `length: ${near.join(' or ')}, or other steps`); }
    if (isSchedule(s.epochs) && (unusable(s.epochs, [1, Infinity]) || ![s.epochs.from, s.epochs.to].every(Number.isInteger))) bad(n, `epochs: ${say(s.epochs)}`, 'a schedule between two whole numbers above 0', s.epochs);
    if (isCount(s.keep) && (s.batch ?? 1) > s.keep!) bad(n, `a batch of ${s.batch} cannot be drawn from the ${s.keep} it keeps`, `a batch of at most ${s.keep}`, s.batch, 'keep at least one batch');
    if (isCount(s.keep) && (s.start ?? 1) > s.keep!) bad(n, `start is ${s.start} and it keeps ${s.keep}, so learning would never begin`, `a start of at most ${s.keep}`, s.start, 'start at or below keep');
    if (!s.prioritised) continue;
    const why = unusable(s.prioritised.beta, [0, 1]);
    if (s.keep === undefined) bad(n, 'priorities need a replay', 'keep: a whole number', 'none', 'g.transitions({ keep, prioritised })');
    if (!(isNumber(s.prioritised.alpha) && s.prioritised.alpha >= 0) || why) bad(n, `prioritised: ${why ? `beta: ${why}` : `alpha is ${say(s.prioritised.alpha)}`}`, 'alpha 0 or more, beta between 0 and 1', s.prioritised);
    if (!(n in page.priority)) bad(n, 'prioritised, and no wire gives its priorities back', 'a priority for each item', 'none', `g.prioritise('${n}', loss.priority)`);
  }
  for (const [n, wire] of Object.entries(page.priority)) if (!page.sources[n]?.prioritised) bad(n, 'is given priorities and does not draw by them', 'prioritised: { alpha, beta }', wire, 'prioritised: { alpha, beta } at the source, or no g.prioritise');
  const fixed = new Set(['batch', 'time', ...Object.values(page.world).flatMap(f => words(f.spec))]);
  for (const [n, size] of Object.entries(page.dims)) if (fixed.has(n)) issues.push({ code: 'DIM', at: n, what: `dim ${n} is the world's, whose size the environment gives`, expected: `a name other than ${listed(fixed)}`, got: `${n} = ${say(size)}`, fix: `g.dim('my${n[0]!.toUpperCase()}${n.slice(1)}', ${say(size)})` });
  return issues;
};

const cycles: Rule = ({ d }) => topology(d).cycles.map(c => {
  const round = roundOf(d, c), shown = round.length > 16 ? [...round.slice(0, 8), `${round.length - 12} more`, ...round.slice(-4)] : round, text = shown.join(' -> ');
  return { code: 'CYCLE', at: round[0]!, what: `${text} and round again`, expected: 'wires from the sources to the losses, never back', got: text, fix: 'let one value pass through g.memory and g.keep, which hold it until the next update' };
});
/** A shortest way round: each node with the port by which it is entered from the one before, the first from the last. */
function roundOf(d: Definition, members: readonly string[]): string[] {
  const { graph } = topology(d), inside = new Set(members), first = members[0]!, came = new Map<string, { from: string; port: string }>(), open = [first];
  for (let i = 0; i < open.length && !came.has(first); i++) graph.forEachOutEdge(open[i]!, (_, e) => { if (inside.has(e.into) && !came.has(e.into)) { came.set(e.into, { from: e.from, port: e.to }); open.push(e.into); } });
  const round: string[] = [];
  for (let n = first; ;) { const { from, port } = came.get(n)!; round.unshift(`${n}.${port}`); n = from; if (n === first) return round; }
}

/** What a wire carries, or why there is none; undefined where the node that it comes from has been reported already. */
function told({ d, dims, broken }: Judged, text: string): Typed | string | undefined {
  const type = typeOf(d, text, dims.types), { from } = parse(text);
  return typeof type === 'string' && broken && from in d.page.nodes && !dims.places.has(from) ? undefined : type;
}
const losses: Rule = j => Object.entries(j.d.page.train).flatMap(([rule, r]) => {
  const { d, dims } = j, issues: Issue[] = [], all = Object.keys(d.page.train), bad = (code: string, what: string, expected: string, got: unknown, fix = expected) => { issues.push({ code, at: rule, what: `rule ${rule}: ${what}`, expected, got: say(got), fix }); };
  if (!r.losses.length) bad('LOSS', 'no losses', 'one loss or more', 'none', `g.train('${rule}', loss, { optimiser })`);
  for (const { loss, weight } of r.losses) {
    const t = told(j, loss), why = unusable(weight);
    if (typeof t === 'string') bad('LOSS', t, 'f32 []', loss, 'train an output that a loss node gives');
    else if (t && (t.dims.length || t.dtype !== 'f32')) issues.push({ code: 'LOSS', at: rule, what: `rule ${rule}: ${code(loss)} is ${show(t)}, and a loss is one number`, expected: 'f32 []', got: show(t), fix: 'reduce it with a loss node' });
    if (why) bad('RULE', `weight of ${loss}: ${why}`, 'a number or a schedule', weight);
  }
  const lr = unusable(r.optimiser.lr, [0, Infinity]);
  if (lr) bad('RULE', `lr: ${lr}`, 'a number or a schedule, 0 or above', r.optimiser.lr);
  for (const k of ['clipNorm', 'clipEach'] as const) { const x = r[k], why = isSchedule(x) && (unusable(x) ?? (Math.min(x.from, x.to) > 0 ? undefined : 'one end is not above 0')); if (why) bad('RULE', `${k}: ${why}`, 'a number or a schedule, above 0', x); }
  if (isSchedule(r.until?.above) && unusable(r.until.above)) bad('RULE', `above: ${unusable(r.until.above)!}`, 'a number or a schedule', r.until.above);
  const entering = r.losses.map(l => parse(l.loss).from).filter(n => n in d.page.nodes).flatMap(n => taken(d, n).map(([, w]) => typeOf(d, w, dims.types))), swept = entering.flatMap(t => (typeof t === 'string' ? [] : t.dims));
  const end = r.until?.wire ?? '', until = r.until && told(j, end), divergence = 'an output that is one number, such as the divergence of a policy loss';
  if (typeof until === 'string') bad('WIRE', `until: ${until}`, 'f32 []', end, divergence);
  else if (until && (until.dims.length || until.dtype !== 'f32')) bad('RULE', `until ${code(end)}, which is ${show(until)}`, 'f32 [], one number', show(until), divergence);
  if (r.sweep && !swept.includes(r.sweep.over) && !entering.some(t => typeof t === 'string')) bad('RULE', `sweeps over ${r.sweep.over}, which no input of its losses has`, `one of ${listed(new Set(swept.filter(x => base(x) !== 'batch')))}`, r.sweep.over);
  for (const o of r.only ?? []) if (!(o in d.page.nodes)) bad('NAME', `only ${o}, which is no node`, listed(Object.keys(d.page.nodes)), o, meaning(o, Object.keys(d.page.nodes)));
  if (r.after !== undefined && !(r.after in d.page.train)) bad('AFTER', `comes after ${r.after}, which is no rule`, listed(all), r.after, `name one of ${listed(all)}`);
  else if (before(d.page, rule).includes(rule)) bad('AFTER', 'comes after itself', 'an order with a first rule', `after ${r.after ?? ''}`, 'leave one `after` out');
  return issues;
});

const training: Rule = ({ d, broken }) => {
  const { page } = d, issues: Issue[] = [], by = new Map<string, string[]>(), idle: string[] = [], rules = Object.keys(page.train);
  for (const rule of rules) {
    const { trained } = reach(d, rule);
    for (const n of trained) by.set(n, [...by.get(n) ?? [], rule]);
    if (!trained.length) idle.push(rule);
  }
  if (!broken) for (const rule of idle) issues.push({ code: 'UNTRAINED', at: rule, what: `rule ${rule} reaches no weights`, expected: 'a node with layers upstream of its losses', got: listed(page.train[rule]!.losses.map(l => l.loss)), fix: 'check for stop(...), still ports and targets between its losses and the nodes to train, and `only`' });
  if (!rules.length) issues.push({ code: 'UNTRAINED', at: page.name, what: 'nothing is trained', expected: 'one rule or more', got: 'none', fix: "g.train('name', loss, { optimiser })" });
  const pairs = new Map<string, { a: string; b: string; nodes: string[] }>();
  for (const [n, own] of by) for (const [i, a] of own.entries()) for (const b of own.slice(i + 1)) if (!before(page, b).includes(a) && !before(page, a).includes(b)) { const key = `${a} ${b}`, held = pairs.get(key); if (held) held.nodes.push(n); else pairs.set(key, { a, b, nodes: [n] }); }
  for (const { a, b, nodes } of pairs.values()) issues.push({ code: 'TWICE', at: nodes[0]!, what: `${listed(nodes)} ${nodes.length > 1 ? 'are' : 'is'} trained by ${a} and by ${b} in the same pass`, expected: 'one rule a pass', got: `${a} and ${b}`, fix: `one rule with both losses, { after: '${a}' } at ${b}, \`only\` at both, or stop(...) / frozen(...) on one way` });
  const lagging = new Set<string>();
  for (const [n, e] of Object.entries(page.nodes)) {
    if (e.role === 'target') lagging.add(owner(page, n));
    if (!use(d, n).spec.layers) continue;
    if (e.of === undefined && !by.has(n) && !broken && !idle.length && rules.length) issues.push({ code: 'UNTRAINED', at: n, what: `no rule reaches the layers of ${n}`, expected: 'a loss downstream of it', got: listed(rules), fix: `train it, or g.remove('${n}')` });
    if (e.role === 'target' && !('*' in page.targets) && !(owner(page, n) in page.targets)) issues.push({ code: 'LAG', at: n, what: `the lagged weights of ${n} never follow ${owner(page, n)}`, expected: `a targets rule for ${owner(page, n)}`, got: listed(Object.keys(page.targets)), fix: 'g.targets({ everyUpdates | everyEpisodes | everySteps | polyak })' });
  }
  for (const [n, t] of Object.entries(page.targets)) {
    const given = Object.entries(t).filter(([, v]) => v !== undefined), clocks = given.filter(([k]) => k !== 'polyak');
    if (n !== '*' && !lagging.has(n)) issues.push({ code: 'LAG', at: n, what: `a targets rule for ${n}, ${n in page.nodes ? 'whose weights nothing lags' : 'which is no node'}`, expected: listed(lagging), got: n, fix: lagging.size ? meaning(n, [...lagging]) : 'leave it out' });
    const ends = isSchedule(t.polyak) ? [t.polyak.from, t.polyak.to] : [t.polyak ?? 1];
    if (!given.length || clocks.length > 1 || clocks.some(([, v]) => !isCount(v)) || !ends.every(x => isNumber(x) && x > 0 && x <= 1) || (isSchedule(t.polyak) && unusable(t.polyak))) issues.push({ code: 'LAG', at: n, what: `targets of ${n}: ${say(t)}`, expected: 'one of everyUpdates, everyEpisodes, everySteps, and a polyak in (0, 1]', got: say(t), fix: 'g.targets({ everyEpisodes: 200 }) or g.targets({ polyak: 0.005 })' });
  }
  return issues;
};

const memory: Rule = j => {
  const { d, dims } = j, { page } = d, issues: Issue[] = [], bad = (at: string, what: string, expected: string, got: string, fix: string, code = 'MEMORY') => { issues.push({ code, at, what, expected, got, fix }); };
  for (const [n, wires] of Object.entries(page.keep)) {
    const own = page.memory[n];
    if (!own) { bad(n, `keep writes ${n}, which is no memory`, listed(Object.keys(page.memory)), n, `g.memory('${n}', { ... })`); continue; }
    for (const [k, text] of Object.entries(wires)) {
      const t = told(j, text);
      if (!(k in own)) bad(`${n}.${k}`, `memory ${n} has no ${k}`, listed(Object.keys(own)), k, `it has ${listed(Object.keys(own))}`);
      else if (typeof t === 'string') bad(`${n}.${k}`, t, 'f32 []', code(text), 'keep an output that is one number', 'WIRE');
      else if (t && show({ ...t, dims: canonical(t.dims) }) !== show(typeOf(d, `${n}.${k}`, dims.types) as Typed)) {
        const want = show(typeOf(d, `${n}.${k}`, dims.types) as Typed);
        bad(`${n}.${k}`, `memory is ${want === 'f32 []' ? 'one number' : want}, and ${code(text)} is ${show(t)}`, want, show(t), want === 'f32 []' ? 'reduce it' : `keep an output that is ${want}`);
      }
    }
  }
  for (const [n, values] of Object.entries(page.memory)) {
    for (const [k, x] of Object.entries(values)) if (typeof x === 'object') for (const dim of words(x.over)) if (dim !== 'batch' && !isDim(d, dim, dims.types)) bad(`${n}.${k}`, `memory ${n}.${k} lies over ${dim}, which nothing has`, 'dims of the world, of the page, or batch', x.over, `g.dim('${dim}', n) gives it a size`);
    const unkept = Object.keys(values).filter(k => !(k in (page.keep[n] ?? {})));
    if (unkept.length) bad(n, `nothing writes ${unkept.map(k => `${n}.${k}`).join(', ')}`, `g.keep of ${unkept.join(', ')}`, listed(Object.keys(page.keep[n] ?? {})), `g.keep('${n}', { ${unkept.join(', ')} })`);
  }
  for (const [source, text] of Object.entries(page.priority)) {
    const t = told(j, text), at = `priority of ${source}`;
    if (typeof t === 'string') bad(at, t, 'f32 [batch time]', code(text), 'an output that is f32 [batch time]', 'WIRE');
    else if (t && (t.dtype !== 'f32' || t.dims.map(base).join(' ') !== 'batch time')) bad(at, `the priority of ${source} is ${show(t)}`, 'f32 [batch time]', show(t), 'one error per transition', 'SHAPE');
  }
  return issues;
};

/** Of a piece of a rollout nothing may ask what came before or after it: what goes over time is computed on the whole, and read through `once`. */
const pieces: Rule = ({ d, broken }) => {
  const [name = '', { cut, length } = { cut: 'episodes' }] = Object.entries<Partial<Source>>(d.page.sources)[0] ?? [];
  if (cut !== 'rollout' || length === undefined || broken) return [];
  const swept = Object.entries(d.page.train).find(([, r]) => r.sweep?.over === 'time'), bad = (at: string, what: string, fix: string): Issue => ({ code: 'SOURCE', at, what: `source ${name} cuts its rollouts into pieces of ${length} steps, and ${what}`, expected: 'nothing that goes over time after the rollout is cut', got: at, fix });
  return [...overTime(d).map(n => bad(n, `${n} goes over all of them`, `read ${n} through once(...), or leave length out`)), ...(swept ? [bad(swept[0], `rule ${swept[0]} sweeps over all of them`, 'leave length out')] : [])];
};

const SEES = ['local', 'agents', 'all'] as const;
export interface Sight { readonly sees: (typeof SEES)[number]; readonly because: string; readonly at: string }
/** What the acting slice needs when it runs: each agent's own fields, several agents' at once, or the central state. */
export function sight(d: Definition, { places, types: known } = infer(d)): Sight {
  let found: Sight = { sees: 'local', because: '', at: '' };
  for (const n of actingSlice(d)) {
    if (!(n in d.page.nodes)) continue;
    const among = (wire: string) => { const t = typeOf(d, wire, known); return typeof t !== 'string' && t.dims.includes('agent') && places.get(n)?.lead.includes('agent') === false; }, mixing = taken(d, n).find(([, wire]) => among(wire));
    if (found.sees === 'local' && mixing) found = { sees: 'agents', because: `${n} mixes agents`, at: `${n}.${mixing[0]}` };
    topology(d).graph.forEachInEdge(n, (_, e) => { if (found.sees !== 'all' && e.from in d.page.sources && d.page.world[e.port]?.sight === 'central') found = { sees: 'all', because: `${n} reads ${e.from}.${e.port}`, at: `${n}.${e.to}` }; });
  }
  return found;
}
const acting: Rule = j => {
  const { d, dims } = j, { act, world, sources: from_ } = d.page, issues: Issue[] = [], bad = (at: string, what: string, expected: string, got: string, fix: string) => { issues.push({ code: 'ACT', at, what, expected, got, fix }); };
  if (!act) return [{ code: 'ACT', at: d.page.name, what: 'the page does not say how it acts', expected: 'g.act(...)', got: 'nothing', fix: 'g.act(explore)' }];
  const field = world['action'], want = field ? `${field.dtype} [${field.spec}]` : 'an action';
  for (const [text, role] of new Map([[act.best ?? act.action, 'best'], [act.action, 'action']])) {
    const t = told(j, text), { from, via } = parse(text);
    if (typeof t === 'string') bad(text, `${role}: ${t}`, want, text, 'act on a wire that is there');
    if (typeof t !== 'object') continue;
    const got = t.dims.filter(x => base(x) !== 'batch' && !base(x).startsWith('time')).join(' '), turned = via.find(v => v === 'next' || v === 'once' || v === 'now');
    if (field && (t.dtype !== field.dtype || got !== field.spec)) bad(text, `${role} is ${show(t)}, and an action of this world is ${want} at each slot`, want, show(t), 'act on the output of an exploration node');
    else if (from in from_) bad(text, `${role} is ${code(text)}, which is known only after acting`, 'an output of a node', code(text), 'act on the output of an exploration node');
    else if (turned) bad(text, `${role} is ${code(text)}, and acting has one slot`, 'the present slot', code(text), `act on ${from}.${parse(text).port}`);
  }
  if (act.clipped && field?.dtype !== 'f32') bad('act', 'actions are clipped to [-1, 1], and those of this world are numbered', 'a world of continuous actions', want, 'leave `clipped` out');
  if (act.inTurn !== undefined && want !== `i32 [${act.inTurn}]`) bad(act.inTurn, `acts in turn over ${act.inTurn}, and an action of this world is ${want}`, `a world whose action is i32 [${act.inTurn}]`, want, `leave inTurn out${field?.dtype === 'i32' && field.spec ? `, or act in turn over ${field.spec}` : ''}`);
  const slice = actingSlice(d);
  if (topology(d).cycles.flat().some(n => slice.has(n))) return issues;
  const { sees, because, at } = sight(d, dims), allowed = act.sees ?? (act.inTurn === undefined ? 'local' : 'agents');
  if (SEES.includes(allowed) && SEES.indexOf(sees) > SEES.indexOf(allowed)) bad(at, `not decentralised: ${because}`, `${allowed === 'local' ? "each agent's own fields" : allowed} in the acting slice`, `${sees}: ${because}`, `act on local fields only, or say g.act(..., { sees: '${sees}' })`);
  for (const n of slice) if (n in d.page.nodes) topology(d).graph.forEachInEdge(n, (_, e) => {
    if (e.from in from_ && world[e.port]?.sight === 'after' && act.inTurn === undefined) bad(`${n}.${e.to}`, `${n} reads ${e.from}.${e.port} to act, which is known only after the step`, 'a field seen before acting', code(e.text), 'act on fields of the present slot');
    if (e.from in from_ && e.from !== Object.keys(from_)[0]) bad(`${n}.${e.to}`, `${n} reads ${e.from}.${e.port} to act, and acting has the fields of ${Object.keys(from_)[0]!} alone`, `a field of ${Object.keys(from_)[0]!}`, code(e.text), `${e.to}: ${code(`${Object.keys(from_)[0]!}.${e.port}`)}`);
    const held = d.page.memory[e.from]?.[e.port], ahead = e.via.find(v => v === 'next' || (v === 'once' && held === undefined));      // memory is the same for all that an update does
    if (typeof held === 'object' && words(held.over).includes('batch')) bad(`${n}.${e.to}`, `${n} reads ${e.from}.${e.port} to act, which is of the copies that are learned from`, 'memory that does not lie over batch', code(e.text), 'act on fields of the present slot, or on memory of another shape');
    if (ahead) bad(`${n}.${e.to}`, `${n} reads ${code(e.text)} to act`, 'the present slot', code(e.text), `act on the present slot: no ${ahead}(...) upstream of the action`);
  });
  return issues;
};

const NOTHING: Inference = { types: new Map(), places: new Map(), issues: [] };
const CODES: Readonly<Record<string, string>> = { name: 'NAME', parent: 'NAME', sources: 'SOURCE', nodes: 'CONFIG', train: 'RULE', targets: 'LAG', memory: 'MEMORY', keep: 'MEMORY', priority: 'SOURCE', dims: 'DIM', act: 'ACT' };
/** What a page file may not hold, where nothing has been found yet: what passes here can be written and read back. */
const unwritable = ({ page }: Definition, found: readonly Issue[]): Issue[] => (pageSchema.safeParse(page).error?.issues ?? []).map(({ path, message, ...i }): Issue => {
  const got = say(path.reduce<unknown>((x, k) => (x as Record<PropertyKey, unknown> | undefined)?.[k], page)), at = path.slice(1).join('.') || page.name.slice(0, 80), unknown = i.code === 'unrecognized_keys' ? i.keys.join(', ') : '';
  return { code: CODES[String(path[0])] ?? 'PAGE', at, what: unknown ? `${path.join('.')} has no ${unknown}` : `${path.join('.')} is ${got}`, expected: message, got, fix: unknown ? `leave ${unknown} out` : `write ${message}` };
}).filter(i => !found.some(({ at }) => at === i.at || at.startsWith(`${i.at.split('.', 1)[0]!}.`) || i.at.startsWith(`${at}.`)));
/** Every problem of a page; none means that it can be planned, drawn, run, written and read back. */
export function check(d: Definition): Issue[] { const found = judge(d); return [...found, ...unwritable(d, found)]; }
function judge(d: Definition): Issue[] {
  const plain = { d, dims: NOTHING, broken: false }, unreadable = names(plain), first = [...types(plain), ...unreadable, ...places(plain), ...settings(plain), ...sources(plain)];
  if (!Object.keys(d.page.sources).length) return [...first, { code: 'SOURCE', at: d.page.name, what: 'the page has no source of data', expected: 'one source or more', got: 'none', fix: 'g.episodes(...), g.transitions(...) or g.rollout(...)' }];
  if (unreadable.length) return first;
  const dims = infer(d), wired = { d, dims, broken: dims.issues.length > 0 || topology(d).cycles.length > 0 || first.some(i => i.code === 'TYPE' || i.code === 'NAME') || Object.keys(d.page.nodes).some(n => !isKnown(d, n)) };
  const found = [...first, ...cycles(wired), ...dims.issues, ...losses(wired)], judged = { ...wired, broken: wired.broken || found.some(i => ['LOSS', 'NAME', 'AFTER'].includes(i.code)) };
  return [...found, ...training(judged), ...memory(judged), ...pieces(judged), ...acting(judged)];
}
