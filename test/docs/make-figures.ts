/** The figures of docs/reproductions.md, of the runs that test/fixtures/figures holds. `npx tsx test/docs/make-figures.ts` writes them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { grouped } from '../../plugins/cli/layout.ts';
import { compared, type InEnvironment } from '../../plugins/comparison.ts';
import { curves, type CurveGroup } from '../../visualizer/curve.ts';
import { recordRun } from '../plugins/cli/recorded-runs.ts';
import { scratch, skein } from '../plugins/cli/skein.ts';
import { TASKS } from '../learning/foraging.ts';
import { ROWS as PARTICLES, TASKS as PARTICLE_TASKS } from '../learning/mpe.ts';
import { AGENTS } from '../learning/parity.ts';
import { GAME } from '../learning/roles.ts';

interface Recorded { readonly algorithm: string; readonly seed: number; readonly seconds: number; readonly columns: readonly string[]; readonly points: readonly (readonly number[])[] }
const runsOf = (name: string): readonly Recorded[] => JSON.parse(readFileSync(new URL(`../fixtures/figures/${name}.json`, import.meta.url), 'utf8')) as readonly Recorded[];
const column = ({ columns, points }: Recorded, name: string): number[] => points.map(p => p[columns.indexOf(name)]!);

const average = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / x.length;

/** With folders that hold the evaluations of these runs. */
async function inFolders<T>(runs: readonly Recorded[], environment: string, returns: (run: Recorded) => readonly number[], use: (folders: readonly string[], at: (file: string) => string) => Promise<T>): Promise<T> {
  const folder = scratch();
  try {
    return await use(runs.map(run => { const y = returns(run); return recordRun(folder.in(`${run.algorithm}-${run.seed}`), { algorithm: run.algorithm, seed: run.seed, environment, points: column(run, 'step').map((step, i) => [step, y[i]!] as const) }); }), folder.in);
  } finally { folder.remove(); }
}
const drawn = (runs: readonly Recorded[], environment: string, returns: (run: Recorded) => readonly number[]): Promise<string> => inFolders(runs, environment, returns, async (folders, at) => {
  const { code, stderr } = await skein('compare', ...folders, '-o', at('curves.svg'));
  if (code !== 0) throw new Error(stderr);
  return readFileSync(at('curves.svg'), 'utf8');
});
const parity = (): Promise<string> => drawn(runsOf('parity'), `parity/line?agents=${AGENTS}`, run => column(run, 'right').map(x => AGENTS * x));

type Task = keyof typeof TASKS;
const returnsOf = (run: Recorded) => column(run, 'return'), foraged = (task: Task): Promise<string> => drawn(runsOf(task), TASKS[task].environment, returnsOf);
/** At a third of the way and at the end, by `skein compare`; algorithms by what they have at the third. */
async function foragedTable(task: Task): Promise<string> {
  const { environment, steps } = TASKS[task], third = steps / 3, [early, late] = await inFolders(runsOf(task), environment, returnsOf, async folders => Promise.all([third, undefined].map(async at => (await compared(folders, at === undefined ? {} : { steps: at })).comparison.environments[0]!))) as [InEnvironment, InEnvironment];
  const said = ({ iqm, interval }: InEnvironment['groups'][number]) => `${iqm.toFixed(3)} (${interval!.low.toFixed(3)} .. ${interval!.high.toFixed(3)})`;
  return [...head('algorithm', `IQM at ${grouped(third)} steps (95 % interval)`, `IQM at ${grouped(steps)} steps (95 % interval)`, 'lowest .. highest', 'seconds a run'), ...early.groups.map(group => {
    const end = late.groups.find(g => g.name === group.name)!;
    return row(group.name, said(group), said(end), `${end.lowest.toFixed(3)} .. ${end.highest.toFixed(3)}`, Math.round(average(runsOf(task).filter(r => r.algorithm === group.algorithm).map(r => r.seconds))));
  })].join('\n');
}

/** A number of each point of the runs of an algorithm: mean over the seeds, lowest and highest. */
function line(name: string, runs: readonly Recorded[], algorithm: string, of: (run: Recorded) => readonly number[]): CurveGroup {
  const own = runs.filter(r => r.algorithm === algorithm), values = own.map(of);
  return { name, points: column(own[0]!, 'step').map((step, i) => { const x = values.map(v => v[i]!); return { step, value: average(x), low: Math.min(...x), high: Math.max(...x) }; }) };
}
/** Pictures of one size, one below the other. */
function stacked(pictures: readonly string[]): string {
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(pictures[0]!)!, total = Number(height) * pictures.length;
  return [`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${total}" width="${width}" height="${total}">`, ...pictures.map((p, i) => p.trimEnd().replace('<svg xmlns="http://www.w3.org/2000/svg" ', `<svg y="${i * Number(height)}" `).replace(' rx="6"', '')), '</svg>\n'].join('\n');
}
function roles(): string {
  const runs = runsOf('roles'), unit = (what: string) => `${what}; mean and range of ${new Set(runs.map(r => r.seed)).size} runs`, control = 'without role losses', name = 'without them';
  const ratio = (run: Recorded) => { const same = column(run, 'within'); return column(run, 'between').map((x, i) => x / same[i]!); };
  return stacked([
    curves([line('two parts', runs, 'ROMA', r => column(r, 'between')), line('the same part', runs, 'ROMA', r => column(r, 'within'))], { title: `ROMA on ${GAME}: roles move apart`, unit: unit('distance of the mean roles of two agents, in spreads') }),
    curves([line('ROMA', runs, 'ROMA', ratio), line(name, runs, control, ratio)], { title: 'Two parts over the same part, with and without role losses', unit: unit('one distance over the other') }),
    curves([line('ROMA', runs, 'ROMA', r => column(r, 'identify'))], { title: 'First role loss: identifiability', unit: unit('divergence of a role from what the history tells of it, nats') }),
    curves([line('ROMA', runs, 'ROMA', r => column(r, 'differ')), line(name, runs, control, r => column(r, 'differ'))], { title: 'Second role loss: difference, with and without role losses', unit: unit('agents share a role or are far apart, few of them far') }),
  ]);
}
/** Particle tasks, one below the other: every algorithm on its own number of steps, those of millions apart from those of thousands. */
function particles(): string {
  const runs = runsOf('mpe'), rows = Object.entries(PARTICLES);
  return stacked(Object.entries(PARTICLE_TASKS).flatMap(([task, { name, random }]) => [true, false].map(long => curves(rows.filter(([, r]) => r.task === task && r.steps >= 1_000_000 === long).map(([key, { algorithm }]) => line(algorithm, runs, key, run => returnsOf(run).map(x => Math.max(x, random)))),
    { title: `${name}: greedy play over training`, unit: `return in the unit of the published figures, what is below random play (${random}) at its height; mean and range over seeds` }))));
}
function particleTable(): string {
  const said = (x: number) => x.toFixed(1);
  return [...head('algorithm', 'task', 'steps', 'greedy at the end, of each seed', 'last three evaluations, mean', 'best evaluation, mean', 'random play', 'published, best evaluation of 20M steps (MADDPG: 2M)', 'seconds a run'), ...Object.entries(PARTICLES).map(([key, { algorithm, task, steps, published }]) => {
    const own = runsOf('mpe').filter(r => r.algorithm === key).map(r => ({ ...r, returns: returnsOf(r) }));
    return row(algorithm, task, grouped(steps), own.map(r => said(r.returns.at(-1)!)).join(' '), said(average(own.map(r => average(r.returns.slice(-3))))), said(average(own.map(r => Math.max(...r.returns)))), PARTICLE_TASKS[task].random, published ?? 'none', Math.round(average(own.map(r => r.seconds))));
  })].join('\n');
}
export const FIGURES: Readonly<Record<string, () => string | Promise<string>>> = { parity, roles, cooperation: () => foraged('cooperation'), foraging: () => foraged('foraging'), particles };

const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`, head = (...cells: readonly string[]): string[] => [row(...cells), `|${'---|'.repeat(cells.length)}`];
const late = (run: Recorded, name: string) => average(column(run, name).slice(-4)), change = (run: Recorded, name: string, digits: number) => `${column(run, name)[0]!.toFixed(digits)} to ${late(run, name).toFixed(digits)}`;
/** The tables of docs/reproductions.md, of the same runs. */
export const TABLES: Readonly<Record<string, () => string | Promise<string>>> = {
  cooperation: () => foragedTable('cooperation'), foraging: () => foragedTable('foraging'), particles: particleTable,
  parity: () => [...head('algorithm', 'seed', 'first 0.99 or more', 'right answers, last five evaluations'), ...runsOf('parity').map(run => {
    const right = column(run, 'right'), reached = right.findIndex(x => x >= 0.99);
    return row(run.algorithm, run.seed, reached < 0 ? 'never' : `step ${grouped(column(run, 'step')[reached]!)}`, right.slice(-5).map(x => x.toFixed(3)).join(' '));
  })].join('\n'),
  roles: () => [...head('algorithm', 'seed', 'TD loss', 'identifiability, nats', 'difference', 'apart, two parts', 'apart, same part', 'two over same', 'greedy return'), ...runsOf('roles').map(run =>
    row(run.algorithm === 'ROMA' ? 'ROMA' : 'ROMA, control', run.seed, change(run, 'td', 2), change(run, 'identify', 3), change(run, 'differ', 3), change(run, 'between', 2), change(run, 'within', 2), (late(run, 'between') / late(run, 'within')).toFixed(1), late(run, 'greedy').toFixed(1)))].join('\n'),
  mmdp: () => [...head('algorithm', 'seed', 'largest value after 3,000 6,000 9,000 12,000 updates', 'learned at the start', 'derived', 'greedy return, last ten', 'published return', 'seconds, beside other programs'), ...runsOf('mmdp').map(run =>
    row(run.algorithm, run.seed, column(run, 'largest').filter((_, i) => i % 5 === 4).map(x => x.toFixed(1)).join(' '), ['q00', 'q01', 'q10', 'q11'].map(q => column(run, q).at(-1)!.toFixed(1)).join(' '), DERIVED[run.algorithm]!, [...new Set(column(run, 'greedy').slice(-10))].join(' '), run.algorithm === 'QPLEX' ? 'QPLEX paper, recalled: 100' : 'none', run.seconds))].join('\n'),
};
/** VDN: section "A game that repeats itself" of the page; QMIX the same. */
const DERIVED: Readonly<Record<string, string>> = { QPLEX: '10 9 9 0', VDN: '661 397 397 132', QMIX: '661 397 397 132' };

const [, started] = process.argv;
if (started === fileURLToPath(import.meta.url)) {
  for (const [name, draw] of Object.entries(FIGURES)) writeFileSync(new URL(`../../docs/pictures/${name}.svg`, import.meta.url), await draw());
  for (const table of Object.values(TABLES)) process.stdout.write(`${await table()}\n\n`);
}
