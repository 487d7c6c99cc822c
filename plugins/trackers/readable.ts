/** Numbers as a person reads them in a terminal. No locale: a run prints the same everywhere. */

const UNITS = [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k']] as const;
/** 950, 84.1k, 1.25M: a count in at most three digits. */
export function count(n: number): string {
  if (!Number.isFinite(n)) return '?';
  if (Math.abs(n) >= 1e15) return n.toExponential(1);
  const rounded = Math.abs(n) < 1000 ? Math.round(n) : Number(n.toPrecision(3));
  const [size, unit] = UNITS.find(([least]) => Math.abs(rounded) >= least) ?? [1, ''];
  return `${Number((rounded / size).toPrecision(3))}${unit}`;
}

/** A measured value in three digits that keep their places, so that a number that changes does not jump about: 0.310, -12.0, 1.2e-5. */
export function figure(x: number): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'NaN' : x > 0 ? 'Inf' : '-Inf';
  const size = Math.abs(x);
  if (size === 0) return '0';
  if (size < 0.001 || size >= 1e6) return x.toExponential(1);
  return size >= 999.5 ? String(Math.round(x)) : size < 0.1 ? x.toFixed(4) : x.toPrecision(3);
}

/** A return, with as many decimals as its size deserves: results below each other line up. */
export function score(x: number): string {
  const size = Math.abs(x);
  return !Number.isFinite(x) || size >= 1000 ? figure(x) : x.toFixed(size < 10 ? 3 : size < 100 ? 2 : 1);
}

const two = (n: number) => String(n).padStart(2, '0');
/** 0:04, 12:05, 1:02:33, 2d 03:04. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '?';
  const s = Math.round(seconds), [days, hours, minutes] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
  if (days) return `${days}d ${two(hours)}:${two(minutes)}`;
  return hours ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}

/** Text of others on one line of a terminal: what could move the cursor or turn the writing direction is shown as a mark. */
const HARMFUL = /[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
export const oneLine = (text: string): string => text.replace(HARMFUL, '\ufffd');
/** The same of several lines, whose breaks are ours. */
export const harmless = (text: string): string => text.replace(HARMFUL, found => (found === '\n' ? found : '\ufffd'));
