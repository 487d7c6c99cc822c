/** Runs side by side: grouped by environment, algorithm and settings, scored at one step, with statistics over their seeds. Reads folders, and loads nothing that they name. */
import path from 'node:path';
import { z } from 'zod';
import { InputError, nearest } from '../core/error.ts';
import { Random } from '../core/random.ts';
import { isSchedule } from '../core/schedule.ts';
import { interval, iqm, probabilityOfImprovement, type Interval, type Scores } from './statistics.ts';
import { readRun } from './stores/read-run.ts';

interface Point { readonly step: number; readonly value: number }
interface Read { readonly run: string; readonly algorithm: string; readonly environment: string; readonly seed: number; readonly settings: Settings; readonly points: readonly Point[]; readonly metrics: readonly string[] }
/** Every number of a run's page and of how it ran, by its place as `--set` has it, in words. */
type Settings = ReadonlyMap<string, string>;

export interface ComparedRun { readonly run: string; readonly seed: number; readonly step: number; readonly score: number }
export interface Group {
  /** Its algorithm, and what tells it from another group of the same one: `qmix, q.lr = 0.001`. */
  readonly name: string;
  readonly algorithm: string;
  readonly runs: readonly ComparedRun[];
  readonly iqm: number; readonly mean: number; readonly lowest: number; readonly highest: number;
  /** Of the IQM; undefined for one run. */
  readonly interval?: Interval;
}
/** That a run of the first scores higher than one of the second. */
export interface Improvement { readonly first: string; readonly second: string; readonly probability: number; readonly interval?: Interval }
export interface InEnvironment {
  readonly environment: string;
  /** Environment steps at which the runs are compared. */
  readonly step: number;
  /** By their IQM, the highest first. */
  readonly groups: readonly Group[];
  readonly improvements: readonly Improvement[];
}
export interface Comparison {
  readonly metric: string;
  readonly environments: readonly InEnvironment[];
  /** Over all environments that both have runs in, each of the same weight; empty of one environment. */
  readonly overall: readonly (Improvement & { readonly environments: readonly string[] })[];
  readonly notes: readonly string[];
}
export interface Banded { readonly name: string; readonly points: readonly (Point & Interval)[] }

const RESAMPLES = 10_000, RESAMPLES_OF_A_CURVE = 2000, STEPS_OF_A_CURVE = 60;
/** Fewer runs than this have intervals that are too narrow. */
const FEW = 5;

const groupBy = <T, K>(all: readonly T[], key: (x: T) => K): Map<K, T[]> => {
  const groups = new Map<K, T[]>();
  for (const x of all) { const held = groups.get(key(x)); if (held) held.push(x); else groups.set(key(x), [x]); }
  return groups;
};

const json = z.record(z.string(), z.unknown());
const facts = z.object({ seed: z.number(), page: json.optional(), original: z.object({ page: json }).optional(), settings: z.object({ copies: z.number(), overlap: z.string() }).partial().optional(), swaps: z.array(z.unknown()).default([]) });
const inWords = (x: unknown): string => (typeof x === 'string' ? x : isSchedule(x) ? `${x.schedule} ${x.from} to ${x.to} over ${x.over} ${x.clock}` : JSON.stringify(x));

/** What a page has beside its numbers, or what only says where it comes from. */
const WORDS = ['$schema', 'format', 'name', 'parent', 'about', 'paper'];
function settingsOf({ page, original, settings, swaps }: z.infer<typeof facts>, edits: readonly string[]): Settings {
  const found = new Map<string, string>(), walk = (at: readonly string[], x: unknown): void => {
    if (typeof x === 'object' && x !== null && !Array.isArray(x) && !isSchedule(x)) { for (const [key, value] of Object.entries(x)) if (key !== 'type' || !('of' in x)) walk([...at, key], value); return; }
    found.set(found.has(placeOf(at)) ? at.join(' ') : placeOf(at), inWords(x));
  };
  for (const [key, value] of Object.entries(original?.page ?? page ?? {})) if (!WORDS.includes(key)) walk([key], value);
  if (settings?.copies !== undefined) found.set('copies', String(settings.copies));
  if (settings?.overlap !== undefined && settings.overlap !== 'off') found.set('overlap', settings.overlap);
  if (swaps.length) found.set('swaps', JSON.stringify(swaps));
  if (edits.length) found.set('edited', edits.join('; '));
  return found;
}
/** `nodes mixer config embed` is `mixer.embed`, `nodes mixer type` `mixer`, `train q optimiser lr` `q.lr`. */
function placeOf([field = '', name = '', ...rest]: readonly string[]): string {
  if (field === 'nodes' && rest.length === 1 && rest[0] === 'type') return name;
  if (field === 'targets') return ['targets', ...(name === '*' ? [] : [name]), ...rest].join('.');
  if (field === 'nodes' || field === 'sources' || field === 'train') return [name, ...(rest[0] === 'config' || rest[0] === 'optimiser' ? rest.slice(1) : rest)].join('.');
  return [field, name, ...rest].filter(Boolean).join('.');
}

async function read(run: string, metric: string): Promise<Read> {
  const { record, metrics, events } = await readRun(run), known = facts.safeParse(record);
  if (!known.success) throw new InputError(`${run}/run.json: ${known.error.issues.map(i => `${i.path.join('.')}: ${i.message}`).join('; ')}`, 'name the folder that skein train printed');
  const edits = events.flatMap(e => (e.kind === 'swap' && typeof e.detail['what'] === 'string' ? [e.detail['what']] : []));
  return {
    run, algorithm: record.algorithm, environment: record.environment, seed: known.data.seed, settings: settingsOf(known.data, edits),
    points: metrics.flatMap(({ step, values }) => (Object.hasOwn(values, metric) ? [{ step, value: values[metric]! }] : [])).sort((a, b) => a.step - b.step),
    metrics: [...new Set(metrics.flatMap(m => Object.keys(m.values)))],
  };
}
/** All of them, or all that is wrong with them. */
async function readAll(runs: readonly string[], metric: string): Promise<Read[]> {
  const all = await Promise.allSettled(runs.map(run => read(run, metric))), faults = all.flatMap(r => (r.status === 'rejected' ? [r.reason as unknown] : []));
  if (faults.length > 1 && faults.every(e => e instanceof InputError)) throw new InputError(`${faults.length} of ${runs.length} folders cannot be compared\n${faults.map(e => `  ${e.message.split('\n', 1)[0]!}`).join('\n')}`, 'name folders that skein train printed');
  if (faults.length) throw faults[0];
  return all.flatMap(r => (r.status === 'fulfilled' ? [r.value] : []));
}

/** Steps between two values of a run, on the mean. */
const spacing = (points: readonly Point[]): number => (points.length > 1 ? (points.at(-1)!.step - points[0]!.step) / (points.length - 1) : points.at(-1)!.step);
/** The value nearest to a step; none where the run has none within half its spacing. */
function near(points: readonly Point[], step: number): Point | undefined {
  const found = points.reduce((a, b) => (Math.abs(b.step - step) < Math.abs(a.step - step) ? b : a));
  return Math.abs(found.step - step) <= Math.max(1, spacing(points) / 2) ? found : undefined;
}
const last = ({ points }: Read): number => points.at(-1)!.step;

/** Names of groups of one algorithm: by the places in which they differ, as few of them as tell each from the others. */
function namesOf(algorithm: string, groups: readonly Settings[]): string[] {
  const places = [...new Set(groups.flatMap(s => [...s.keys()]))].filter(place => new Set(groups.map(s => s.get(place))).size > 1), owner = (place: string) => place.slice(0, place.indexOf('.'));
  const few = places.filter(place => !(place.includes('.') && places.includes(owner(place)))), say = (s: Settings, place: string) => (place === 'edited' ? s.get(place)! : place === 'swaps' ? plannedInWords(s.get(place)!) : `${place} = ${s.get(place)!}`);
  for (const [told, twice] of [[few, false], [few, true], [places, true]] as const) {              // a planned swap is among the edits, too
    const names = groups.map(s => [algorithm, ...told.filter(place => s.has(place) && (twice || place !== 'edited' || !s.has('swaps'))).map(place => say(s, place))].join(', '));
    if (new Set(names).size === groups.length) return names;
  }
  return groups.map((_, i) => `${algorithm} (${i + 1})`);
}
/** `mixer = duplexMixer at step 4000`, as the record has it planned. */
function plannedInWords(text: string): string {
  const planned = z.array(z.object({ at: z.number(), swaps: z.union([z.string(), z.array(z.object({ slot: z.string(), type: z.string() }))]) })).safeParse(JSON.parse(text));
  return planned.success ? planned.data.map(({ at, swaps }) => `${typeof swaps === 'string' ? swaps : swaps.map(s => `${s.slot} = ${s.type}`).join(' and ')} at step ${at}`).join(', ') : text;
}

const keyOf = (r: Read) => JSON.stringify([r.algorithm, [...r.settings].sort(([a], [b]) => (a < b ? -1 : 1))]);
interface Named { readonly name: string; readonly algorithm: string; readonly runs: readonly Read[] }
function grouped(runs: readonly Read[]): Named[] {
  const groups = [...groupBy(runs, keyOf).values()];
  return [...groupBy(groups, g => g[0]!.algorithm)].flatMap(([algorithm, alike]) => { const names = namesOf(algorithm, alike.map(g => g[0]!.settings)); return alike.map((g, i) => ({ name: names[i]!, algorithm, runs: g })); });
}

function scored({ name, algorithm, runs }: Named, metric: string, step: number, slowest: Read): Group {
  const found = [...runs].sort((a, b) => a.seed - b.seed || (a.run < b.run ? -1 : 1)).map(({ run, seed, points }): ComparedRun => {
    const at = near(points, step);
    if (!at) throw new InputError(`${run} has no ${metric} near step ${step}: its ${points.length === 1 ? `only one is at ${points[0]!.step}` : `values go from ${points[0]!.step} to ${points.at(-1)!.step}`}`, step === last(slowest) ? `leave out ${slowest.run}, which goes no further than ${step}, or skein resume ${slowest.run} --steps ${points[0]!.step}` : `--steps ${last(slowest)}, which all runs have made`);
    if (!Number.isFinite(at.value)) throw new InputError(`${run}: ${metric} at step ${at.step} is not finite`, 'leave the run out, and say so where you report the others; or --steps before it');
    return { run, seed, step: at.step, score: at.value };
  });
  const scores = found.map(r => r.score), draw = Random.of(1, `compare ${name}`);
  return { name, algorithm, runs: found, iqm: iqm([scores]), mean: scores.reduce((a, b) => a + b, 0) / scores.length, lowest: Math.min(...scores), highest: Math.max(...scores), ...(scores.length > 1 ? { interval: interval(s => iqm(s!), [[scores]], RESAMPLES, draw) } : {}) };
}
function improvement(first: string, second: string, x: Scores, y: Scores): Improvement {
  const several = [...x, ...y].every(task => task.length > 1);
  return { first, second, probability: probabilityOfImprovement(x, y), ...(several ? { interval: interval((a, b) => probabilityOfImprovement(a!, b!), [x, y], RESAMPLES, Random.of(1, `compare ${first} ${second}`)) } : {}) };
}
const pairs = <T>(all: readonly T[]): (readonly [T, T])[] => all.flatMap((a, i) => all.slice(i + 1).map(b => [a, b] as const));
const scoresOf = (g: Group) => g.runs.map(r => r.score);

function notesOn({ environment, step, groups }: InEnvironment, runs: readonly Read[], metric: string, asked: boolean): string[] {
  const notes: string[] = [], of = (all: readonly Group[]) => all.map(g => g.name).join(' and '), slowest = runs.reduce((a, b) => (last(b) < last(a) ? b : a)), furthest = Math.max(...runs.map(last));
  if (!asked && furthest > step + spacing(slowest.points)) notes.push(`${environment}: ${slowest.run} goes no further than step ${step}; others go on to ${furthest}`);
  const single = groups.filter(g => g.runs.length === 1), few = groups.filter(g => g.runs.length > 1 && g.runs.length < FEW);
  if (single.length) notes.push(`${environment}: ${of(single)} ${single.length > 1 ? 'have' : 'has'} one run${single.length > 1 ? ' each' : ''}, and one run has no interval; skein train with another --seed adds one`);
  if (few.length) notes.push(`${environment}: of ${of(few)} there are fewer than ${FEW} runs, and intervals of so few are too narrow; skein train with another --seed adds one`);
  for (const { name, runs: own } of groups) for (const [seed, same] of groupBy(own, r => r.seed)) if (same.length > 1) notes.push(`${environment}: ${same.map(r => r.run).join(' and ')} are ${name} with seed ${seed}, so they are one sample and count as ${same.length}`);
  const uneven = groups.filter(g => new Set(g.runs.map(r => r.score)).size === 1 && g.runs.length > 1);
  if (uneven.length) notes.push(`${environment}: all runs of ${of(uneven)} have the same ${metric}, so ${uneven.length > 1 ? 'their intervals are' : 'its interval is'} one point`);
  return notes;
}

export interface Asked { readonly metric?: string; readonly steps?: number }
interface Gathered { readonly runs: readonly Read[]; readonly groups: readonly Named[]; readonly field: InEnvironment }
export interface Compared {
  readonly comparison: Comparison;
  /** IQM and interval over environment steps, in the order of the table; of one environment. */
  curves(): readonly Banded[];
}
export async function compared(folders: readonly string[], { metric = 'eval/return', steps }: Asked = {}): Promise<Compared> {
  const twice = folders.find((a, i) => folders.findIndex(b => path.resolve(b) === path.resolve(a)) < i);
  if (twice !== undefined) throw new InputError(`${twice} is named twice`, 'name each run once');
  const all = await readAll(folders, metric);
  if (folders.length < 2) throw new InputError(`${folders[0] ?? 'nothing'} alone cannot be compared`, 'name two runs or more: skein compare runs/*');
  const runs = all.filter(r => r.points.length), known = [...new Set(all.flatMap(r => r.metrics))].sort();
  if (!runs.length) throw unmeasured(metric, known);
  const gathered = [...groupBy(runs, r => r.environment)].map(([environment, here]): Gathered => {
    const slowest = here.reduce((a, b) => (last(b) < last(a) ? b : a)), step = steps ?? last(slowest), named = grouped(here), groups = named.map(g => scored(g, metric, step, slowest)).sort((a, b) => b.iqm - a.iqm || (a.name < b.name ? -1 : 1));
    return { runs: here, groups: named, field: { environment, step, groups, improvements: pairs(groups).map(([a, b]) => improvement(a.name, b.name, [scoresOf(a)], [scoresOf(b)])) } };
  });
  const notes = [...all.filter(r => !r.points.length).map(r => `${r.run} has no ${metric} yet and is left out`), ...gathered.flatMap(g => notesOn(g.field, g.runs, metric, steps !== undefined))];
  return { comparison: { metric, environments: gathered.map(g => g.field), overall: overallOf(gathered.map(g => g.field)), notes }, curves: () => curvesOf(gathered[0]!) };
}
function unmeasured(metric: string, known: readonly string[]): InputError {
  const close = nearest(metric, known);
  return new InputError(`no run has ${metric}${close === undefined ? '' : `; did you mean ${close}?`}`, known.length ? `${metric.startsWith('eval/') && !known.some(name => name.startsWith('eval/')) ? 'none was evaluated yet: skein resume goes on with them, or ' : ''}--metric with one of ${known.join(', ')}` : 'they have no metrics yet: skein resume goes on with them');
}
/** Each pair of names, over the environments that both have runs in. */
function overallOf(fields: readonly InEnvironment[]): Comparison['overall'] {
  return pairs([...new Set(fields.flatMap(f => f.groups.map(g => g.name)))]).flatMap(([a, b]) => {
    const both = fields.flatMap(({ environment, groups }) => { const [x, y] = [a, b].map(name => groups.find(g => g.name === name)); return x && y ? [{ environment, x: scoresOf(x), y: scoresOf(y) }] : []; });
    if (both.length < 2) return [];
    const x = both.map(t => t.x), y = both.map(t => t.y), environments = both.map(t => t.environment);
    return [{ ...(probabilityOfImprovement(x, y) < 0.5 ? improvement(b, a, y, x) : improvement(a, b, x, y)), environments }];
  });
}
/** At the steps of the run with the fewest values, and at the last one that is compared. */
function curvesOf({ runs, groups, field }: Gathered): Banded[] {
  const coarsest = runs.reduce((a, b) => (b.points.length < a.points.length ? b : a)).points.map(p => p.step).filter(s => s < field.step), apart = Math.ceil((coarsest.length + 1) / STEPS_OF_A_CURVE), steps = [...coarsest.filter((_, i) => (coarsest.length - i) % apart === 0), field.step];
  return field.groups.map(({ name }): Banded => {
    const own = groups.find(g => g.name === name)!.runs, draw = Random.of(1, `curve ${name}`);
    return { name, points: steps.flatMap(step => {
      const scores = own.flatMap(r => near(r.points, step)?.value ?? []);
      return scores.length < own.length || !scores.every(Number.isFinite) ? [] : [{ step, value: iqm([scores]), ...interval(s => iqm(s!), [[scores]], RESAMPLES_OF_A_CURVE, draw) }];
    }) };
  });
}
