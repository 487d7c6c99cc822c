/** Boxes and lines with places: what a layout gives, and who makes one. */
import type { Anchor, Box, Look } from './measure.ts';
import type { ViewGraph } from './view-graph.ts';

export interface Point { readonly x: number; readonly y: number }
export interface Rect extends Point { readonly w: number; readonly h: number }
export interface Placed extends Rect { readonly box: Box; readonly inputs: readonly Anchor[]; readonly outputs: readonly Anchor[] }
export interface Junction extends Point { readonly net: string }
/** Pixels from the upper left corner of the drawing. */
export interface Laid {
  readonly boxes: ReadonlyMap<string, Placed>;
  /** By line: corners from its output to its input. */
  readonly routes: ReadonlyMap<string, readonly Point[]>;
  /** Where a net parts. */
  readonly junctions: readonly Junction[];
  readonly w: number; readonly h: number;
}
export type LayoutEngine = (view: ViewGraph, boxes: ReadonlyMap<string, Box>, look: Look) => Laid;
