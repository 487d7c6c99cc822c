/** A small environment that keeps the whole contract, in pieces that a test can break one at a time. */
import type { EnvironmentSpec, TypedArray, VectorEnvironment } from '../../../core/environment.ts';
import { Random } from '../../../core/random.ts';

export interface ToySetting { readonly copies: number; readonly seed: number }
export interface ToyState { position: number[]; step: number; reward: number[]; ended: number; key: readonly [seed: number, copy: number, episode: number] }

/** Two agents on a line of cells; an episode lasts LIMIT steps; agents earn where they stand and die at the left end. */
export const LIMIT = 6;
const CELLS = 9;
export class Toy implements VectorEnvironment {
  readonly copies: number;
  spec: EnvironmentSpec = {
    id: 'toy/line', sizes: { agent: 2, action: 3, obs: 1 }, actions: 'discrete', limit: LIMIT, reward: 'sum', returns: { least: 0, most: 2 * LIMIT },
    fields: {
      obs: { dtype: 'f32', dims: 'agent obs' }, avail: { dtype: 'bool', dims: 'agent action' }, alive: { dtype: 'f32', dims: 'agent' },
      reward: { dtype: 'f32', dims: '' }, agentReward: { dtype: 'f32', dims: 'agent' }, terminated: { dtype: 'bool', dims: '' }, truncated: { dtype: 'bool', dims: '' },
    },
  };
  fields: Record<string, TypedArray>;
  readonly states: ToyState[];

  constructor({ copies, seed }: ToySetting) {
    this.copies = copies;
    this.fields = {
      obs: new Float32Array(copies * 2), avail: new Uint8Array(copies * 6).fill(1), alive: new Float32Array(copies * 2), reward: new Float32Array(copies),
      agentReward: new Float32Array(copies * 2), terminated: new Uint8Array(copies), truncated: new Uint8Array(copies).fill(1),
    };
    this.states = Array.from({ length: copies }, (_, copy) => ({ position: [0, 0], step: 0, reward: [0, 0], ended: 1, key: [seed, copy, -1] }));
  }

  step(actions: TypedArray): void | Promise<void> {
    this.check(actions);
    this.states.forEach((state, copy) => {
      if (state.ended) return;
      state.position = state.position.map((at, agent) => at === 0 ? 0 : Math.min(CELLS - 1, at + actions[copy * 2 + agent]! - 1));
      state.reward = state.position.map(at => at / (CELLS - 1));
      state.step++;
      state.ended = this.ends(state) ? 1 : 0;
      this.show(copy);
    });
  }
  reset(mask: Uint8Array, seeds?: Uint32Array): void {
    this.states.forEach((state, copy) => {
      if (mask[copy] !== 1) return;
      const [seed, owner, episode] = seeds ? [seeds[copy]!, 0, -1] : state.key;
      state.key = [seed, owner, episode + 1];
      const random = this.draws(...state.key);
      Object.assign(state, { position: [1, 1].map(() => 1 + random.integer(CELLS - 1)), step: 0, reward: [0, 0], ended: 0 });
      this.show(copy);
    });
  }
  getState(copy: number): unknown { return structuredClone(this.states[copy]); }
  setState(copy: number, state: unknown): void {
    this.states[copy] = structuredClone(state as ToyState);
    this.show(copy);
  }
  close(): void {}

  draws(seed: number, copy: number, episode: number): Random { return Random.of(seed, 'toy', copy, episode); }
  ends(state: ToyState): boolean { return state.step >= LIMIT; }
  check(actions: TypedArray): void {
    if (actions.length !== this.copies * 2) throw new Error(`${actions.length} actions`);
    const bad = [...actions].find(action => ![0, 1, 2].includes(action));
    if (bad !== undefined) throw new Error(`action ${bad} is not one of 0 .. 2`);
  }
  show(copy: number): void {
    const { position, reward, ended } = this.states[copy]!;
    this.fields['obs']!.set(position, copy * 2);
    this.fields['alive']!.set(position.map(at => at > 0 ? 1 : 0), copy * 2);
    this.fields['agentReward']!.set(reward, copy * 2);
    this.fields['reward']![copy] = reward[0]! + reward[1]!;
    this.fields['truncated']![copy] = ended;
  }
}

/** One agent, one continuous action, nothing random; asynchronous, as environments in other processes are. */
export class Drift implements VectorEnvironment {
  readonly copies: number;
  readonly spec: EnvironmentSpec = {
    id: 'toy/drift', sizes: { agent: 1, action: 1, obs: 1 }, actions: 'continuous', limit: Infinity, reward: 'common',
    fields: { obs: { dtype: 'f32', dims: 'obs' }, reward: { dtype: 'f32', dims: '' }, terminated: { dtype: 'bool', dims: '' }, truncated: { dtype: 'bool', dims: '' } },
  };
  readonly fields: { readonly obs: Float32Array; readonly reward: Float32Array; readonly terminated: Uint8Array; readonly truncated: Uint8Array };
  constructor({ copies }: ToySetting) {
    this.copies = copies;
    this.fields = { obs: new Float32Array(copies), reward: new Float32Array(copies), terminated: new Uint8Array(copies).fill(1), truncated: new Uint8Array(copies) };
  }
  async step(actions: TypedArray): Promise<void> {
    this.check(actions);
    for (let copy = 0; copy < this.copies; copy++) {
      if (this.fields.terminated[copy] === 1) continue;
      this.fields.obs[copy] = this.fields.obs[copy]! + actions[copy]!;
      this.fields.reward[copy] = this.fields.obs[copy]!;
      this.fields.terminated[copy] = Math.abs(this.fields.obs[copy]!) > 1 ? 1 : 0;
    }
  }
  async reset(mask: Uint8Array): Promise<void> {
    mask.forEach((chosen, copy) => { if (chosen === 1) this.setState(copy, [0, 0, 0]); });
  }
  getState(copy: number): unknown { return [this.fields.obs[copy], this.fields.reward[copy], this.fields.terminated[copy]]; }
  setState(copy: number, state: unknown): void {
    const [obs, reward, terminated] = state as [number, number, number];
    this.fields.obs[copy] = obs; this.fields.reward[copy] = reward; this.fields.terminated[copy] = terminated;
  }
  async close(): Promise<void> {}
  check(actions: TypedArray): void {
    if (actions.length !== this.copies) throw new Error(`${actions.length} actions`);
    const bad = [...actions].find(action => !(Math.abs(action) <= 1));
    if (bad !== undefined) throw new Error(`action ${bad} is not in -1 .. 1`);
  }
}
