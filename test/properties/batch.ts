/** A batch for any page: every field of its world drawn, and consistent where fields depend on each other. */
import { use, type Definition } from '../../core/definition.ts';
import type { TypedArray } from '../../core/environment.ts';
import type { Noise } from '../../core/node.ts';
import { plan } from '../../core/plan.ts';
import { base, isTime, named, words } from '../../core/port.ts';
import { Random } from '../../core/random.ts';
import type { NamedArray } from '../../core/store.ts';

export type Sizes = Readonly<Record<string, number>>;
const SIZES: Sizes = { batch: 3, time: 4, agent: 2, action: 3, obs: 5, state: 6, id: 2, neighbour: 2, other: 2, channel: 2, row: 4, column: 4, goal: 3 };
/** Transitions are segments of so many steps, one if nothing is said; whole episodes are longer. */
export function sizesOf(d: Definition, more: Sizes = {}): Sizes {
  const { cut, length = 1 } = Object.values(d.page.sources)[0]!;
  return { ...SIZES, ...(cut === 'transitions' ? { time: length } : {}), ...more };
}

/** Lengths of the episodes of a batch; the first fills it. */
export const lengthsOf = ({ batch, time }: Sizes): number[] => Array.from({ length: batch! }, (_, b) => 1 + (time! - 1 + 2 * b) % time!).map((n, b) => (b === 0 ? time! : n));

/** By `source.field`. `pad` adds slots that no episode reaches. */
export function drawBatch(d: Definition, sizes: Sizes, { seed = 1, pad = 0, lengths = lengthsOf(sizes) }: { readonly seed?: number; readonly pad?: number; readonly lengths?: readonly number[] } = {}): Record<string, NamedArray> {
  const out: Record<string, NamedArray> = {};
  for (const source of Object.keys(d.page.sources)) {
    const B = sizes['batch']!, T = sizes['time']! + pad, fields: Record<string, { readonly shape: readonly number[]; readonly data: TypedArray }> = {};
    const reached = (name: string, b: number, t: number) => t < lengths[b]! + (d.page.world[name]!.at === 'slot' ? 1 : 0);
    for (const [name, f] of Object.entries(d.page.world)) {
      const own = words(f.spec).map(w => sizes[w]!), width = own.reduce((a, n) => a * n, 1), slots = f.at === 'slot' ? T + 1 : T, size = B * slots * width;
      const data = f.dtype === 'f32' ? new Float32Array(size) : f.dtype === 'i32' ? new Int32Array(size) : new Uint8Array(size);
      for (let b = 0; b < B; b++) for (let t = 0; t < slots; t++) {
        if (!reached(name, b, t)) continue;
        const random = Random.of(seed, `batch/${source}.${name}`, b, t);                     // by place, so that padding moves nothing
        const normal = random.fill('normal', new Float32Array(width));
        for (let i = 0; i < width; i++) data[(b * slots + t) * width + i] = f.dtype === 'f32' ? normal[i]! : f.dtype === 'i32' ? random.integer(sizes[f.of!]!) : random.integer(2);
      }
      fields[name] = { shape: [B, slots, ...own], data };
    }
    const set = (name: string, f: (b: number, t: number, i: number) => number) => {
      const x = fields[name];
      if (!x) return;
      const [, slots, ...own] = x.shape as [number, number, ...number[]], width = own.reduce((a, n) => a * n, 1);
      x.data.forEach((_, k) => { x.data[k] = f(Math.floor(k / width / slots), Math.floor(k / width) % slots, k % width); });
    };
    const A = sizes['action']!, N = 'agentId' in d.page.world ? sizes['agent']! : 1, { action, avail } = fields;
    set('start', (_, t) => (t === 0 ? 1 : 0));
    set('valid', (b, t) => (t < lengths[b]! ? 1 : 0));
    set('weight', (b, t) => (t < lengths[b]! ? 1 : 0));
    set('alive', () => 1);
    set('truncated', (b, t) => (t === lengths[b]! - 1 && b % 2 === 1 ? 1 : 0));
    set('terminated', (b, t) => (t === lengths[b]! - 1 && b % 2 === 0 ? 1 : 0));
    set('agentId', (_, __, i) => (Math.floor(i / sizes['id']!) === i % sizes['id']! ? 1 : 0));
    if (avail && action && d.page.world['action']!.dtype === 'i32') {
      for (let b = 0; b < B; b++) for (let t = 0; t <= T; t++) for (let n = 0; n < N; n++) {
        const from = ((b * (T + 1) + t) * N + n) * A;
        if (t < lengths[b]!) avail.data[from + action.data[(b * T + t) * N + n]!] = 1;
        else if (t === lengths[b]!) avail.data[from + (b + n) % A] = 1;
      }
      set('lastAction', (b, t, i) => (t > 0 && t <= lengths[b]! && action.data[(b * T + t - 1) * N + Math.floor(i / A)] === i % A ? 1 : 0));
    }
    for (const [name, x] of Object.entries(fields)) out[`${source}.${name}`] = x;
  }
  return out;
}

/** What the nodes of a page draw over time, by `node.noise`, for the same batch: by place, too. */
export function drawNoise(d: Definition, sizes: Sizes, { seed = 1, pad = 0 } = {}): Record<string, NamedArray> {
  const B = sizes['batch']!, T = sizes['time']! + pad;
  return Object.fromEntries([...plan(d, sizes).boxes].flatMap(([node, { lead, size }]) => Object.entries((use(d, node).spec.noise ?? {}) as Record<string, Noise>).filter(() => isTime(lead[1] ?? '')).map(([key, noise]) => {
    const slots = base(lead[1]!) === 'time' ? T : T + 1, own = [...lead.slice(2), ...named(noise)].map(dim => size[dim]!), width = own.reduce((a, n) => a * n, 1), data = new Float32Array(B * slots * width);
    for (let b = 0; b < B; b++) for (let t = 0; t < slots; t++) data.set(Random.of(seed, `noise/${node}.${key}`, b, t).fill(noise.law, new Float32Array(width)), (b * slots + t) * width);
    return [`${node}.${key}`, { shape: [B, slots, ...own], data }] as const;
  })));
}
