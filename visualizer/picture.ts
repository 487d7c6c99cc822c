/** A page's picture, from its description and what is asked for. */
import type { Description } from '../core/describe.ts';
import { foldGroups } from './fold.ts';
import { nestedIn } from './inside.ts';
import { layered } from './layered.ts';
import { measure, type Look } from './measure.ts';
import type { Theme } from './palette.ts';
import { closed, fromDescription, needed, opened, type PartsOf } from './parts.ts';
import { onPath } from './path.ts';
import { foldRepeats } from './repeats.ts';
import { drawSvg, type Drawing } from './svg.ts';
import { captionOf, running, viewOf, type ViewOptions } from './view.ts';
import { FLOWS, GROUPS, type Flow, type Group, type Thread, type ViewGraph } from './view-graph.ts';

export const LEVELS = [0, 1, 2, 3] as const;
export type Level = (typeof LEVELS)[number];
export interface Folding {
  /** 0: parts of the page; 1: nodes; 2: their layers; 3: single operations. */
  readonly level?: Level;
  /** Nodes and parts of the page that are open although the level folds them, and folded although it does not. */
  readonly expand?: readonly string[]; readonly collapse?: readonly string[];
  readonly foldRepeats?: boolean;
  /** Only this way, the rest faded. */
  readonly path?: readonly [from: string, to: string];
  /** Kinds of lines; all without it. `lag` is one, too. */
  readonly edges?: readonly (Flow | 'lag')[];
}
export interface PictureOptions extends Folding, ViewOptions {
  /** Operations of a node, for level 3, and of nodes that level 2 is asked to open further. */
  readonly operations?: PartsOf;
  /** Which value enters which layer, for level 2. */
  readonly threads?: (node: string) => readonly Thread[] | undefined;
  /** Shapes in the description are sizes of a world. */
  readonly sized?: boolean;
}
const isGroup = (word: string): word is Group => (GROUPS as readonly string[]).includes(word);

export function pictureOf(page: Description, o: PictureOptions = {}): ViewGraph {
  const d = running(page), { level = 1, expand = [], collapse = [] } = o, all = viewOf(d, o), open = new Set(expand), shut = new Set(collapse), layers = fromDescription(d, o.sized ?? false, o.threads), operations: PartsOf = (n, box) => { const found = o.operations?.(n); return found?.parts.length ? (box && found.threads ? needed(box, found) : found) : layers(n); };
  // a lagged, shared or frozen node has what its source has, and says whose copy it is
  const deep = opened(all, level === 3 ? operations : layers, n => !shut.has(n.id) && (open.has(n.id) ? level >= 1 : level >= 2 && n.of === undefined));
  const deeper = level === 2 && o.operations ? opened(deep, operations, n => open.has(n.id)) : deep, tight = closed(deeper, n => shut.has(n.id));
  const repeated = o.foldRepeats ? foldRepeats(tight) : tight;
  const folds = new Set(level === 0 ? GROUPS.filter(g => !open.has(g)) : [...shut].filter(isGroup)), folded = foldGroups(repeated, folds, new Set(level === 0 ? expand : []));
  const lined = o.edges ? withLines(folded, o.edges) : folded, view = { ...lined, level, caption: captionOf(d, level) };
  return (o.path && onPath(view, ...o.path)) ?? view;
}
/** Without lines of other kinds; their ports keep their names. */
const withLines = (view: ViewGraph, kinds: readonly string[]): ViewGraph => ({ ...view, edges: view.edges.filter(e => kinds.includes(e.kind)), ...(kinds.includes('lag') ? {} : { lags: false as const }) });
export const LINES = [...FLOWS, 'lag'] as const;

export interface Rendering extends Partial<Look> {
  readonly theme?: Theme;
  /** With what a picture shows that is made small: see `html`. */
  readonly zoomable?: boolean;
}
/** Measured, laid out and drawn. */
export function draw(view: ViewGraph, { direction = 'LR', shapes = 'symbolic', theme = 'auto', zoomable = false }: Rendering = {}): Drawing {
  const look: Look = { direction, shapes };
  return drawSvg(view, layered(view, measure(view, look, nestedIn), look), look, theme, zoomable);
}
export const svg = (view: ViewGraph, rendering: Rendering = {}): string => draw(view, rendering).svg;
