/** Colours and glyphs. Hues are Okabe and Ito's, darkened or lightened until text on them is 4.5:1 and outlines are 3:1 against the page. */
import type { Kind, State, ViewNode } from './view-graph.ts';

export const THEMES = ['auto', 'light', 'dark', 'print'] as const;
/** `auto` follows the reader's light or dark setting. */
export type Theme = (typeof THEMES)[number];
type Shade = 'light' | 'dark' | 'print';

const HUES = {
  data: ['#1F78A8', '#56B4E9'], blue: ['#0072B2', '#4BA3E3'], mix: ['#9A6A00', '#E69F00'], grey: ['#6E7781', '#8B949E'], loss: ['#C4500A', '#FF7B3D'], rule: ['#00805D', '#2FC59A'],
  lag: ['#6F5BA7', '#B9A6D9'], add: ['#1A7F37', '#3FB950'], del: ['#CF222E', '#FF7B72'], chg: ['#9A6700', '#D29922'], alarm: ['#B00020', '#FF6B6B'],
} as const;
export type Hue = keyof typeof HUES;
/** In print a kind is known by its glyph and by how its band is hatched. */
const PRINT: Readonly<Record<Hue, string>> = { data: '#5A5A5A', blue: '#2E2E2E', mix: '#2E2E2E', grey: '#6E6E6E', loss: '#000000', rule: '#3A3A3A', lag: '#4A4A4A', add: '#1A1A1A', del: '#1A1A1A', chg: '#1A1A1A', alarm: '#000000' };
const PLAIN = {
  light: { page: '#FFFFFF', ink: '#1B1F24', quiet: '#57606A', faint: '#656D76', line: '#3D444D', body: '#FFFFFF', hair: '#D8DEE4', zone: '#F3F5F7' },
  dark: { page: '#0D1117', ink: '#E6EDF3', quiet: '#9DA7B3', faint: '#8B949E', line: '#AEB8C2', body: '#151B23', hair: '#2A313A', zone: '#131A22' },
  print: { page: '#FFFFFF', ink: '#000000', quiet: '#444444', faint: '#666666', line: '#222222', body: '#FFFFFF', hair: '#DDDDDD', zone: '#F4F4F4' },
} as const;
export type Tone = keyof typeof PLAIN['light'] | Hue | `${Hue}-band` | `${Hue}-edge` | `${Hue}-pale` | `${Hue}-tint`;

/** Of the ground of an open box. */
const TINT = 0.03;
const blend = (a: string, b: string, t: number) => `#${[1, 3, 5].map(i => Math.round(parseInt(a.slice(i, i + 2), 16) * t + parseInt(b.slice(i, i + 2), 16) * (1 - t)).toString(16).padStart(2, '0')).join('')}`;
export function colours(shade: Shade): Readonly<Record<Tone, string>> {
  const plain = PLAIN[shade], hues = (Object.keys(HUES) as Hue[]).flatMap(k => {
    const own = shade === 'print' ? PRINT[k] : HUES[k][shade === 'dark' ? 1 : 0], [band, edge, pale] = shade === 'dark' ? [0.3, 0.65, 0.13] : shade === 'print' ? [0.16, 0.7, 0.05] : [0.17, 0.8, 0.06];
    return [[k, own], [`${k}-band`, blend(own, plain.page, band)], [`${k}-edge`, blend(own, plain.page, edge)], [`${k}-pale`, blend(own, plain.page, pale)], [`${k}-tint`, blend(own, plain.page, TINT)]] as const;
  });
  return { ...plain, ...Object.fromEntries(hues) } as Record<Tone, string>;
}

export const HUE: Readonly<Record<Kind, Hue>> = { data: 'data', memory: 'data', features: 'blue', values: 'blue', policies: 'blue', mixers: 'mix', critics: 'mix', explore: 'grey', returns: 'grey', normalise: 'grey', arithmetic: 'grey', losses: 'loss' };
export const KIND_WORDS = { data: 'data', blue: 'features, values, policies', mix: 'mixers, critics', grey: 'arithmetic, returns, exploration', loss: 'losses' } as const;
/** Lines on a band, for print: 4 pixels apart, by their angle. */
export const HATCH: Readonly<Partial<Record<Hue, number>>> = { blue: 45, mix: 135, loss: 90 };
export const stateHue = (s: State | undefined): Hue | undefined => (s === 'added' ? 'add' : s === 'removed' ? 'del' : s === 'changed' || s === 'moved' ? 'chg' : undefined);
export const SIGNS: Readonly<Record<State, string>> = { added: '+ ', removed: '− ', changed: '~ ', moved: '→ ', same: '' };

/** Drawn with a line of 1.1 on 10 by 10. */
export const GLYPHS = {
  data: 'M1 2.2C1 1.2 9 1.2 9 2.2V7.8C9 8.8 1 8.8 1 7.8ZM1 2.2C1 3.3 9 3.3 9 2.2',
  blue: 'M5 1L9.3 3.3L5 5.6L.7 3.3ZM.9 5.3L5 7.5L9.1 5.3M.9 7.3L5 9.5L9.1 7.3',
  mix: 'M.8 1.5H9.2L6 5.4V9L4 8V5.4Z',
  grey: 'M6.8 1.2C5.4.8 4.9 1.6 4.7 3L3.7 8C3.4 9.2 2.6 9.4 1.8 9M2.4 4.2H6.4M6 5.6L9 9M9 5.6L6 9',
  loss: 'M8.4 2.6V1.2H1.8L5.2 5L1.8 8.8H8.4V7.4',
  rule: 'M5 3.2A1.8 1.8 0 1 1 4.99 3.2M5 .6V2M5 8V9.4M.6 5H2M8 5H9.4M1.9 1.9L2.9 2.9M7.1 7.1L8.1 8.1M8.1 1.9L7.1 2.9M2.9 7.1L1.9 8.1',
  slot: 'M1 3H9L6.8 .9M9 7H1L3.2 9.1',
  frozen: 'M2 4.6H8V9.2H2ZM3.2 4.6V3.2C3.2 .6 6.8 .6 6.8 3.2V4.6',
  shared: 'M3.8 6.2L6.2 3.8M4.4 2.8L5.6 1.6C7.6 -.2 10.2 2.4 8.4 4.4L7.2 5.6M5.6 7.2L4.4 8.4C2.4 10.2 -.2 7.6 1.6 5.6L2.8 4.4',
  target: 'M5 .6V9.4M1.2 2.8L8.8 7.2M8.8 2.8L1.2 7.2',
  alarm: 'M5 1V6M5 8.4V8.9',
} as const;
export type Glyph = keyof typeof GLYPHS;
export const glyphOf = (n: ViewNode): Glyph => HUE[n.kind] as Glyph;
