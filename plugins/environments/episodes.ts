/** What a game keeps of the episodes of its copies, whatever is played in them: rewards, flags, steps, where the draws come from. */
import { z } from 'zod';
import type { EnvironmentField } from '../../core/environment.ts';
import type { RandomSource } from '../../core/random.ts';
import type { RandomFactory } from '../factories.ts';
import { EpisodeDraws, savedDraws } from './episode-draws.ts';

/** Of one copy, as plain data. */
export const savedEpisode = {
  agentReward: z.array(z.number()), reward: z.number(), step: z.int().nonnegative(), terminated: z.boolean(), truncated: z.boolean(), draws: savedDraws,
};
export type SavedEpisode = z.infer<z.ZodObject<typeof savedEpisode>>;
export interface EpisodeSetting { readonly copies: number; readonly seed: number; readonly random?: RandomFactory }

/** Dims of a field that every agent has; one agent alone leaves `agent` out. */
export const eachAgent = (agents: number) => (dims: string): string => (agents === 1 ? dims : `agent ${dims}`.trimEnd());
/** What the fields of `Episodes` are, for the specification of a game. */
export const episodeFields = (agents: number): Readonly<Record<keyof Episodes['fields'], EnvironmentField>> => ({
  reward: { dtype: 'f32', dims: '' }, agentReward: { dtype: 'f32', dims: eachAgent(agents)('') }, terminated: { dtype: 'bool', dims: '' }, truncated: { dtype: 'bool', dims: '' },
});

/** reward [copies], the sum of agentReward [copies agent]; terminated, truncated [copies]; step [copies]: steps made. */
export class Episodes {
  readonly fields: { readonly reward: Float32Array; readonly agentReward: Float32Array; readonly terminated: Uint8Array; readonly truncated: Uint8Array };
  readonly step: Int32Array;
  readonly #agents: number;
  readonly #draws: EpisodeDraws;

  constructor(agents: number, setting: EpisodeSetting) {
    const { copies } = setting;
    this.#agents = agents;
    this.#draws = new EpisodeDraws(setting);
    this.step = new Int32Array(copies);
    this.fields = {
      reward: new Float32Array(copies), agentReward: new Float32Array(copies * agents),
      terminated: new Uint8Array(copies).fill(1), truncated: new Uint8Array(copies),      // until its first reset a copy counts as ended
    };
  }

  /** Nothing is stepped in a copy whose episode is over. */
  over(copy: number): boolean { return this.fields.terminated[copy] === 1 || this.fields.truncated[copy] === 1; }
  /** The draws of a copy's next episode, which begins when it is set up. */
  draws(copy: number, seed: number | undefined): RandomSource { return this.#draws.begin(copy, seed); }
  /** Nothing has happened in it yet. */
  begin(copy: number): void {
    const { reward, agentReward, terminated, truncated } = this.fields;
    this.step[copy] = reward[copy] = terminated[copy] = truncated[copy] = 0;
    agentReward.fill(0, copy * this.#agents, (copy + 1) * this.#agents);
  }
  end(copy: number, terminated: boolean, truncated: boolean): void {
    this.fields.terminated[copy] = terminated ? 1 : 0;
    this.fields.truncated[copy] = truncated ? 1 : 0;
  }
  /** The sum of `earned` [agent] in float64, and each of them; without them that of the rewards of the agents as they stand. */
  pay(copy: number, earned?: Float64Array): void {
    const { reward, agentReward } = this.fields, from = copy * this.#agents;
    let sum = 0;
    if (earned) for (let i = 0; i < earned.length; i++) { agentReward[from + i] = earned[i]!; sum += earned[i]!; } else for (let i = from; i < from + this.#agents; i++) sum += agentReward[i]!;
    reward[copy] = sum;
  }

  save(copy: number): SavedEpisode {
    const { reward, agentReward, terminated, truncated } = this.fields, agents = this.#agents;
    return { agentReward: [...agentReward.subarray(copy * agents, (copy + 1) * agents)], reward: reward[copy]!, step: this.step[copy]!, terminated: terminated[copy] === 1, truncated: truncated[copy] === 1, draws: this.#draws.save(copy) };
  }
  restore(copy: number, { agentReward, reward, step, terminated, truncated, draws }: SavedEpisode): void {
    this.#draws.restore(copy, draws);
    this.fields.agentReward.set(agentReward, copy * this.#agents);
    this.fields.reward[copy] = reward;
    this.step[copy] = step;
    this.end(copy, terminated, truncated);
  }
}
