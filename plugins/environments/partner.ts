/** Repeated games with a scripted partner of a hidden type, whose actions are seen now and then: `partner/match`, `partner/cover`. */
import { z } from 'zod';
import type { EnvironmentSpec, TypedArray, VectorEnvironment } from '../../core/environment.ts';
import { InputError } from '../../core/error.ts';
import type { EnvironmentFamily } from '../factories.ts';
import { checkActionIndices, checkCopy, checkReset, readSaved } from './call-checks.ts';
import { savedDraws } from './episode-draws.ts';
import { eachAgent, episodeFields, Episodes, type EpisodeSetting } from './episodes.ts';
import { environmentId, unknownTask } from './id.ts';
import { completeOptions, type DeclaredOptions, type Values } from './options.ts';

const OPTIONS = {
  agents: { about: 'how many agents play with the partner', default: 2, least: 1, most: 32, whole: true },
  actions: { about: 'actions of everybody, and types of the partner: each has an action of its own', default: 3, least: 2, most: 64, whole: true },
  noise: { about: 'share of its steps in which the partner plays any action instead of its own', default: 0.2, least: 0, most: 1 },
  change: { about: 'chance after each step that the partner becomes any type', default: 0, least: 0, most: 1 },
  visible: { about: 'chance that an agent sees what another has just done, drawn for both ways of every two at every step', default: 0.5, least: 0, most: 1 },
  steps: { about: 'steps of an episode', default: 20, least: 1, most: 1000, whole: true },
} as const satisfies DeclaredOptions;

/** What a step pays. `played` are the actions of the agents, and behind them that of the partner. */
interface Task { readonly about: string; readonly reward: EnvironmentSpec['reward']; pays(played: readonly number[], agent: number): boolean }
const TASKS = {
  match: { about: 'an agent is paid for playing what the partner plays', reward: 'sum', pays: (played, agent) => played[agent] === played.at(-1) },
  cover: { about: 'everybody together is paid where no two play the same', reward: 'common', pays: played => new Set(played).size === played.length },
} as const satisfies Readonly<Record<string, Task>>;

interface Game extends Values<typeof OPTIONS> { readonly task: Task }

/** A saved state of this game and no other. */
const savedOf = ({ agents, actions, steps }: Game) => {
  const action = z.int().min(0).max(actions - 1), bit = z.int().min(0).max(1);
  return z.strictObject({
    types: z.array(action).length(steps + 1), partner: z.array(action).length(steps), sees: z.array(bit).length(steps * agents * agents),
    /** What everybody did in the last step, the partner last; empty at the start. */
    last: z.array(action).refine(({ length }) => length === 0 || length === agents + 1, 'another number of players'),
    step: z.int().min(0).max(steps), agentReward: z.array(bit).length(agents), terminated: z.boolean(), draws: savedDraws,
  });
};
type Saved = z.infer<ReturnType<typeof savedOf>>;

/**
 * One of the types, drawn when an episode begins and told to nobody, says what the partner plays: the action of its type, and now and then any. The agents play with it over and over,
 * all at the same time. An agent knows what it did itself and what it was paid for it; what the others did it sees with a chance. So there are two ways to find out who the partner is:
 * to try, and to watch. Draws are those of `reset`: what anybody does changes nothing of what the partner does or who sees it.
 *
 * obs [copies agent obs]: one-hot of the own last action, and what it was paid; zeros at the start. seenAction [copies agent other]: what each other did in the last step, the other
 * agents in their order and then the partner; 0 where it was not seen. seen [copies agent other]: was it seen? agentReward [copies agent]: 1 or 0. reward [copies]: of `match` their sum, of
 * `cover` what everybody is paid. state [copies state]: one-hots of the type that plays next and of everybody's last action.
 */
class Partner implements VectorEnvironment {
  readonly spec: EnvironmentSpec;
  readonly copies: number;
  readonly fields: Readonly<Record<string, TypedArray>>;
  readonly #game: Game;
  readonly #saved: ReturnType<typeof savedOf>;
  readonly #episodes: Episodes;
  readonly #obs: Float32Array;
  readonly #state: Float32Array;
  readonly #seenAction: Int32Array;
  readonly #seen: Uint8Array;
  /** [copies step+1], [copies step], [copies step agent other]: of a whole episode. */
  readonly #types: Uint8Array;
  readonly #partner: Uint8Array;
  readonly #sees: Uint8Array;
  /** [copies agent+1] what everybody did in the last step. */
  readonly #last: Uint8Array;

  constructor(id: string, game: Game, setting: EpisodeSetting) {
    const { copies } = setting, { agents, actions, steps, task } = game, obs = actions + 1, state = actions * (agents + 2), byAgent = eachAgent(agents);
    this.#game = game; this.#saved = savedOf(game); this.copies = copies;
    this.spec = {
      id, sizes: { agent: agents, other: agents, action: actions, obs, state }, actions: 'discrete', limit: steps, reward: task.reward,
      returns: { least: 0, most: task.reward === 'sum' ? agents * steps : steps },
      fields: {
        obs: { dtype: 'f32', dims: byAgent('obs') }, state: { dtype: 'f32', dims: 'state' }, seenAction: { dtype: 'i32', dims: byAgent('other') }, seen: { dtype: 'bool', dims: byAgent('other') },
        ...episodeFields(agents),
      },
    };
    this.#episodes = new Episodes(agents, setting);
    this.#obs = new Float32Array(copies * agents * obs);
    this.#state = new Float32Array(copies * state);
    this.#seenAction = new Int32Array(copies * agents * agents);
    this.#seen = new Uint8Array(copies * agents * agents);
    this.fields = { obs: this.#obs, state: this.#state, seenAction: this.#seenAction, seen: this.#seen, ...this.#episodes.fields };
    this.#types = new Uint8Array(copies * (steps + 1));
    this.#partner = new Uint8Array(copies * steps);
    this.#sees = new Uint8Array(copies * steps * agents * agents);
    this.#last = new Uint8Array(copies * (agents + 1));
  }

  step(actions: TypedArray): void {
    const { agents, steps, task } = this.#game, episodes = this.#episodes, { terminated, truncated } = episodes.fields;
    checkActionIndices(this.spec, actions, terminated, truncated);
    for (let copy = 0; copy < this.copies; copy++) {
      if (episodes.over(copy)) continue;
      const step = episodes.step[copy]!, played = [...actions.subarray(copy * agents, (copy + 1) * agents), this.#partner[copy * steps + step]!];
      this.#last.set(played, copy * (agents + 1));
      episodes.step[copy] = step + 1;
      episodes.end(copy, step + 1 >= steps, false);
      this.#pay(copy, Array.from({ length: agents }, (_, agent) => (task.pays(played, agent) ? 1 : 0)));
      this.#observe(copy);
    }
  }

  reset(mask: Uint8Array, seeds?: Uint32Array): void {
    checkReset(this.spec.id, this.copies, mask, seeds);
    const { agents, actions, noise, change, visible, steps } = this.#game, sees = steps * agents * agents;
    for (let copy = 0; copy < this.copies; copy++) {
      if (mask[copy] !== 1) continue;
      const random = this.#episodes.draws(copy, seeds?.[copy]);
      for (let step = 0, type = random.integer(actions, 'partner.type'); step <= steps; step++) {
        this.#types[copy * (steps + 1) + step] = type;
        if (step === steps) break;
        this.#partner[copy * steps + step] = random.uniform('partner.noise') < noise ? random.integer(actions, 'partner.action') : type;
        if (random.uniform('partner.change') < change) type = random.integer(actions, 'partner.type');
      }
      for (let i = copy * sees; i < (copy + 1) * sees; i++) this.#sees[i] = random.uniform('partner.sees') < visible ? 1 : 0;
      this.#episodes.begin(copy);
      this.#observe(copy);
    }
  }

  getState(copy: number): Saved {
    checkCopy(this.spec.id, this.copies, copy);
    const own = (array: TypedArray) => [...array.subarray(copy * array.length / this.copies, (copy + 1) * array.length / this.copies)];
    const { step, agentReward, terminated, draws } = this.#episodes.save(copy);
    return { types: own(this.#types), partner: own(this.#partner), sees: own(this.#sees), last: step === 0 ? [] : own(this.#last), step, agentReward, terminated, draws };
  }
  setState(copy: number, state: unknown): void {
    checkCopy(this.spec.id, this.copies, copy);
    const saved = readSaved(this.spec.id, this.#saved.refine(({ last, step }) => (last.length === 0) === (step === 0), 'actions before the first step, or none after it'), state), { agents, steps } = this.#game;
    this.#episodes.restore(copy, { ...saved, reward: 0, truncated: false });
    this.#types.set(saved.types, copy * (steps + 1));
    this.#partner.set(saved.partner, copy * steps);
    this.#sees.set(saved.sees, copy * steps * agents * agents);
    this.#last.set(saved.last, copy * (agents + 1));
    this.#pay(copy, saved.agentReward);
    this.#observe(copy);
  }
  close(): void {}

  #pay(copy: number, agentReward: readonly number[]): void {
    const { fields } = this.#episodes;
    fields.agentReward.set(agentReward, copy * agentReward.length);
    fields.reward[copy] = this.#game.task.reward === 'sum' ? agentReward.reduce((sum, r) => sum + r, 0) : agentReward[0]!;
  }
  #observe(copy: number): void {
    const { agents, actions, steps } = this.#game, { obs: wide, state } = this.spec.sizes as { obs: number; state: number }, step = this.#episodes.step[copy]!, began = step > 0;
    const done = copy * (agents + 1), first = copy * agents, seen = (copy * steps + step - 1) * agents * agents;
    this.#obs.fill(0, first * wide, (first + agents) * wide);
    this.#state.fill(0, copy * state, (copy + 1) * state);
    this.#state[copy * state + this.#types[copy * (steps + 1) + step]!] = 1;
    if (began) for (let player = 0; player <= agents; player++) this.#state[copy * state + (1 + player) * actions + this.#last[done + player]!] = 1;
    for (let agent = 0; agent < agents; agent++) {
      const at = (first + agent) * wide;
      if (began) { this.#obs[at + this.#last[done + agent]!] = 1; this.#obs[at + actions] = this.#episodes.fields.agentReward[first + agent]!; }
      for (let other = 0; other < agents; other++) {
        const i = (first + agent) * agents + other, visible = began && this.#sees[seen + agent * agents + other] === 1;
        this.#seen[i] = visible ? 1 : 0;
        this.#seenAction[i] = visible ? this.#last[done + (other < agent ? other : other + 1)]! : 0;
      }
    }
  }
}

export const partner: EnvironmentFamily = {
  family: 'partner',
  about: 'Games with a partner of a hidden type, whose actions are seen now and then: who watches the others knows more than who looks at what it is paid.',
  tasks: Object.fromEntries(Object.entries(TASKS).map(([task, { about }]) => [task, about])),
  options: OPTIONS,
  make(task, options, setting) {
    if (!Object.hasOwn(TASKS, task)) throw unknownTask(partner, task);
    const id = environmentId(partner, task, options), values = completeOptions(`environment ${id}`, OPTIONS, options), { agents, actions } = values;
    if (task === 'cover' && actions <= agents)
      throw new InputError(`environment ${id}: ${agents + 1} players never all differ in ${actions} actions`, `actions=${agents + 1} or more, or agents=${actions - 1} or fewer`);
    return new Partner(id, { ...values, task: TASKS[task as keyof typeof TASKS] }, setting);
  },
};
