/** What was measured, as figures, as a table and as docs/performance.md. */
import type { Bar, Row, Who } from './rows.ts';

/** Seconds a unit: median and least of the turns, CPU time; and how often the yardstick goes into the median, in the same turns. */
export interface Figure { readonly who: Who; readonly turns: number; readonly median: number; readonly least: number; readonly cpu: number; readonly yardsticks: number }
export interface Measured { readonly row: Row; readonly figures: readonly Figure[]; /** Largest distance of each peer's numbers from ours, by who. */ readonly checked: Readonly<Record<string, number>>; readonly configured: readonly Configured[]; /** Seconds a load through 8 MiB, before each round of turns. */ readonly loads: readonly number[] }
/** Of a whole run: weights that learn, and steps of an optimiser per 1,000 steps of the environment. */
export interface Configured { readonly who: Who; readonly weights: number; readonly steps: number }
export interface Setting { readonly version: string; readonly date: string; readonly machine: string; readonly versions: readonly string[]; readonly load: string }
/** `row who` -> yardsticks: what a release leaves behind to be compared with. */
export interface Release { readonly version: string; readonly yardsticks: Readonly<Record<string, number>> }

export const median = (list: readonly number[]): number => { const sorted = [...list].sort((a, b) => a - b), half = sorted.length >> 1; return sorted.length % 2 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2; };
const SCALE = { ms: 1e3, us: 1e6, s: 1 } as const;
/** In the unit of the row. */
const inUnit = ({ unit }: Row, seconds: number): number => (unit === 'steps/s' ? 1 / seconds : seconds * SCALE[unit]);
const digits = (x: number): string => (x >= 1000 ? String(Math.round(x)).replace(/\B(?=(\d{3})+$)/g, ',') : x.toPrecision(3));
const shown = (row: Row, seconds: number): string => digits(inUnit(row, seconds));
/** How many times as fast. */
const times = (x: number): string => x.toFixed(2);

function barOf(bar: Bar, { row, figures }: Measured): string | undefined {
  const of = figures.find(f => f.who === bar.of), to = figures.find(f => f.who === bar.to);
  if (!of || (bar.to && !to)) return undefined;
  const rate = row.unit === 'steps/s', got = to ? (rate ? to.median / of.median : of.median / to.median) : inUnit(row, of.median), met = rate ? got >= bar.limit : got <= bar.limit;
  return `${to ? `${times(got)} ${rate ? 'x' : 'of'} ${to.who}, bar ${rate ? 'at least ' : ''}${bar.limit}` : `bar ${rate ? 'at least' : 'at most'} ${digits(bar.limit)} ${row.unit}`}: ${met ? 'met' : 'missed'}`;
}
const HEADS = ['', 'engine or peer', 'median', 'best', 'CPU', 'to tfjs:wasm', 'in yardsticks', 'to the release', 'bars'];
function cells(m: Measured, release: Release | undefined): string[][] {
  const base = m.figures.find(f => f.who === 'tfjs:wasm');
  return m.figures.map((f, i) => {
    const before = release?.yardsticks[`${m.row.name} ${f.who}`];
    return [
      i ? '' : m.row.what, f.who, `${shown(m.row, f.median)} ${m.row.unit}`, shown(m.row, f.least), m.row.unit === 'steps/s' || m.row.once ? '' : shown(m.row, f.cpu), base && base !== f ? `${times(base.median / f.median)} x` : '', digits(f.yardsticks),
      before === undefined ? '' : `${times(before / f.yardsticks)} x`, (m.row.bars ?? []).filter(b => b.of === f.who).map(b => barOf(b, m)).filter(x => x !== undefined).join('; '),
    ];
  });
}
/** Columns that hold nothing are left out. */
function filled(rows: readonly string[][]): string[][] {
  const wanted = HEADS.map((_, c) => rows.some(r => r[c] !== ''));
  return [HEADS, ...rows].map(r => r.filter((_, c) => wanted[c]));
}
export function table(all: readonly Measured[], release?: Release): string {
  const rows = filled(all.flatMap(m => cells(m, release))), widths = rows[0]!.map((_, c) => Math.max(...rows.map(r => r[c]!.length)));
  return rows.map(r => r.map((x, c) => x.padEnd(widths[c]!)).join('  ').trimEnd()).join('\n');
}
export const releaseOf = (version: string, all: readonly Measured[]): Release => ({ version, yardsticks: Object.fromEntries(all.flatMap(m => m.figures.map(f => [`${m.row.name} ${f.who}`, Number(f.yardsticks.toPrecision(4))]))) });

export function document(all: readonly Measured[], { version, date, machine, versions, load }: Setting, release?: Release): string {
  const rows = filled(all.flatMap(m => cells(m, release))), line = (r: readonly string[]) => `| ${r.join(' | ')} |`, peers = all.some(m => m.figures.some(f => m.row.peers?.includes(f.who))), configured = all.flatMap(m => m.configured.map(c => `| ${m.row.what} | ${c.who} | ${digits(c.weights)} | ${c.steps.toPrecision(3)} |`));
  const turns = all.flatMap(m => m.figures.map(f => f.turns)), loads = all.flatMap(m => m.loads), ns = (seconds: number) => digits(seconds * 1e9), checked = all.flatMap(m => Object.entries(m.checked).map(([who, x]) => `| ${m.row.what} | ${who} | ${x.toExponential(1)} |`));
  return `${[
    '# Performance', '',
    `Made by \`npm run bench${peers ? ' -- --peers' : ''}\`. Skein ${version}, ${date}. ${machine}. ${versions.join(', ')}. Load of the machine when it began: ${load}.`, '',
    `Each figure is the median of ${Math.min(...turns)} turns or more, each in a process of its own; all who are in a row take turns. A name that ends in \`-1\` has one core and one thread, \`-2\` two threads.`,
    '`skein` and whoever ends in `-1` is held to one core where the system has `taskset`. `onnx beside` has the threads that the engine chooses, and learns beside the environments (`--overlap on`). `loaded` has a process beside it that keeps one core busy. CPU time is of all threads, in the unit of the row.',
    '`in yardsticks` is the median in units of a product of two 128 x 128 matrices in plain JavaScript, timed in the same turns: by it runs on other days are compared, with the newest release too.', '',
    line(rows[0]!), line(rows[0]!.map(() => '---')), ...rows.slice(1).map(line), '',
    '## What was done', '',
    ...all.filter(m => m.row.note).map(m => `- ${m.row.what}: ${m.row.note!}.`), '',
    '## How quiet the machine was', '',
    `Between the turns a core walks through 8 MiB, more than it has for itself, by loads that each wait for the one before. At best a load took ${ns(Math.min(...loads))} ns. Where it takes longer, somebody else on the same processor has the cache that its cores share: programs larger than a core's own cache slow down, arithmetic hardly.`, '',
    '| | median, ns | worst, ns | median to the best of all |', '| --- | --- | --- | --- |',
    ...all.map(m => `| ${m.row.what} | ${ns(median(m.loads))} | ${ns(Math.max(...m.loads))} | ${times(median(m.loads) / Math.min(...loads))} |`), '',
    ...(configured.length ? ['## The same configuration', '', 'Before whole runs are timed beside others, each counts its weights, and what its optimisers do while it runs. Weights may differ by 1 %, the other by 5 %: an episode of ours ends with a slot that is no step.', '', '| | | weights that learn | steps of an optimiser per 1,000 steps |', '| --- | --- | --- | --- |', ...configured, ''] : []),
    ...(checked.length ? ['## The same work', '', 'Before anything is timed, all make one step from the same weights and batch. Largest difference of losses, gradient norms, first moments and updated weights (acting: actions and carries) from those of `onnx:cpu-1`, over the largest element of each array:', '', '| | | difference |', '| --- | --- | --- |', ...checked, ''] : []),
  ].join('\n').trimEnd()}\n`;
}
