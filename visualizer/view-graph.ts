/** What a picture shows, as plain JSON: boxes with ports, and lines between ports. Made from the description of a page, folded to a level; every writer reads this and nothing else. */

/** A node's folder, which is its hue and glyph. */
export const KINDS = ['data', 'memory', 'features', 'values', 'policies', 'mixers', 'critics', 'explore', 'returns', 'normalise', 'arithmetic', 'losses'] as const;
export type Kind = (typeof KINDS)[number];
/** Parts of a page at level 0. */
export const GROUPS = ['data', 'agent', 'learner', 'targets', 'loss'] as const;
export type Group = (typeof GROUPS)[number];
export const FLOWS = ['grad', 'stop', 'data'] as const;
/** `grad`: a gradient flows back; `stop`: there is something to train behind it, and no gradient; `data`: nothing to train behind it. */
export type Flow = (typeof FLOWS)[number];
/** `moved`: the same under another name. */
export type State = 'same' | 'added' | 'removed' | 'changed' | 'moved';

export interface ViewPort {
  /** Unique among the inputs, or the outputs, of its box. */
  readonly id: string;
  readonly label: string;
  readonly dtype?: string;
  readonly dims?: readonly string[];
  /** Sizes of the dims; 0 where one stays open. */
  readonly sizes?: readonly number[];
  /** `now`, `next`, `once`, `xN`: what the wire does before it enters. */
  readonly marks: readonly string[];
  /** The wire is drawn as a flag that names where it comes from; '' where that is the label. */
  readonly flag?: string;
  /** The flag stands for a line that would lead back, from a box further on. */
  readonly back?: true;
  /** A wire enters or leaves; without one the port is offered, or not asked for. */
  readonly used: boolean;
  readonly state?: State;
}
/** What hangs on an output: a rule that trains on it, the action, a number that is kept. */
export interface Tag { readonly port: string; readonly kind: 'rule' | 'act' | 'keep' | 'priority'; readonly text: string; readonly state?: State }
export interface Chip { readonly text: string; readonly state?: State }
/** A layer or an operation inside a node: `mixer/w1`. `of`: the layer that an operation belongs to, or the weights that it reads. */
export interface Part { readonly id: string; readonly label: string; readonly detail: string; readonly of?: string }
/** An end of a thread: a part, or a port of the node that it is in. */
export type End = { readonly port: string } | { readonly part: string };
/** A value inside a node: from an input port or a part to a part or an output port. */
export interface Thread { readonly from: End; readonly to: End }
export interface ViewNode {
  /** Name on the page; key of folding, differences and tests. */
  readonly id: string;
  readonly title: string;
  readonly type?: string;
  /** Type and settings, a few words a line. */
  readonly detail: readonly string[];
  readonly kind: Kind;
  readonly role: 'add' | 'slot' | 'target' | 'shared' | 'frozen' | 'source' | 'memory' | 'group';
  readonly of?: string;
  readonly group: Group;
  readonly inputs: readonly ViewPort[];
  readonly outputs: readonly ViewPort[];
  /** Rules that train it. */
  readonly rules: readonly Chip[];
  readonly tags: readonly Tag[];
  readonly acts: boolean;
  readonly weights?: number;
  readonly about?: string;
  /** Layers or operations, where it is open. */
  readonly parts?: readonly Part[];
  /** Which value enters which part, where somebody watched it run. */
  readonly threads?: readonly Thread[];
  /** Its settings and unused ports are not shown. */
  readonly closed?: true;
  /** Nodes that a folded box stands for. */
  readonly folds?: readonly string[];
  /** Not on the way that is asked for. */
  readonly faded?: true;
  readonly state?: State;
  /** Something is wrong here. */
  readonly alarm?: string;
}
export interface ViewEdge {
  readonly id: string;
  readonly from: readonly [node: string, port: string];
  readonly to: readonly [node: string, port: string];
  readonly kind: Flow;
  /** The output port that it leaves: lines of one net share a trunk. */
  readonly net: string;
  readonly state?: State;
  readonly faded?: true;
  readonly alarm?: true;
}
/** A train rule in words. */
export interface Card { readonly name: string; readonly lines: readonly string[]; readonly state?: State; readonly changed?: readonly number[] }
export interface ViewGraph {
  readonly schema: 1;
  readonly title: string;
  /** Sentences under the title: what the page is, or what differs. */
  readonly lead: readonly string[];
  readonly level: 0 | 1 | 2 | 3;
  readonly form: 'page' | 'difference' | 'error';
  readonly nodes: readonly ViewNode[];
  readonly edges: readonly ViewEdge[];
  readonly cards: readonly Card[];
  /** Outlines round boxes, in words for the legend. */
  readonly zones: Readonly<Partial<Record<'agent' | 'targets', string>>>;
  /** No dotted lines to lagged boxes. */
  readonly lags?: false;
  /** Facts at the foot. */
  readonly caption: readonly string[];
}
export const netOf = (from: readonly [string, string]): string => from.join('.');
