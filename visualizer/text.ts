/** Text in pictures: what may stand there, how wide it is, where it breaks. */
import { ADVANCES } from './advances.ts';

export type Face = keyof typeof ADVANCES;
const widths = (face: Face): ReadonlyMap<string, number> => new Map(Object.entries(ADVANCES[face]).flatMap(([w, chars]) => [...chars].map(c => [c, Number(w)] as const)));
const table: Readonly<Record<Face, ReadonlyMap<string, number>>> = { sans: widths('sans'), bold: widths('bold'), mono: widths('mono') };
/** A character that the packaged fonts lack is drawn by another font, at most this wide; those of JetBrains Mono are all alike. */
const FOREIGN: Readonly<Record<Face, number>> = { sans: 1000, bold: 1000, mono: 600 };
const known = new Map<string, number>();

/** Pixels. */
export function width(text: string, size: number, face: Face = 'sans'): number {
  const key = `${face} ${text}`;
  let per = known.get(key);
  if (per === undefined) {
    per = 0;
    for (const c of text) per += table[face].get(c) ?? (face === 'mono' && c > '\x7f' && !table.sans.has(c) ? 1200 : FOREIGN[face]);
    if (known.size > 20_000) known.clear();
    known.set(key, per);
  }
  return per / 1000 * size;
}

/** Control characters, those that turn the writing direction, those that XML does not have, and invisible ones. */
const HIDDEN = /[^\x20-\x7e\xa0-\xac\xae-\u034f\u0370-\u061b\u061d-\u180d\u180f-\u200a\u2010-\u2027\u202f-\u205f\u2070-\ud7ff\uf900-\ufefe\uff00-\uffef\ufffd\u{10000}-\u{e0000}]/gu;
const LONGEST = 400;
/** Text of others as it may stand in a picture: one line, nothing hidden in it, of a length that somebody reads. */
export function plain(text: string): string {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST).replace(/[\ud800-\udbff]$/, '')}…` : text;
  return short.replace(/[\t\n\r]+/g, ' ').replace(HIDDEN, '\ufffd');
}
/** Cut to a width in pixels, with an ellipsis. */
export function shortened(text: string, room: number, size: number, face: Face = 'sans'): string {
  if (width(text, size, face) <= room) return text;
  const chars = [...text];
  let taken = 0, w = width('…', size, face);
  for (; taken < chars.length; taken++) {
    w += width(chars[taken]!, size, face);
    if (w > room) break;
  }
  return `${chars.slice(0, taken).join('').trimEnd()}…`;
}
/** Parts put together again, with as many on a line as a number of characters allows; a line beyond `most` ends in an ellipsis. */
export function lines(parts: readonly string[], between: string, columns: number, most = Infinity): string[] {
  const out: string[] = [];
  for (const part of parts) {
    const last = out.at(-1);
    if (last !== undefined && last.length + between.length + part.length <= columns) out[out.length - 1] = `${last}${between}${part}`;
    else out.push(part);
  }
  return out.length <= most ? out : [...out.slice(0, most - 1), `${out[most - 1]!}${between.trimEnd()} …`];
}
/** Words on lines of at most so many pixels. */
export function paragraph(text: string, room: number, size: number, face: Face = 'sans'): string[] {
  const out: string[] = [];
  for (const word of text.split(' ').filter(Boolean)) {
    const last = out.at(-1);
    if (last !== undefined && width(`${last} ${word}`, size, face) <= room) out[out.length - 1] = `${last} ${word}`;
    else out.push(shortened(word, room, size, face));
  }
  return out;
}

/** 58,214: thousands apart, the same in every locale. */
export const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',');
export const counted = (n: number, one: string, many = `${one}s`): string => `${grouped(n)} ${n === 1 ? one : many}`;

const LETTERS: Readonly<Record<string, string>> = { batch: 'B', time: 'T', 'time+1': 'T+1', agent: 'N', action: 'A' };
export const letterOf = (dim: string): string => { const [name = '', source] = dim.split('@'); return `${LETTERS[name] ?? name}${source === undefined ? '' : `@${source}`}`; };
/** `[B T N]`; with sizes `[B T 2]`. */
export const shape = (dims: readonly string[], sizes?: readonly number[]): string => `[${dims.map((d, i) => (sizes?.[i] ? String(sizes[i]) : letterOf(d))).join(' ')}]`;

/** A setting as people write it: 5e-4, 50k, 1→0.05, 64-64. */
export function setting(x: unknown): string {
  if (typeof x === 'number') {
    if (x !== 0 && Math.abs(x) < 1e-3) return x.toExponential();
    if (Math.abs(x) >= 1e9) return x.toExponential().replace('+', '');
    return Math.abs(x) >= 1e6 && x % 1e5 === 0 ? `${x / 1e6}M` : Math.abs(x) >= 1e4 && x % 100 === 0 ? `${x / 1e3}k` : String(x);
  }
  if (Array.isArray(x)) return x.length ? x.map(setting).join('-') : 'none';
  if (typeof x === 'object' && x !== null) return 'from' in x && 'to' in x ? `${setting(x.from)}→${setting(x.to)}` : Object.entries(x).map(([k, v]) => `${k} ${setting(v)}`).join(' ');
  return plain(String(x));
}
export const settings = (o: Readonly<Record<string, unknown>>): string[] => Object.entries(o).filter(([, v]) => v !== undefined).map(([k, v]) => `${plain(k)} ${setting(v)}`);
