/** A particle scenario as an environment: its world, its episodes, padding of unlike agents. */
import { z } from 'zod';
import type { EnvironmentField, EnvironmentSpec, TypedArray, VectorEnvironment } from '../../../core/environment.ts';
import { Random, type RandomSource } from '../../../core/random.ts';
import type { RandomFactory } from '../../factories.ts';
import { checkActionIndices, checkActionNumbers, checkCopy, checkReset, readSaved } from '../call-checks.ts';
import { eachAgent, episodeFields, Episodes, savedEpisode, type EpisodeSetting } from '../episodes.ts';
import type { Scenario } from './scenario.ts';
import { ParticleWorld, type Integration } from './world.ts';

export interface ParticleGame {
  readonly scenario: Scenario;
  readonly actions: EnvironmentSpec['actions'];
  readonly integration: Integration;
  readonly steps: number;
}

const point = z.tuple([z.number(), z.number()]);
const savedParticles = z.strictObject({
  places: z.array(point), velocities: z.array(point), speech: z.array(z.array(z.number())), choices: z.array(z.int().nonnegative()),
  ...savedEpisode,
  /** Position in the stream of the episode, where steps draw from it. */
  stream: z.array(z.int()).optional(),
});
type SavedParticles = z.infer<typeof savedParticles>;

/** A saved state of this scenario and no other. */
const savedOf = ({ agents, landmarks, words, choices, settle }: Scenario) => savedParticles
  .refine(s => s.places.length === agents.length + landmarks.length && s.velocities.length === agents.length && s.agentReward.length === agents.length, 'another number of agents or landmarks')
  .refine(s => s.speech.length === agents.length && s.speech.every(said => said.length === words), 'another number of words')
  .refine(s => s.choices.length === choices.length && s.choices.every((chosen, i) => chosen < choices[i]!), 'other choices')
  .refine(s => (settle === undefined || s.draws.episode < 0) === (s.stream === undefined), 'no stream of draws, or one too many')
  .refine(s => s.draws.seed === null || s.stream === undefined || s.stream.length === Random.of(0, '').state().length, 'no stream of draws');

/**
 * obs [copies agent obs], zeros behind what a narrower agent sees; state [copies state]: the observations one after another without these zeros;
 * agentReward [copies agent]; reward [copies]: their sum. Where agents have different numbers of actions, avail [copies agent action] or, for
 * continuous ones, actionMask [copies agent action] says which of them an agent has; the others are not read.
 */
export class Particles implements VectorEnvironment {
  readonly spec: EnvironmentSpec;
  readonly copies: number;
  readonly fields: Readonly<Record<string, TypedArray>>;
  readonly #game: ParticleGame;
  readonly #saved: ReturnType<typeof savedOf>;
  readonly #episodes: Episodes;
  readonly #factory: RandomFactory | undefined;
  /** By copy, where steps draw. */
  readonly #streams: (RandomSource | undefined)[];
  readonly #world: ParticleWorld;
  readonly #obs: Float32Array;
  readonly #obsSize: number;
  readonly #actionSize: number;
  readonly #state: Float32Array;
  readonly #stateSize: number;
  /** [agent] what each earned in the step of one copy. */
  readonly #earned: Float64Array;

  constructor(id: string, game: ParticleGame, setting: EpisodeSetting) {
    const { copies } = setting, { scenario, actions, integration, steps } = game;
    this.#world = new ParticleWorld({ ...scenario, choices: scenario.choices.length }, integration, copies);
    const agents = scenario.agents.length, widths = this.#world[actions], action = Math.max(...widths), obs = Math.max(...scenario.obs), state = scenario.obs.reduce((sum, size) => sum + size, 0);
    const byAgent = eachAgent(agents), unlike = widths.some(width => width !== action);
    const mask: Readonly<Record<string, EnvironmentField>> = !unlike ? {} : actions === 'discrete' ? { avail: { dtype: 'bool', dims: byAgent('action') } } : { actionMask: { dtype: 'f32', dims: byAgent('action') } };
    this.spec = {
      id, sizes: { agent: agents, action, obs, state }, actions, limit: steps, reward: 'sum', ...scenario.players ? { players: scenario.players } : {},
      fields: {
        obs: { dtype: 'f32', dims: byAgent('obs') }, state: { dtype: 'f32', dims: 'state' }, ...mask,
        ...episodeFields(agents),
      },
    };
    this.copies = copies;
    this.#game = game;
    this.#saved = savedOf(scenario);
    this.#episodes = new Episodes(agents, setting);
    this.#factory = setting.random;
    this.#streams = new Array<RandomSource | undefined>(copies).fill(undefined);
    this.#obs = new Float32Array(copies * agents * obs);
    this.#obsSize = obs;
    this.#actionSize = action;
    this.#state = new Float32Array(copies * state);
    this.#stateSize = state;
    this.#earned = new Float64Array(agents);
    const has = (_: number, i: number): number => (i % action < widths[Math.floor(i / action) % agents]! ? 1 : 0), size = copies * agents * action;
    this.fields = {
      obs: this.#obs, state: this.#state, ...this.#episodes.fields,
      ...'avail' in mask ? { avail: new Uint8Array(size).map(has) } : {}, ...'actionMask' in mask ? { actionMask: new Float32Array(size).map(has) } : {},
    };
  }

  step(actions: TypedArray): void {
    const { scenario, steps, actions: kind } = this.#game, episodes = this.#episodes, { terminated, truncated } = episodes.fields;
    if (kind === 'discrete') checkActionIndices(this.spec, actions, terminated, truncated);
    else checkActionNumbers(this.spec, actions, terminated, truncated);
    for (let copy = 0; copy < this.copies; copy++) {
      if (episodes.over(copy)) continue;
      if (kind === 'discrete') this.#world.stepDiscrete(copy, actions);
      else this.#world.stepContinuous(copy, actions, this.#actionSize);
      scenario.settle?.(this.#world, copy, this.#streams[copy]!);
      scenario.reward(this.#world, copy, this.#earned);
      episodes.pay(copy, this.#earned);
      const step = episodes.step[copy] = episodes.step[copy]! + 1;
      episodes.end(copy, step < steps && scenario.succeeded?.(this.#world, copy) === true, step >= steps);
      this.#observe(copy);
    }
  }

  reset(mask: Uint8Array, seeds?: Uint32Array): void {
    checkReset(this.spec.id, this.copies, mask, seeds);
    const { scenario } = this.#game, { velocity, speech, agents, words } = this.#world;
    for (let copy = 0; copy < this.copies; copy++) {
      if (mask[copy] !== 1) continue;
      const random = this.#episodes.draws(copy, seeds?.[copy]);
      scenario.start(this.#world, copy, random);
      if (scenario.settle) this.#streams[copy] = random;
      velocity.fill(0, copy * 2 * agents, (copy + 1) * 2 * agents);
      speech.fill(0, copy * agents * words, (copy + 1) * agents * words);
      this.#episodes.begin(copy);
      this.#observe(copy);
    }
  }

  getState(copy: number): SavedParticles {
    checkCopy(this.spec.id, this.copies, copy);
    const { agents, entities, words, place, velocity, speech, choice } = this.#world, choices = this.#game.scenario.choices.length, stream = this.#streams[copy]?.state();
    const points = (from: Float64Array, count: number) => Array.from({ length: count }, (_, i): [number, number] => [from[2 * (copy * count + i)]!, from[2 * (copy * count + i) + 1]!]);
    return { places: points(place, entities), velocities: points(velocity, agents), speech: Array.from({ length: agents }, (_, i) => [...speech.subarray((copy * agents + i) * words, (copy * agents + i + 1) * words)]),
      choices: [...choice.subarray(copy * choices, (copy + 1) * choices)], ...this.#episodes.save(copy), ...stream ? { stream: [...stream] } : {} };
  }
  setState(copy: number, state: unknown): void {
    checkCopy(this.spec.id, this.copies, copy);
    const saved = readSaved(this.spec.id, this.#saved, state), { agents, entities, words, place, velocity, speech, choice } = this.#world;
    this.#episodes.restore(copy, saved);
    const { seed, episode } = saved.draws;                              // a factory's stream begins again
    this.#streams[copy] = saved.stream && (seed === null ? this.#factory!(saved.draws.copy, episode) : Random.from(saved.stream));
    place.set(saved.places.flat(), copy * entities * 2);
    velocity.set(saved.velocities.flat(), copy * agents * 2);
    speech.set(saved.speech.flat(), copy * agents * words);
    choice.set(saved.choices, copy * saved.choices.length);
    this.#observe(copy);
  }
  close(): void {}

  #observe(copy: number): void {
    const { scenario } = this.#game, { agents } = this.#world, obs = this.#obs;
    for (let agent = 0, next = copy * this.#stateSize; agent < agents; agent++) {
      const from = (copy * agents + agent) * this.#obsSize, size = scenario.obs[agent]!;
      scenario.observe(this.#world, copy, agent, obs, from);
      for (let i = 0; i < size; i++) this.#state[next++] = obs[from + i]!;
    }
  }
}
