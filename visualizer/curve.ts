/**
 * The learning curve of one run, as SVG text: evaluation returns as points on a line, training returns as a thin line under them;
 * or those of several algorithms, each with a band.
 * The same records give the same bytes. Nothing in it runs; colours follow the reader's light or dark theme.
 */
import type { MetricRecord } from '../core/tracker.ts';

/** A level to compare with, drawn across: `random 0.03`. */
export interface CurveReference { readonly label: string; readonly value: number }
/** Something that happened at a step: a swap. */
export interface CurveMark { readonly label: string; readonly step: number }
export interface CurveOptions {
  readonly title?: string;
  /** What the returns count: `return per episode, sum over agents`. */
  readonly unit?: string;
  readonly references?: readonly CurveReference[];
  readonly marks?: readonly CurveMark[];
}

interface Point { readonly x: number; readonly y: number }
/** Points that share one place on the axis. */
interface Bucket extends Point { readonly least: number; readonly most: number }
interface Axis { readonly from: number; readonly to: number; readonly ticks: readonly number[]; readonly label: (x: number) => string; readonly value: (x: number) => string }

const WIDTH = 760, HEIGHT = 380, BOTTOM = HEIGHT - 52;
/** Points that a line is drawn through at most, all lines together; beyond that, means with a band from least to most. */
const DETAIL = 240;
/** Evaluations that still get a dot each. */
const DOTS = 60;
const LABEL_GAP = 16;

/** Blue, amber, green, violet, red, grey, each in a light and a dark page's shade, at least 4.5:1 against it. */
const HUES = [['#0072b2', '#4ba3e3'], ['#9a6a00', '#e69f00'], ['#00805d', '#2fc59a'], ['#6f5ba7', '#b9a6d9'], ['#c4500a', '#ff7b3d'], ['#57606a', '#9da7b3']] as const;
/** Of lines that come when all colours are taken, by how often they were. */
const DASHES = ['', '8 4', '2 4', '8 4 2 4'] as const;
type Rules = Readonly<Record<string, string>>;
/** Rules that hold inside a curve only, also where its text stands in a page with other pictures. */
const sheet = (rules: Rules) => Object.entries(rules).map(([selector, body]) => `.curve ${selector}{${body}}`).join('');
/** What differs between the themes; without style sheets a picture is black on white. */
const colours = (dark: 0 | 1, [page, ink, quiet, grid, train]: readonly [string, string, string, string, string]): Rules => ({
  '.page': `fill:${page}`, '.ring': `stroke:${page}`, '.ink': `fill:${ink}`, '.quiet': `fill:${quiet}`, '.level': `stroke:${quiet}`, '.grid': `stroke:${grid}`,
  '.train': `stroke:${train}`, '.band': `fill:${train}`,
  ...Object.fromEntries(HUES.flatMap((hue, i) => [[`.s${i}`, `stroke:${hue[dark]}`], [`.f${i}`, `fill:${hue[dark]}`]])) });
const STYLE = [
  sheet({
    text: 'font:12px "Helvetica Neue",Helvetica,Arial,"Liberation Sans",sans-serif', '.title': 'font-size:16px;font-weight:600', '.strong': 'font-weight:600',
    path: 'fill:none;stroke-linejoin:round;stroke-linecap:round', '.band': 'opacity:.22', '.ring': 'stroke-width:1.4',
    '.level': 'stroke-dasharray:5 4;stroke-linecap:butt', '.mark': 'stroke-dasharray:2 3', '.solid': 'stroke-dasharray:none' }),
  sheet(colours(0, ['#fff', '#1b1f24', '#57606a', '#dfe4e9', '#8b97a3'])),
  `@media(prefers-color-scheme:dark){${sheet(colours(1, ['#0d1117', '#e6edf3', '#9da7b3', '#262d36', '#77828d']))}}`,
].join('\n');

/** Characters that XML does not have are left out. */
const escape = (text: string) => text.replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
  .replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
/** Widths of Helvetica and its metric twins in thousandths of the size; a fallback may be a little wider. */
const widthOf = (text: string, size = 12): number => [...text].reduce((sum, c) => sum
  + (/[ijl.,:;'|!]/.test(c) ? 250 : /[frt()[\]/ -]/.test(c) ? 320 : /[mwMW@%]/.test(c) ? 860 : /[A-Z&]/.test(c) ? 690 : c < '\x7f' ? 556 : 1000), 0) / 1000 * 1.05 * size;
function shortened(text: string, room: number, size = 12): string {
  if (widthOf(text, size) <= room) return text;
  const chars = [...text];
  while (chars.length && widthOf(`${chars.join('')}...`, size) > room) chars.pop();
  return `${chars.join('')}...`;
}

const minus = (text: string) => text.replace('-', '\u2212');

/** Round numbers inside a range, about `count` of them, at 1, 2, 2.5 or 5 times a power of ten; `label` says them, `value` what lies between them. */
function axis(from: number, to: number, count: number): Axis {
  const rough = (to - from) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map(f => f * power).find(s => s >= rough * 0.85) ?? rough;
  const first = Math.ceil(from / step - 1e-9), last = Math.floor(to / step + 1e-9), size = Math.max(Math.abs(from), Math.abs(to));
  const [scale, unit] = ([[1e9, 'G'], [1e6, 'M'], [1e3, 'k']] as const).find(([s]) => size >= s) ?? [1, ''];
  const decimals = Array.from({ length: 12 }, (_, d) => d).find(d => Math.abs(step / scale - Number((step / scale).toFixed(d))) < step / scale * 1e-6) ?? 12;
  const finer = Math.min(12, Math.max(1, 1 - Math.floor(Math.log10(step / scale))));
  const say = (x: number, places: number) => minus(`${(Math.abs(x / scale) < 0.5 / 10 ** places ? 0 : x / scale).toFixed(places)}${unit}`);
  return { from, to, ticks: Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step),
    label: x => (Math.abs(x) < step / 2 ? '0' : say(x, decimals)), value: x => say(x, finer) };
}

/** The axis of the returns: zero belongs to it when it comes near anyway, and a single level gets room on both sides. */
function upward(values: readonly number[]): Axis {
  if (!values.length) return axis(0, 1, 5);
  const least = values.reduce((a, b) => Math.min(a, b)), most = values.reduce((a, b) => Math.max(a, b));
  const size = Math.max(-least, most), room = most - least > size * 1e-9 ? (most - least) * 0.05 : size / 2 || 1;
  const edge = (one: number, other: number, away: number) => (one * other >= 0 && Math.abs(one) < Math.abs(other) / 2 ? 0 : one + away);
  return axis(edge(least, most, -room), edge(most, least, room), 5);
}

/** A number that an axis can have: beyond this it is no return but a fault, and so far below it is rounding. */
const drawable = (y: number) => Math.abs(y) < 1e15;
const settled = (y: number) => (Math.abs(y) < 1e-12 ? 0 : y);

function pointsOf(metrics: readonly MetricRecord[], name: string): Point[] {
  return metrics.flatMap(({ step, values }) => {
    const y = Object.hasOwn(values, name) ? values[name]! : NaN;
    return drawable(y) && Number.isSafeInteger(step) && step >= 0 ? [{ x: step, y: settled(y) }] : [];
  }).sort((a, b) => a.x - b.x);
}

/** At most `count` buckets of equal width along x. */
function buckets(points: readonly Point[], count: number): Bucket[] {
  if (points.length <= count) return points.map(p => ({ ...p, least: p.y, most: p.y }));
  const from = points[0]!.x, width = (points.at(-1)!.x - from) / count || 1, groups: Point[][] = [];
  for (const p of points) (groups[Math.min(count - 1, Math.floor((p.x - from) / width))] ??= []).push(p);
  const mean = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
  return groups.filter(Boolean).map((group, i, { length }) => {
    const ys = group.map(p => p.y), x = i === 0 ? from : i === length - 1 ? points.at(-1)!.x : mean(group.map(p => p.x));
    return { x, y: mean(ys), least: ys.reduce((a, b) => Math.min(a, b)), most: ys.reduce((a, b) => Math.max(a, b)) };
  });
}

/** Places as near to the wanted ones as they can be with room for each: labels that would touch stand together round their middle. */
function spread(wanted: readonly number[], from: number, to: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]! || a - b);
  const groups: { members: number[]; middle: number }[] = [];
  const half = (group: { members: number[] }) => (group.members.length - 1) * LABEL_GAP / 2;
  const within = (members: number[], middle: number) => ({ members, middle: Math.min(Math.max(middle, from + half({ members })), to - half({ members })) });
  for (const i of order) {
    let group = within([i], wanted[i]!);
    for (let before = groups.at(-1); before && group.middle - half(group) < before.middle + half(before) + LABEL_GAP; before = groups.at(-1)) {
      groups.pop();
      const members = [...before.members, ...group.members];
      group = within(members, (before.middle * before.members.length + group.middle * group.members.length) / members.length);
    }
    groups.push(group);
  }
  const places: number[] = [];
  for (const group of groups) group.members.forEach((i, k) => { places[i] = group.middle - half(group) + k * LABEL_GAP; });
  return places;
}

interface Series { readonly name: string; readonly kind: 'eval' | 'train'; readonly hue: number; readonly dash?: string; readonly points: readonly Bucket[] }
const lastOf = ({ points }: Series) => points.at(-1)!.y;

function seriesOf(metrics: readonly MetricRecord[]): Series[] {
  const names = [...new Set(metrics.flatMap(m => Object.keys(m.values)))].filter(name => /(^|\/)(eval|train)\/return$/.test(name));
  const players = [...new Set(names.map(name => name.replace(/(eval|train)\/return$/, '')))].sort();
  return (['train', 'eval'] as const).flatMap(kind => players.flatMap((player, i) => {
    const all = pointsOf(metrics, `${player}${kind}/return`);
    if (!all.length) return [];
    const name = `${player.replace(/\/$/, ' ')}${kind}`, count = Math.max(24, Math.floor(DETAIL / names.length));
    return [{ name, kind, hue: i % HUES.length, points: buckets(all, count) }];
  }));
}

/** Where values lie on the page. */
interface Plot { readonly left: number; readonly right: number; readonly top: number; readonly x: (step: number) => number; readonly y: (value: number) => number }

const at = (n: number) => String(Math.round(n * 10) / 10);
const lineThrough = (points: readonly (readonly [number, number])[]) => `M${points.map(([px, py]) => `${at(px)} ${at(py)}`).join('L')}`;
const textAt = (x: number, y: number, tone: string, text: string, anchor = '') =>
  `<text x="${at(x)}" y="${at(y)}" class="${tone}"${anchor && ` text-anchor="${anchor}"`}>${escape(text)}</text>`;

function drawGrid({ left, right, x, y }: Plot, across: Axis, up: Axis): string[] {
  return [
    ...up.ticks.map(t => `<path class="grid" d="M${at(left)} ${at(y(t))}H${at(right)}"/>${textAt(left - 8, y(t) + 4, 'quiet', up.label(t), 'end')}`),
    ...across.ticks.map(t => `<path class="level solid" d="M${at(x(t))} ${BOTTOM}v5"/>${textAt(x(t), BOTTOM + 19, 'quiet', across.label(t), 'middle')}`),
    `<path class="level solid" d="M${at(left)} ${BOTTOM}H${at(right)}"/>`,
    textAt((left + right) / 2, BOTTOM + 40, 'quiet', 'environment steps', 'middle'),
  ];
}

/** An attribute. */
const dashed = (dash = '') => (dash ? ` stroke-dasharray="${dash}"` : '');
function drawSeries({ x, y }: Plot, { kind, hue, dash, points, name }: Series, several: boolean, say: (y: number) => string): string[] {
  const tone = kind === 'eval' || several ? `s${hue}` : 'train', width = kind === 'eval' ? 2.2 : 1.2;
  const banded = points.some(p => p.most > p.least), dotted = kind === 'eval' && !banded && points.length <= DOTS;
  return [
    ...(banded ? [`<path class="band ${several ? `f${hue}` : ''}" d="${lineThrough([...points.map(p => [x(p.x), y(p.most)] as const), ...[...points].reverse().map(p => [x(p.x), y(p.least)] as const)])}Z"/>`] : []),
    ...(points.length > 1 || !dotted ? [`<path class="${tone}" stroke-width="${width}"${dashed(dash)} d="${lineThrough(points.map(p => [x(p.x), y(p.y)]))}${points.length > 1 ? '' : 'h0'}"/>`] : []),
    ...(dotted ? points.map(p => `<circle class="f${hue} ring" cx="${at(x(p.x))}" cy="${at(y(p.y))}" r="3.6"><title>${escape(`${name} ${say(p.y)} at step ${p.x}`)}</title></circle>`) : []),
  ];
}

/** Names of marks stand above the plot; one that has no room there is left to its line. */
function drawMarks({ right, left, top, x }: Plot, marks: readonly CurveMark[]): string[] {
  let free = left - 3;
  return marks.filter(m => x(m.step) >= left && x(m.step) <= right).sort((a, b) => a.step - b.step).flatMap(mark => {
    const label = shortened(mark.label, 240), width = widthOf(label), begin = Math.min(x(mark.step) - 3, WIDTH - 20 - width);
    const named = begin >= free;
    if (named) free = begin + width + 12;
    return [`<path class="level mark" d="M${at(x(mark.step))} ${top}V${BOTTOM}"><title>${escape(mark.label)}</title></path>`, ...(named ? [textAt(begin, top - 7, 'ink', label)] : [])];
  });
}

interface Label { readonly text: string; readonly value: number; readonly tone: string; readonly line?: Series }
/** Room for a piece of the line before its name, where colours alone do not tell lines apart. */
const SAMPLE = 26;
const sampled = (labels: readonly Label[]) => labels.some(l => l.line?.dash);

function drawLabels({ right, top, y }: Plot, labels: readonly Label[]): string[] {
  const places = spread(labels.map(l => y(l.value)), top, BOTTOM), indent = sampled(labels) ? SAMPLE : 0;
  return labels.flatMap(({ text, value, tone, line }, i) => [
    ...(Math.abs(places[i]! - y(value)) > 4 ? [`<path class="level solid" stroke-width=".8" d="M${at(right + 2)} ${at(y(value))}L${at(right + 9)} ${at(places[i]!)}"/>`] : []),
    ...(indent && line ? [`<path class="s${line.hue}" stroke-width="2.2"${dashed(line.dash)} d="M${at(right + 12)} ${at(places[i]!)}h${SAMPLE - 6}"/>`] : []),
    textAt(right + 12 + indent, places[i]! + 4, tone, text),
  ]);
}

/** What a picture of lines says beside them. */
interface Chart {
  readonly title: string;
  readonly unit: string;
  /** What bands are, where there are any. */
  readonly band: string;
  readonly references: readonly CurveReference[];
  readonly marks: readonly CurveMark[];
  /** Has each line a colour of its own? */
  readonly several: boolean;
}
function chart(series: readonly Series[], { title, unit, band, references, marks, several }: Chart): string {
  const trained = series.filter(s => s.kind === 'train'), levels = references.filter(l => drawable(l.value)).map(({ label, value }) => ({ label, value: settled(value) })), banded = series.some(s => s.points.some(p => p.most > p.least));
  const all = series.flatMap(s => s.points), values = [...all.flatMap(p => [p.least, p.most]), ...levels.map(l => l.value)];
  const most = Math.max(0, ...all.map(p => p.x)) || 1, first = Math.min(most, ...all.map(p => p.x), ...marks.map(m => m.step));
  const steps = axis(first > most / 2 && first < most ? first : 0, most, 6), across = series.length ? steps : { ...steps, ticks: [] }, up = upward(values);

  const labels = [
    ...series.filter(s => s.kind === 'eval').map(s => ({ name: s.name, value: lastOf(s), tone: `f${s.hue} strong`, line: s })),
    ...trained.map(s => ({ name: s.name, value: lastOf(s), tone: several ? `f${s.hue}` : 'quiet' })),
    ...levels.map(({ label, value }) => ({ name: label, value, tone: 'quiet' })),
  ].slice(0, 14).map(({ name, value, tone, line }: { name: string; value: number; tone: string; line?: Series }): Label => ({ text: `${shortened(name, 150)} ${up.value(value)}`, value, tone, ...(line ? { line } : {}) }));

  const top = title ? 74 : 50, left = 26 + Math.ceil(Math.max(...up.ticks.map(t => widthOf(up.label(t)))));
  const right = WIDTH - Math.max(30, 24 + Math.ceil(Math.max(0, ...labels.map(l => widthOf(l.text) * 1.04 + (sampled(labels) ? SAMPLE : 0)))));
  const plot: Plot = { left, right, top,
    x: step => left + (step - across.from) / (across.to - across.from) * (right - left),
    y: value => BOTTOM - (value - up.from) / (up.to - up.from) * (BOTTOM - top) };

  const said = series.map(s => `${s.name} ${up.value(lastOf(s))}`).join(', ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" class="curve" role="img">`,
    `<title>${escape(title || 'learning curve')}</title><desc>${escape(`${unit} over environment steps; at the end ${said || 'nothing'}`)}</desc>`,
    `<style>${STYLE}</style><rect class="page" width="${WIDTH}" height="${HEIGHT}" rx="6"/>`,
    ...(title ? [textAt(20, 32, 'title ink', shortened(title, WIDTH - 40, 16))] : []),
    textAt(20, top - 24, 'quiet', shortened(`${unit}${banded ? band : ''}`, WIDTH - 40)),
    ...drawGrid(plot, across, up),
    ...levels.map(l => `<path class="level" d="M${at(left)} ${at(plot.y(l.value))}H${at(right)}"/>`),
    ...series.flatMap(s => drawSeries(plot, s, several, up.value)),
    ...drawMarks(plot, marks),
    ...drawLabels(plot, labels),
    ...(series.length ? [] : [textAt((left + right) / 2, BOTTOM - 14, 'quiet', 'no returns yet', 'middle')]),
    '</svg>\n',
  ].join('\n');
}

export function curve(metrics: readonly MetricRecord[], { title = '', unit = 'return per episode', references = [], marks = [] }: CurveOptions = {}): string {
  const series = seriesOf(metrics);
  return chart(series, { title, unit, band: '; band from lowest to highest', references, marks, several: series.filter(s => s.kind === 'train').length > 1 });
}

/** Several runs as one line, with an interval at each step. */
export interface CurveGroup { readonly name: string; readonly points: readonly { readonly step: number; readonly value: number; readonly low: number; readonly high: number }[] }
/** Learning curves of several algorithms beside each other. */
export function curves(groups: readonly CurveGroup[], { title = '', unit = 'return per episode' }: Pick<CurveOptions, 'title' | 'unit'> = {}): string {
  const series = groups.map(({ name, points }, i): Series => ({ name, kind: 'eval', hue: i % HUES.length, dash: DASHES[Math.floor(i / HUES.length) % DASHES.length]!, points: points.filter(p => [p.value, p.low, p.high].every(drawable)).map(p => ({ x: p.step, y: settled(p.value), least: settled(p.low), most: settled(p.high) })) }));
  return chart(series.filter(s => s.points.length), { title, unit, band: '', references: [], marks: [], several: true });
}
