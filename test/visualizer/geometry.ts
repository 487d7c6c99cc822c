/** What a reader would call a fault of a picture, found in what was drawn. */
import type { Rect } from '../../visualizer/layout.ts';
import type { Drawing } from '../../visualizer/svg.ts';

export interface Faults {
  readonly lineThroughBox: string[]; readonly boxesOverlap: string[]; readonly textsOverlap: string[]; readonly textOutside: string[];
  readonly lineThroughText: string[]; readonly sharedTrack: string[]; readonly backwards: string[]; readonly cropped: string[]; readonly loose: string[];
}
const overlap = (a: Rect, b: Rect, by: number) => a.x + by < b.x + b.w && b.x + by < a.x + a.w && a.y + by < b.y + b.h && b.y + by < a.y + a.h;
const inside = (a: Rect, b: Rect, slack: number) => a.x >= b.x - slack && a.y >= b.y - slack && a.x + a.w <= b.x + b.w + slack && a.y + a.h <= b.y + b.h + slack;

export function faultsOf({ ink, laid, w, h }: Drawing, direction: 'LR' | 'TB' = 'LR'): Faults {
  const f: Faults = { lineThroughBox: [], boxesOverlap: [], textsOverlap: [], textOutside: [], lineThroughText: [], sharedTrack: [], backwards: [], cropped: [], loose: [] };
  const boxes = [...laid.boxes].map(([id, b]) => ({ id, x: b.x, y: b.y, w: b.w, h: b.h })), lines = ink.lines.map(l => ({ ...l, x: Math.min(l.a.x, l.b.x), y: Math.min(l.a.y, l.b.y), w: Math.abs(l.a.x - l.b.x), h: Math.abs(l.a.y - l.b.y) }));
  const fat = (l: Rect): Rect => ({ x: l.x - 0.6, y: l.y - 0.6, w: l.w + 1.2, h: l.h + 1.2 });
  boxes.forEach((a, i) => { for (const b of boxes.slice(i + 1)) if (overlap({ x: a.x - 3, y: a.y - 3, w: a.w + 6, h: a.h + 6 }, b, 0)) f.boxesOverlap.push(`${a.id} ${b.id}`); });
  for (const l of lines) for (const b of l.owner === undefined ? boxes : ink.parts.filter(p => p.owner === l.owner)) if (overlap(fat(l), b, 1.5)) f.lineThroughBox.push(`${l.edge} ${b.id}`);
  ink.parts.forEach((a, i) => {
    if (!inside(a, laid.boxes.get(a.owner)!, -4)) f.textOutside.push(`${a.id} of ${a.owner}`);
    for (const b of ink.parts.slice(i + 1)) if (overlap(a, b, -3)) f.boxesOverlap.push(`${a.id} ${b.id}`);
  });
  for (const l of lines) if (l.owner !== undefined && !inside(l, laid.boxes.get(l.owner)!, -2)) f.loose.push(`${l.edge} leads out of ${l.owner}`);
  ink.texts.forEach((a, i) => { for (const b of ink.texts.slice(i + 1)) if (overlap(a, b, 0.8)) f.textsOverlap.push(`${a.text} | ${b.text}`); });
  for (const t of ink.texts) if (t.owner !== undefined && !inside(t, laid.boxes.get(t.owner)!, 0)) f.textOutside.push(`${t.text} of ${t.owner}`);
  for (const t of [...ink.texts.map(x => ({ ...x, name: x.text })), ...boxes.map(b => ({ ...b, name: b.id })), ...lines.map(l => ({ ...l, name: l.edge })), ...ink.covers.map(c => ({ ...c, name: 'a flag or mark' }))]) if (!inside(t, { x: 4, y: 4, w: w - 8, h: h - 8 }, 0)) f.cropped.push(t.name);
  const covered = (t: Rect, l: Rect) => ink.covers.some(c => inside({ x: t.x, y: t.y + 3, w: t.w, h: t.h - 5 }, c, 1) && overlap(fat(l), c, 0) && (l.w === 0 || Math.abs(l.y - (c.y + c.h / 2)) < 3.5) && (l.h === 0 || Math.abs(l.x - (c.x + c.w / 2)) < c.w / 2));
  for (const l of lines) for (const t of ink.texts) if (overlap(fat(l), t, 1) && !covered(t, l)) f.lineThroughText.push(`${l.edge} ${t.text}`);
  lines.forEach((a, i) => { for (const b of lines.slice(i + 1)) {
    if (a.net === b.net) continue;
    const level = a.h === 0 && b.h === 0 && Math.abs(a.y - b.y) < 2.5 && Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x) > 2, upright = a.w === 0 && b.w === 0 && Math.abs(a.x - b.x) < 2.5 && Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y) > 2;
    if (level || upright) f.sharedTrack.push(`${a.edge} ${b.edge}`);
  } });
  for (const l of lines) if (direction === 'LR' ? l.b.x < l.a.x - 0.5 : l.b.y < l.a.y - 0.5) f.backwards.push(l.edge);
  for (const [id, route] of laid.routes) for (let i = 1; i < route.length; i++) if (route[i]!.x !== route[i - 1]!.x && route[i]!.y !== route[i - 1]!.y) f.loose.push(`${id} is slanted`);
  const ends = new Set(ink.lines.map(l => l.edge));
  for (const id of laid.routes.keys()) if (!ends.has(id)) f.loose.push(`${id} is not drawn`);
  return f;
}
/** Places where lines of different nets cross. */
export function crossingsOf({ ink }: Drawing): number {
  const seen = new Set<string>();
  for (const u of ink.lines) for (const l of ink.lines) {
    if (u.net === l.net || u.a.x !== u.b.x || l.a.y !== l.b.y || u.a.y === u.b.y || l.a.x === l.b.x) continue;
    const [top, bottom] = [Math.min(u.a.y, u.b.y), Math.max(u.a.y, u.b.y)], [left, right] = [Math.min(l.a.x, l.b.x), Math.max(l.a.x, l.b.x)];
    if (u.a.x > left + 0.5 && u.a.x < right - 0.5 && l.a.y > top + 0.5 && l.a.y < bottom - 0.5) seen.add(`${u.a.x} ${l.a.y}`);
  }
  return seen.size;
}
