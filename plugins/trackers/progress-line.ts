/** The one line that shows where a run is: as much of it as fits, and every part at a place of its own. */
import type { Progress } from '../../core/tracker.ts';
import { count, duration, figure, oneLine, score } from './readable.ts';

/** How a part looks; a terminal without colours shows the text alone. */
export type Tone = 'plain' | 'quiet' | 'strong' | 'accent' | 'alarm';
export interface Part { readonly text: string; readonly tone: Tone }
export type Line = readonly Part[];

export interface Shape {
  /** Characters that the line may take. */
  readonly columns: number;
  readonly ascii: boolean;
  /** What is counted: steps. */
  readonly unit?: string;
}

export const widthOf = (line: Line): number => line.reduce((sum, { text }) => sum + text.length, 0);
const part = (text: string, tone: Tone = 'plain'): Part => ({ text, tone });

const [LEAST_BAR, MOST_BAR] = [10, 32];
/** Its rank among the parts: a result is worth more than the bar. */
const BAR = 3;

function bar(share: number, width: number, ascii: boolean): Line {
  if (ascii) {
    const done = Math.floor(share * (width - 2));
    return [part('['), part('#'.repeat(done), 'accent'), part('.'.repeat(width - 2 - done), 'quiet'), part(']')];
  }
  const whole = Math.floor(share * width), half = share * width - whole >= 0.5;
  return [part('━'.repeat(whole) + (half ? '╸' : ''), 'accent'), part('─'.repeat(width - whole - (half ? 1 : 0)), 'quiet')];
}

/** `return` of training or evaluation, or each player's: `train`, or `red train` and `blue train`. */
export function returnsOf(latest: Readonly<Record<string, number>>, of: 'train' | 'eval'): readonly (readonly [string, number])[] {
  const end = `${of}/return`;
  return Object.entries(latest).filter(([name]) => name === end || name.endsWith(`/${end}`))
    .map(([name, value]) => [name === end ? of : `${oneLine(name.slice(0, -end.length - 1))} ${of}`, value] as const);
}

/** Losses of train rules, without their terms: `loss/q`, or `red/loss/q`. Named where there are several. */
function lossesOf(latest: Readonly<Record<string, number>>): readonly (readonly [string, number])[] {
  const found = Object.entries(latest).filter(([name]) => /^([^/]+\/)?loss\/[^/]+$/.test(name));
  return found.map(([name, value]) => [found.length === 1 ? 'loss' : oneLine(name.replace('loss/', '')).replace('/', ' '), value] as const);
}

export const shareOf = (p: Progress): number => (p.steps > 0 ? Math.min(1, p.step / p.steps) : 0);
/** Seconds, at least one while there is something left; undefined while nobody can know. */
export function remainingOf({ step, steps, stepsPerSecond }: Progress): number | undefined {
  if (step >= steps) return 0;
  return stepsPerSecond > 0 ? Math.max(1, (steps - step) / stepsPerSecond) : undefined;
}
const GAP = part('  ');
const joined = (fields: readonly Line[]): Line => fields.flatMap((field, i) => (i ? [GAP, ...field] : field));

/** `remaining` in seconds; undefined while nobody can know. */
export function progressLine(p: Progress, remaining: number | undefined, { columns, ascii, unit = 'steps' }: Shape): Line {
  const share = shareOf(p), value = (name: string, shown: string, tone: Tone = 'plain'): Line => [part(`${name} `, 'quiet'), part(shown.padEnd(6), tone)];
  const head: Line = [part(`${String(Math.floor(share * 100)).padStart(3)}%`, 'strong')];
  // In the order in which they stand; where there is little room the highest rank goes first. The bar takes what is left, if that is enough.
  const fields: readonly { readonly line: Line; readonly rank: number }[] = [
    { line: [part('.'.repeat(LEAST_BAR))], rank: BAR },
    { line: [part(`${count(p.step).padStart(5)}/${count(p.steps)}`), part(` ${unit}`, 'quiet')], rank: 0 },
    { line: [part((remaining === undefined ? '-:--' : duration(remaining)).padStart(5)), part(' left', 'quiet')], rank: 1 },
    ...returnsOf(p.latest, 'eval').map(([name, x], i) => ({ line: value(name, score(x), 'strong'), rank: 2 + 10 * i })),
    ...returnsOf(p.latest, 'train').map(([name, x], i) => ({ line: value(name, score(x)), rank: 4 + 10 * i })),
    { line: [part(`${count(p.stepsPerSecond)}/s`.padStart(7))], rank: 5 },
    ...lossesOf(p.latest).map(([name, x], i) => ({ line: value(name, figure(x)), rank: 6 + 10 * i })),
  ];
  const shown = [...fields];
  const room = () => columns - widthOf(joined([head, ...shown.map(f => f.line)]));
  while (shown.length && room() < 0) shown.splice(shown.findIndex(f => f.rank === Math.max(...shown.map(s => s.rank))), 1);
  return joined([head, ...shown.map(f => (f.rank === BAR ? bar(share, Math.min(MOST_BAR, LEAST_BAR + room()), ascii) : f.line))]);
}
