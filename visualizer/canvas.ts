/** SVG in pieces. Texts, lines and what covers a line are written down as they are drawn, so that a test judges the picture and not the plan of it. */
import type { Point, Rect } from './layout.ts';
import { GLYPHS, type Glyph, type Tone } from './palette.ts';
import { plain, width, type Face } from './text.ts';

export interface DrawnText extends Rect { readonly text: string; readonly owner: string | undefined }
/** `owner`: the open box that it is in. */
export interface DrawnLine { readonly a: Point; readonly b: Point; readonly net: string; readonly edge: string; readonly owner?: string }
export interface DrawnPart extends Rect { readonly id: string; readonly owner: string }
/** What was drawn, in pixels of the picture. */
export interface Ink { readonly texts: DrawnText[]; readonly lines: DrawnLine[]; readonly covers: Rect[]; readonly parts: DrawnPart[] }

export const escape = (text: string): string => plain(text).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
/** Numbers with one decimal at most. */
export const at = (n: number): string => String(Math.round(n * 10) / 10);
/** A name as it may stand in an id: letters, digits and a few signs; what is long or strange ends in a hash. */
export function idOf(name: string): string {
  const clean = name.replace(/[^\w.~-]|--+/g, '_').slice(0, 80);
  if (clean === name) return clean;
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return `${clean}-${hash.toString(36)}`;
}

interface TextStyle { readonly size: number; readonly tone: Tone; readonly face?: Face; readonly anchor?: 'start' | 'middle' | 'end'; readonly owner?: string }
interface Stroke { readonly stroke?: Tone; readonly wide?: number; readonly fill?: Tone; readonly dash?: string; readonly round?: number }
const classes = (fill: Tone | undefined, stroke: Tone | undefined) => ` class="${fill === undefined ? 'n' : `f-${fill}`}${stroke === undefined ? '' : ` s-${stroke}`}"`;

export class Canvas {
  readonly ink: Ink = { texts: [], lines: [], covers: [], parts: [] };
  /** Tones that occur: the style sheet names no others. */
  readonly tones = new Set<Tone>();

  #paint({ fill, stroke, wide, dash }: Stroke): string {
    for (const t of [fill, stroke]) if (t !== undefined) this.tones.add(t);
    return `${classes(fill, stroke)}${stroke === undefined || wide === undefined || wide === 1 ? '' : ` stroke-width="${wide}"`}${dash === undefined ? '' : ` stroke-dasharray="${dash}"`}`;
  }
  /** The font of a reader may be another: `textLength` holds the words in their room. */
  text(x: number, y: number, text: string, { size, tone, face = 'sans', anchor = 'start', owner }: TextStyle): string {
    if (!text) return '';
    this.tones.add(tone);
    const w = width(text, size, face), left = anchor === 'end' ? x - w : anchor === 'middle' ? x - w / 2 : x;
    this.ink.texts.push({ x: left, y: y - size * 0.76, w, h: size * 0.98, text, owner });
    return `<text x="${at(left)}" y="${at(y)}" class="${face} f-${tone}" font-size="${size}" textLength="${at(w)}">${escape(text)}</text>`;
  }
  rect({ x, y, w, h }: Rect, style: Stroke): string {
    return `<rect x="${at(x)}" y="${at(y)}" width="${at(w)}" height="${at(h)}"${style.round === undefined ? '' : ` rx="${style.round}"`}${this.#paint(style)}/>`;
  }
  path(d: string, style: Stroke, id?: string): string { return `<path${id === undefined ? '' : ` id="${id}"`} d="${d}"${this.#paint(style)}/>`; }
  circle({ x, y }: Point, r: number, style: Stroke): string { return `<circle cx="${at(x)}" cy="${at(y)}" r="${r}"${this.#paint(style)}/>`; }
  glyph(name: Glyph, x: number, y: number, stroke: Tone, scale = 1): string {
    this.tones.add(stroke);
    return `<path d="${GLYPHS[name]}" class="g s-${stroke}" transform="translate(${at(x)} ${at(y)})${scale === 1 ? '' : ` scale(${scale})`}"/>`;
  }
}

/** Corners rounded by a radius. */
export function rounded(p: readonly Point[], radius: number): string {
  let d = `M${at(p[0]!.x)} ${at(p[0]!.y)}`;
  for (let i = 1; i + 1 < p.length; i++) {
    const [a, b, c] = [p[i - 1]!, p[i]!, p[i + 1]!], before = Math.hypot(b.x - a.x, b.y - a.y), behind = Math.hypot(c.x - b.x, c.y - b.y), r = Math.min(radius, before / 2, behind / 2);
    d += `L${at(b.x + (a.x - b.x) / before * r)} ${at(b.y + (a.y - b.y) / before * r)}Q${at(b.x)} ${at(b.y)} ${at(b.x + (c.x - b.x) / behind * r)} ${at(b.y + (c.y - b.y) / behind * r)}`;
  }
  const end = p.at(-1)!;
  return `${d}L${at(end.x)} ${at(end.y)}`;
}
/** An arrowhead whose point is here; it came from there. */
export const arrowhead = (tip: Point, from: Point): string => (from.y === tip.y ? `M${at(tip.x)} ${at(tip.y)}l${tip.x > from.x ? -6 : 6} -3v6z` : `M${at(tip.x)} ${at(tip.y)}l-3 ${tip.y > from.y ? -6 : 6}h6z`);
