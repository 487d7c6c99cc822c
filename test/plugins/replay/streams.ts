/** Random streams of episodes as a run writes them, and what must have been stored of them. */
import fc from 'fast-check';
import type { Replay, Row, Sample } from '../../../core/replay.ts';
import type { Source } from '../../../core/definition.ts';
import type { Snapshot } from '../../../core/store.ts';
import type { ReplayFactory, StoredField } from '../../../plugins/factories.ts';

export interface EpisodePlan { readonly length: number; readonly end: 'terminated' | 'truncated' }
/** One slot of one copy, as it was; `valid` is undefined while it is open. */
export interface Slot { readonly id: number; readonly copy: number; readonly episode: number; readonly t: number; readonly start: boolean; valid?: boolean; action?: number; reward?: number; terminated?: boolean; truncated?: boolean }

/** obs is the number of the slot and the copy, so that a sample says where it comes from; avail alternates; the action is the number modulo 5. */
const FIELDS: readonly StoredField[] = [
  { name: 'obs', dtype: 'f32', width: 2, at: 'slot' }, { name: 'avail', dtype: 'bool', width: 2, at: 'slot' }, { name: 'action', dtype: 'i32', width: 1, at: 'step' },
  { name: 'reward', dtype: 'f32', width: 1, at: 'step' }, { name: 'terminated', dtype: 'bool', width: 1, at: 'step' }, { name: 'truncated', dtype: 'bool', width: 1, at: 'step' },
];
export const rewardOf = (id: number): number => id / 8 + 0.5;

export class Stream {
  /** May be exchanged between two ticks, as a resumed run does. */
  replay: Replay;
  /** By copy, in the order of time. */
  readonly slots: Slot[][];
  readonly #plans: readonly (readonly EpisodePlan[])[];
  /** Written over at every tick: a replay that kept it would show. */
  readonly #row: { readonly obs: Float32Array; readonly avail: Uint8Array; readonly action: Int32Array; readonly reward: Float32Array; readonly terminated: Uint8Array; readonly truncated: Uint8Array };
  constructor(replay: Replay, plans: readonly (readonly EpisodePlan[])[]) {
    const K = plans.length;
    this.replay = replay; this.#plans = plans; this.slots = plans.map(() => []);
    this.#row = { obs: new Float32Array(2 * K), avail: new Uint8Array(2 * K), action: new Int32Array(K), reward: new Float32Array(K), terminated: new Uint8Array(K), truncated: new Uint8Array(K) };
    for (let c = 0; c < K; c++) this.#see(c, 0, 0);
    for (let c = 0; c < K; c++) replay.slot(c, this.#row as unknown as Row, true);
  }
  #see(copy: number, episode: number, t: number): void {
    const id = this.slots[copy]!.length;
    this.slots[copy]!.push({ id, copy, episode, t, start: t === 0 });
    this.#row.obs.set([id, copy], 2 * copy);
    this.#row.avail.set([id % 2, 1], 2 * copy);
  }
  plan(copy: number, episode: number): EpisodePlan { const plans = this.#plans[copy]!; return plans[episode % plans.length]!; }

  /** Ticks of all copies in step: an environment step, or the slot that holds a final observation. */
  run(ticks: number): this {
    for (let i = 0; i < ticks; i++) {
      const row = this.#row as unknown as Row, open = this.slots.map(s => s.at(-1)!);
      open.forEach((s, c) => {
        const { length, end } = this.plan(c, s.episode), last = s.t === length - 1;
        s.valid = s.t < length; s.action = s.id % 5;
        if (s.valid) { s.reward = rewardOf(s.id); s.terminated = last && end === 'terminated'; s.truncated = last && end === 'truncated'; }
        // at a slot that is no transition the environment shows what it showed before
        this.#row.action[c] = s.action; this.#row.reward[c] = s.reward ?? 77; this.#row.terminated[c] = Number(s.terminated ?? true); this.#row.truncated[c] = Number(s.truncated ?? true);
      });
      open.forEach((s, c) => { this.replay.step(c, row, s.valid!); });
      open.forEach((s, c) => { if (s.valid) this.#see(c, s.episode, s.t + 1); else this.#see(c, s.episode + 1, 0); });
      open.forEach((_, c) => { this.replay.slot(c, row, this.slots[c]!.at(-1)!.start); });
    }
    return this;
  }
  at(id: number, copy: number): Slot { return this.slots[copy]![id]!; }
  /** Whole episodes in the order in which they were complete: when the slot after their end was closed. */
  get complete(): Slot[][] {
    const done = this.slots.flatMap(s => { const by = new Map<number, Slot[]>(); for (const x of s) by.set(x.episode, [...by.get(x.episode) ?? [], x]); return [...by.values()].filter(e => e.at(-1)!.valid === false); });
    return done.sort((a, b) => a.at(-1)!.id - b.at(-1)!.id || a[0]!.copy - b[0]!.copy);
  }
}

export const make = (factory: ReplayFactory, source: Omit<Source, 'cut'>, copies: number, { needsNext = false, seed = 1 } = {}): Replay =>
  factory.make({ source: { cut: factory.cut === 'prioritised' ? 'transitions' : factory.cut as Source['cut'], ...source }, copies, fields: FIELDS, needsNext, seed });

/** Copies of a snapshot as a file keeps them: arrays byte by byte, the rest as JSON. */
export const filed = ({ arrays, meta }: Snapshot): Snapshot => ({ arrays: structuredClone(arrays), meta: JSON.parse(JSON.stringify(meta)) as unknown });

/** One item of a sample: its numbers slot by slot. */
export interface Item { readonly ids: readonly (readonly [id: number, copy: number])[]; readonly valid: readonly number[]; readonly reward: readonly number[]; readonly action: readonly number[]; readonly start: readonly number[]; readonly terminated: readonly number[]; readonly truncated: readonly number[]; readonly avail: readonly number[] }
export function itemsOf({ cut: { batch, time }, fields }: Sample): Item[] {
  return Array.from({ length: batch }, (_, b) => {
    const of = (name: string) => { const data = fields[name]!, one = data.length / batch; return [...data.subarray(b * one, (b + 1) * one)]; }, obs = of('obs');
    return { ids: Array.from({ length: time + 1 }, (__, t) => [obs[2 * t]!, obs[2 * t + 1]!] as const), valid: of('valid'), reward: of('reward'), action: of('action'), start: of('start'), terminated: of('terminated'), truncated: of('truncated'), avail: of('avail') };
  });
}

export const plans = fc.array(fc.array(fc.record({ length: fc.integer({ min: 1, max: 7 }), end: fc.constantFrom('terminated' as const, 'truncated' as const) }), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 });
