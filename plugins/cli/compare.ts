/** `skein compare`: runs side by side, over their seeds. */
import { Command } from 'commander';
import { InputError } from '../../core/error.ts';
import type { Comparison, Improvement, InEnvironment } from '../comparison.ts';
import type { Interval } from '../statistics.ts';
import { counted, grouped, labelled, wrap } from './layout.ts';
import { countOf, option } from './options.ts';
import { output } from './picture-options.ts';
import type { Paper, Session } from './session.ts';

interface Flags { readonly metric?: string; readonly steps?: string; readonly output?: string; readonly json?: boolean }
export const compare = (session: Session): Command => new Command('compare')
  .summary('runs side by side over their seeds, with intervals')
  .description('Compares runs at the same environment steps, grouped by environment, algorithm and settings.\nOf each group it shows the interquartile mean (IQM, the mean of the middle half of its runs) with a 95 % interval by stratified bootstrap, of each two how likely a run of one scores higher than one of the other (Agarwal et al. 2021, arXiv 2108.13264).')
  .argument('<runs...>', 'folders of runs, as skein train printed them: runs/*')
  .option('--metric <name>', 'what is compared, by its name in metrics.jsonl (default eval/return)')
  .addOption(option.steps('environment steps at which they are compared (default: as many as all runs have made)'))
  .addOption(output('curves over environment steps: curves.svg'))
  .addOption(option.json())
  .action(async (runs: readonly string[], flags: Flags) => {
    const { formatFor, writeWhole } = await import('./picture-file.ts'), { compared } = await import('../comparison.ts'), { curves } = await import('../../visualizer/curve.ts'), file = flags.output;
    if (file !== undefined) formatFor(file, ['svg'], 'compare');
    const { comparison, curves: lines } = await compared(runs, { ...(flags.metric === undefined ? {} : { metric: flags.metric }), ...(flags.steps === undefined ? {} : { steps: countOf(flags.steps, '--steps') }) }), { environments, metric, notes } = comparison, [first, ...more] = environments;
    if (file !== undefined && more.length) throw new InputError(`-o ${file}: the runs are of ${environments.map(e => e.environment).join(' and ')}, and one picture is of one environment`, 'name the runs of one environment');
    if (file !== undefined) {
      const svg = curves(lines(), { title: first!.environment, unit: `${metric}: IQM and 95 % interval of ${runsInWords(first!)}` });
      if (file === '-') session.stdout.write(svg); else await writeWhole(file, svg);
    }
    if (file !== '-') { if (flags.json) session.json(comparison); else print(session.answer, comparison, await figures(), file); }
    const { isTerminal, columns } = session.remarks;
    session.remarks.print(...notes.flatMap(note => (isTerminal ? wrap(note, columns - 6) : [note]).map((line, i) => `${i ? '      ' : 'note: '}${line}`)));
  });

const figures = async () => (await import('../trackers/readable.ts')).score;
function runsInWords({ groups }: InEnvironment): string {
  const numbers = [...new Set(groups.map(g => g.runs.length))].sort((a, b) => a - b);
  return numbers.length === 1 ? counted(numbers[0]!, 'run') : `${numbers[0]} to ${counted(numbers.at(-1)!, 'run')}`;
}

/** Characters that names have at least. */
const LEAST = 16;
type Say = (x: number) => string;
const between = (i: Interval | undefined, say: Say) => (i ? `${say(i.low)} .. ${say(i.high)}` : '-');
function print(paper: Paper, { metric, environments, overall }: Comparison, say: Say, file: string | undefined): void {
  for (const [i, field] of environments.entries()) {
    paper.print(...(i ? [''] : []), `[[bold|${metric}]] on [[bold|${field.environment}]] at step ${grouped(field.step)}`);
    table(paper, field, say);
    if (field.improvements.length) { paper.print('', ...lead(paper, `How likely a run of the first has a higher ${metric} than one of the second`)); likely(paper, field.improvements); }
  }
  if (overall.length) {
    paper.print('', '[[bold|over all environments]] that both have runs in', ...lead(paper, 'Each counts alike; IQMs are not put together, since returns of unlike environments have no common scale'));
    likely(paper, overall.map(o => ({ ...o, of: o.environments.length })));
  }
  if (file !== undefined) paper.print('', `curves: ${file}`);
}
const lead = (paper: Paper, text: string): string[] => wrap(text, paper.columns - 2).map(line => `[[dim|  ${line}]]`);

/** Names at the left, broken where they are long, and numbers in columns; a narrow terminal has fewer of these. */
function table(paper: Paper, { groups }: InEnvironment, say: Say): void {
  const rows = [['runs', 'IQM', '95 % interval', 'mean', 'lowest', 'highest'], ...groups.map(g => [grouped(g.runs.length), say(g.iqm), between(g.interval, say), say(g.mean), say(g.lowest), say(g.highest)])];
  const widths = rows[0]!.map((_, column) => 2 + Math.max(...rows.map(row => row[column]!.length))), taking = (n: number) => widths.slice(0, n).reduce((a, b) => a + b, 2), room = paper.columns - LEAST, shown = [6, 4, 3].find(n => taking(n) <= room) ?? 3;
  const width = Math.min(Math.max('algorithm'.length, ...groups.map(g => g.name.length)), Math.max(LEAST, paper.columns - taking(shown))), numbers = rows.map(row => row.slice(0, shown).map((cell, column) => cell.padStart(widths[column]!)).join(''));
  paper.print(`[[dim|  ${'algorithm'.padEnd(width)}${numbers[0]}]]`);
  for (const [i, { name }] of groups.entries()) {
    const [head = '', ...rest] = wrap(name, width);
    paper.print(`  [[bold|${head}]]${' '.repeat(Math.max(0, width - head.length))}${numbers[i + 1]}`, ...rest.map(line => `  [[bold|${line}]]`));
  }
}
function likely(paper: Paper, all: readonly (Improvement & { readonly of?: number })[]): void {
  const share: Say = x => x.toFixed(2), cells = all.map(p => `${share(p.probability)}  ${between(p.interval, share)}`), width = Math.max(...cells.map(c => c.length));
  for (const [i, { first, second, of }] of all.entries()) paper.print(...labelled(cells[i]!, `${first} over ${second}${of === undefined ? '' : `, ${counted(of, 'environment')}`}`, width, paper.columns));
}
