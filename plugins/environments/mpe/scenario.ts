/** What is played in a particle world: who is in it, what each agent sees, what it earns. */
import type { RandomSource } from '../../../core/random.ts';
import type { AgentBody, Bodies, Body, ParticleWorld } from './world.ts';

export interface Scenario extends Omit<Bodies, 'choices'> {
  /** Whole numbers that a copy remembers: below what each of them lies. */
  readonly choices: readonly number[];
  /** Names of the teams and their agents, where there are several. */
  readonly players?: { readonly adversaries: readonly number[]; readonly good: readonly number[] };
  /** Numbers in the observation of each agent. */
  readonly obs: readonly number[];
  /** Draws an episode: what is remembered, and all places. Velocities and speech are 0. */
  start(world: ParticleWorld, copy: number, random: RandomSource): void;
  /** What happens in a step after the bodies have moved. */
  settle?(world: ParticleWorld, copy: number, random: RandomSource): void;
  /** Writes one agent's observation; `into` holds zeros where nothing was ever written. */
  observe(world: ParticleWorld, copy: number, agent: number, into: Float32Array, at: number): void;
  /** Writes what each agent earns in the step that led here. */
  reward(world: ParticleWorld, copy: number, earned: Float64Array): void;
  /** Has the episode reached what ends it before its limit? */
  succeeded?(world: ParticleWorld, copy: number): boolean;
}

/** A body of the originals' defaults that moves and is silent. */
export const agentBody = (given: Partial<AgentBody>): AgentBody => ({ size: 0.05, collides: true, moves: true, speaks: false, force: 5, topSpeed: Infinity, mass: 1, ...given });
/** A landmark of the originals' default size that nothing bumps into. */
export const landmarkBody = (given: Partial<Body> = {}): Body => ({ size: 0.05, collides: false, ...given });
export const several = <T>(count: number, body: T): readonly T[] => Array.from({ length: count }, () => body);
export const indices = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** A start that draws whole numbers of 0 .. below - 1, then agents anywhere in [-1, 1]^2 and landmarks in [-field, field]^2. */
export const anywhere = (choices: readonly number[] = [], field = 1): Pick<Scenario, 'choices' | 'start'> => ({
  choices,
  start(world, copy, random) {
    for (let i = 0; i < choices.length; i++) world.choose(copy, i, random.integer(choices[i]!, 'mpe.choice'));
    world.scatter(copy, 0, world.agents, 1, random);
    world.scatter(copy, world.agents, world.entities, field, random);
  },
});

/** Entities that an agent observes: all in their order, or only so many nearest ones, the nearest first. */
export class View {
  /** Slots of an observation; those beyond `look` stay zero. */
  readonly slots: number;
  /** What the last `look` found. */
  readonly seen: Int32Array;
  readonly #nearest: number;
  readonly #distance: Float64Array;

  /** `nearest` 0: all of `most`. */
  constructor(nearest: number, most: number) {
    this.#nearest = nearest;
    this.slots = nearest || most;
    this.seen = new Int32Array(most + 1);
    this.#distance = new Float64Array(most + 1);
  }

  /** Finds those of the entities `from` .. `to` - 1 that the agent observes, itself left out, and returns how many these are. */
  look(world: ParticleWorld, copy: number, agent: number, from: number, to: number): number {
    const seen = this.seen, distance = this.#distance;
    let count = 0;
    for (let entity = from; entity < to; entity++) {
      if (entity === agent) continue;
      let slot = count++;
      if (this.#nearest > 0) {
        const far = world.squared(copy, agent, entity);
        for (; slot > 0 && distance[slot - 1]! > far; slot--) { seen[slot] = seen[slot - 1]!; distance[slot] = distance[slot - 1]!; }
        distance[slot] = far;
      }
      seen[slot] = entity;
    }
    return Math.min(count, this.slots);
  }

  /** `look`, and then writes where each of them is, as the agent sees it. Returns where the next part of the observation begins. */
  show(world: ParticleWorld, copy: number, agent: number, from: number, to: number, into: Float32Array, at: number): number {
    const count = this.look(world, copy, agent, from, to);
    for (let slot = 0; slot < count; slot++) world.showOffset(copy, agent, this.seen[slot]!, into, at + 2 * slot);
    return at + 2 * this.slots;
  }
}

/** The least distance of one entity to the entities `from` .. `to` - 1. */
export function nearest(world: ParticleWorld, copy: number, entity: number, from: number, to: number): number {
  let least = Infinity;
  for (let other = from; other < to; other++) least = Math.min(least, world.distance(copy, entity, other));
  return least;
}

/** What a prey loses for a coordinate near the border of the field or beyond it. */
export function beyond(x: number): number {
  const far = Math.abs(x);
  return far < 0.9 ? 0 : far < 1 ? (far - 0.9) * 10 : Math.min(Math.exp(2 * far - 2), 10);
}
