/** A profile as a table for people. */
import type { NodeTimes, ProfileFacts } from '../profile.ts';
import { counted, wrap } from './layout.ts';
import type { Paper } from './session.ts';

const COLUMNS = ['acting', 'forward', 'backward', 'evaluation'] as const, WIDTH = 11;
/** Three digits are enough for any of these numbers. */
const figure = (seconds: number): string => (seconds >= 99.5 ? seconds.toFixed(0) : seconds >= 9.95 ? seconds.toFixed(1) : seconds >= 0.9995 ? seconds.toFixed(2) : seconds.toFixed(3));
const cell = (seconds: number): string => (seconds > 0 ? figure(seconds) : '-').padStart(WIDTH);
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`.padStart(WIDTH);

export function printProfile(paper: Paper, { engine, seconds, phases, programs, nodes, between, placed }: ProfileFacts): void {
  const name = Math.max(16, ...nodes.map(n => n.name.length)), total = (n: NodeTimes) => COLUMNS.reduce((sum, c) => sum + n[c], 0), inside = programs.reduce((sum, p) => sum + p.seconds, 0), share = (x: number) => percent(inside > 0 ? x / inside : 0);
  const row = (label: string, cells: readonly string[]) => `  ${label.padEnd(name)}${cells.join('')}`.trimEnd(), head = (label: string, titles: readonly string[]) => `[[dim|${row(label, titles.map(t => t.padStart(WIDTH)))}]]`;
  const making = programs.reduce((sum, p) => sum + p.making, 0), calls = (use: string) => programs.find(p => p.use === use)!.calls;
  paper.print(
    `[[bold|where the time went]]: ${figure(seconds)} s on ${engine.opens ?? engine.engine}`, head('', ['seconds', 'share']), ...phases.map(p => row(p.name, [cell(p.seconds), percent(p.share)])), '',
    head('node', [...COLUMNS, 'share']), ...nodes.map(n => row(n.name, [...COLUMNS.map(c => cell(n[c])), share(total(n))])), row('between nodes', [cell(between.acting), cell(between.learning), cell(0), cell(between.evaluation), share(between.acting + between.learning + between.evaluation)]), '',
    ...wrap(`Nodes are in seconds: ${counted(calls('acting'), 'acting step')}, ${counted(calls('learning'), 'learning program')} forward and backward, ${counted(calls('evaluation'), 'acting step')} of evaluations. Between nodes are wires, optimisers, and weights on their way in and out.${making > 0 ? ` Programs were made in ${figure(making)} s, which is not among them.` : ''}${placed ? ` ${inWords(placed)}` : ''}`, Math.min(100, paper.columns)).map(line => `[[dim|${line}]]`),
  );
}
function inWords({ operators, onCpu }: NonNullable<ProfileFacts['placed']>): string {
  const types = Object.entries(onCpu).sort(([, a], [, b]) => b - a), n = types.reduce((sum, [, k]) => sum + k, 0);
  return `Of ${counted(operators, 'operator')} ${n} ran on the CPU${n ? `: ${types.map(([type, k]) => `${k} ${type}`).join(', ')}` : ''}.`;
}
