/** Sizes of a small world, and random data that any page can learn from or act on. */
import type { Definition } from '../../core/definition.ts';
import { derive } from '../../core/graph.ts';
import type { TypedArray } from '../../core/environment.ts';
import { words } from '../../core/port.ts';
import { Random } from '../../core/random.ts';
import type { NamedArray } from '../../core/store.ts';
import type { Field, World } from '../../core/world.ts';

/** Sizes that no two unlike dims share, except where one is a second name of another. */
export const SIZES = { agent: 3, id: 3, neighbour: 3, other: 2, obs: 5, state: 6, action: 4, channel: 2, row: 4, column: 4, goal: 7 } as const;
/** Items of a batch, and copies that act. */
export const BATCH = 2;
export type Sizes = Readonly<Record<keyof typeof SIZES | 'batch', number>>;
const USUAL: Sizes = { ...SIZES, batch: BATCH };

/** Steps of a segment of the first source; slots are one more. */
export const stepsOf = (page: Definition): number => {
  const [first] = Object.values(page.page.sources);
  return first?.cut === 'transitions' ? first.length ?? 1 : 4;
};
/** The sizes that a step on a batch of `batchOf` needs. */
export const sizesOf = (page: Definition, steps = stepsOf(page)) => ({ ...SIZES, batch: BATCH, time: steps });
/** The same page with so many passes over a batch, all of it at once unless it is to be cut. */
export function passing(page: Definition, epochs: number, minibatches = 1): Definition {
  const { cut, epochs: many, ...rest } = page.page.sources['data']!;
  return cut !== 'rollout' || many === undefined ? page : derive(page as Definition<unknown, World>, page.page.name, g => { g.rollout({ ...rest, epochs, minibatches }); });
}

type Made = Readonly<Record<string, TypedArray>>;
interface Place { readonly random: Random; readonly sizes: Sizes; readonly slots: number; readonly shape: readonly number[]; readonly made: Made }
/** One number per entry `i` of a field whose shape is [batch, slots, ...]. */
type Maker = (i: number, place: Place) => number;

const slotOf = (i: number, { shape, slots }: Place) => Math.floor(i / product(shape.slice(2))) % slots;
const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const row = (i: number, { shape }: Place) => Math.floor(i / shape.at(-1)!);
const column = (i: number, { shape }: Place) => i % shape.at(-1)!;
const diagonal: Maker = (i, place) => Number(row(i, place) % place.shape.at(-1)! === column(i, place));
/** An action that `avail` allows, `ahead` slots after its own; any where the world masks nothing. */
const allowed = (ahead: number): Maker => (i, place) => {
  const { random, sizes, shape, slots, made } = place, mask = made['avail'], agents = product(shape.slice(2));
  const at = mask ? (Math.floor(i / agents / slots) * (slots + 1) + slotOf(i, place) + ahead) * agents + (i % agents) : 0;
  const open = Array.from({ length: sizes.action }, (_, a) => a).filter(a => !mask || mask[at * sizes.action + a] === 1);
  return open[random.integer(open.length)]!;
};
const coin = (p: number): Maker => (_, { random }) => Number(random.uniform() < p);

const MAKERS: Readonly<Record<string, Maker>> = {
  valid: () => 1, alive: () => 1, truncated: () => 0,
  weight: (_, { random }) => 0.5 + random.uniform(),
  start: (i, place) => Number(slotOf(i, place) === 0),
  terminated: (i, place) => Number(slotOf(i, place) === place.slots - 1 && place.random.uniform() < 0.5),
  agentId: diagonal,
  adjacency: (i, place) => Math.max(diagonal(i, place), coin(0.5)(i, place)),
  avail: (i, place) => Math.max(Number(column(i, place) === 0), coin(0.7)(i, place)),
  blocking: coin(0.5), action: allowed(0), nextAction: allowed(1),
  seenAction: (_, { random, sizes }) => random.integer(sizes.action),
  seen: coin(0.6),
};
const anything: Maker = (_, { random }) => 2 * random.uniform() - 1;

function fill(name: string, field: Field, steps: number, sizes: Sizes, random: Random, made: Made): NamedArray {
  const slots = field.at === 'slot' ? steps + 1 : steps, shape = [sizes.batch, slots, ...words(field.spec).map(dim => sizes[dim as keyof Sizes])];
  const place = { random, sizes, slots, shape, made }, make = field.dtype === 'f32' && name === 'action' ? anything : MAKERS[name] ?? anything, length = product(shape);
  const data = field.dtype === 'f32' ? new Float32Array(length) : field.dtype === 'i32' ? new Int32Array(length) : new Uint8Array(length);
  for (let i = 0; i < length; i++) data[i] = make(i, place);
  return { shape, data };
}
function fieldsOf(page: Definition, source: string, steps: number, sizes: Sizes, seed: number): Record<string, NamedArray> {
  const world = Object.entries(page.page.world).sort(([a], [b]) => Number(b === 'avail') - Number(a === 'avail')), made: Record<string, TypedArray> = {};
  return Object.fromEntries(world.map(([name, field]) => {
    const array = fill(name, field, steps, sizes, Random.of(seed, `lab/${source}.${name}`), made);
    made[name] = array.data;
    return [name, array];
  }));
}

/** A batch for every source of a page, by `source.field`. */
export function batchOf(page: Definition, { seed = 0, steps = stepsOf(page), sizes = USUAL } = {}): Record<string, NamedArray> {
  return Object.fromEntries(Object.keys(page.page.sources).flatMap(source =>
    Object.entries(fieldsOf(page, source, steps, sizes, seed)).map(([name, array]) => [`${source}.${name}`, array])));
}
/** What all copies see at one moment, by field, over [copies, 1, ...]. */
export function presentOf(page: Definition, { seed = 0, sizes = USUAL } = {}): Record<string, NamedArray> {
  const source = Object.keys(page.page.sources)[0]!, both = fieldsOf(page, source, 1, sizes, seed);
  return Object.fromEntries(Object.entries(both).map(([name, { shape, data }]) => [name, shape[1] === 1 ? { shape, data } : slot({ shape, data }, 0)]));
}
/** One slot of a field, as [batch, 1, ...]. */
export function slot({ shape, data }: NamedArray, t: number): NamedArray {
  const [batch, slots] = shape as [number, number], width = product(shape.slice(2)), out = data.slice(0, batch * width);
  for (let b = 0; b < batch; b++) out.set(data.subarray((b * slots + t) * width, (b * slots + t + 1) * width), b * width);
  return { shape: [batch, 1, ...shape.slice(2)], data: out };
}
