/** An environment that plays a script: which episodes each copy has, how they end, and what goes wrong where. It writes down what it was told to do. */
import type { EnvironmentField, EnvironmentSpec, TypedArray, VectorEnvironment } from '../../../core/environment.ts';
import type { EpisodePlan } from '../replay/streams.ts';

interface Moment { readonly copy: number; readonly episode: number; readonly t: number }
export interface Script {
  /** Episodes of each copy, over and over. */
  readonly plans: readonly (readonly EpisodePlan[])[];
  /** Number of agents; without it the fields have no dim `agent`. */
  readonly agents?: number;
  readonly actions?: number;
  /** Are actions so many numbers? They are one of so many. */
  readonly continuous?: true;
  /** Is an action allowed? All are. */
  readonly avail?: (at: Moment, agent: number, action: number) => boolean;
  /** Changes what a copy shows, after every step and reset. */
  readonly spoil?: (at: Moment, fields: Readonly<Record<string, TypedArray>>) => void;
  readonly won?: (at: Moment) => boolean;
  /** That the specification promises; none. */
  readonly limit?: number;
  readonly more?: Readonly<Record<string, EnvironmentField & { readonly width: number }>>;
}
/** What every agent sees: the copy, the episode, the time and the agent in one number. */
export const seen = ({ copy, episode, t }: Moment, agent = 0): number => copy * 1000 + episode * 10 + t + agent / 4;
export const rewardAt = ({ episode, t }: Moment): number => episode + t / 2;

export class Scripted implements VectorEnvironment {
  readonly copies: number;
  readonly spec: EnvironmentSpec;
  readonly fields: Record<string, TypedArray>;
  /** Actions of every call of `step`, and the masks of every `reset`. */
  readonly steps: number[][] = [];
  readonly resets: number[][] = [];
  closed = false;
  readonly #script: Script;
  readonly #at: { episode: number; t: number; ended: boolean }[];
  constructor(script: Script) {
    const { plans, agents, actions = 3, continuous, limit = Infinity } = script, K = plans.length, N = agents ?? 1, by = (dims: string) => (agents === undefined ? dims : `agent ${dims}`.trim());
    this.#script = script; this.copies = K;
    this.spec = {
      id: 'scripted/play', sizes: { agent: N, action: actions, obs: 2 }, actions: continuous ? 'continuous' : 'discrete', limit, reward: 'common',
      fields: {
        obs: { dtype: 'f32', dims: by('obs') }, avail: { dtype: 'bool', dims: by('action') }, reward: { dtype: 'f32', dims: '' }, terminated: { dtype: 'bool', dims: '' }, truncated: { dtype: 'bool', dims: '' },
        ...(script.won ? { won: { dtype: 'bool' as const, dims: '' } } : {}), ...script.more,
      },
    };
    this.fields = {
      obs: new Float32Array(K * N * 2), avail: new Uint8Array(K * N * actions).fill(1), reward: new Float32Array(K), terminated: new Uint8Array(K), truncated: new Uint8Array(K),
      ...(script.won ? { won: new Uint8Array(K) } : {}), ...Object.fromEntries(Object.entries(script.more ?? {}).map(([k, f]) => [k, new Float32Array(K * f.width)])),
    };
    this.#at = plans.map(() => ({ episode: -1, t: 0, ended: true }));
  }
  #plan(copy: number): EpisodePlan { const plans = this.#script.plans[copy]!; return plans[this.#at[copy]!.episode % plans.length]!; }
  #show(copy: number): void {
    const { agents = 1, actions = 3, avail, spoil, won } = this.#script, { episode, t, ended } = this.#at[copy]!, at = { copy, episode, t }, { end } = this.#plan(copy);
    for (let i = 0; i < agents; i++) {
      this.fields['obs']!.set([seen(at, i), t], (copy * agents + i) * 2);
      for (let a = 0; a < actions; a++) this.fields['avail']![(copy * agents + i) * actions + a] = Number(avail?.(at, i, a) ?? true);
    }
    this.fields['reward']![copy] = t === 0 ? 0 : rewardAt(at);
    this.fields['terminated']![copy] = Number(ended && end === 'terminated'); this.fields['truncated']![copy] = Number(ended && end === 'truncated');
    if (won) this.fields['won']![copy] = Number(won(at));
    spoil?.(at, this.fields);
  }
  step(actions: TypedArray): void {
    this.steps.push([...actions]);
    if (this.#at.every(c => c.ended)) throw new Error('a step with no copy to step');
    this.#at.forEach((c, copy) => { if (c.ended) return; c.t++; c.ended = c.t === this.#plan(copy).length; this.#show(copy); });
  }
  reset(mask: Uint8Array): void {
    this.resets.push([...mask]);
    this.#at.forEach((c, copy) => { if (!mask[copy]) return; c.episode++; c.t = 0; c.ended = false; this.#show(copy); });
  }
  getState(copy: number): unknown { return { ...this.#at[copy]! }; }
  setState(copy: number, state: unknown): void { Object.assign(this.#at[copy]!, state); this.#show(copy); }
  close(): void { this.closed = true; }
}
