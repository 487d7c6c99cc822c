/** Matrix games, repeated or with a few states: `matrix/m1`, `matrix/climbing`, `matrix/two-step`. Nothing is random. */
import { z } from 'zod';
import { InputError } from '../../core/error.ts';
import type { EnvironmentSpec, TypedArray, VectorEnvironment } from '../../core/environment.ts';
import type { EnvironmentFamily } from '../factories.ts';
import { checkActionIndices, checkCopy, checkReset, readSaved } from './call-checks.ts';
import { environmentId, unknownTask } from './id.ts';
import { END, games, type Game } from './matrix-games.ts';
import { completeOptions, type DeclaredOptions, type Values } from './options.ts';

const OPTIONS = {
  steps: { about: 'steps of an episode; 0: as the game is published (1, 25, mmdp 100)', default: 0, least: 0, most: 10_000, whole: true },
  observe: {
    about: 'state: one-hot of the game\'s state, a constant 1 in a repeated game; lastAction: one-hot of every agent\'s last action, 0 at the start',
    default: 'state', choices: ['state', 'lastAction'],
  },
  k: { about: 'penalty of `penalty`: what missing each other costs', default: 100, least: 0, most: 1000 },
  win: { about: 'reward of `mmdp` for (0,0)', default: 1, least: 0, most: 1_000_000 },
  agents: { about: 'agents of `halves`, an even number', default: 2, least: 2, most: 16, whole: true },
  timeoutAs: { about: 'the flag that the last step of a repeated game sets; the originals say terminated', default: 'terminated', choices: ['terminated', 'truncated'] },
} as const satisfies DeclaredOptions;

interface Play extends Pick<Values<typeof OPTIONS>, 'observe' | 'timeoutAs'> { readonly game: Game; readonly steps: number }

/** Least and most of the returns, by dynamic programming over states and steps to go. */
function returnsOf({ game: { payoff, next, start = 0 }, steps }: Play): { readonly least: number; readonly most: number } {
  const fold = (pick: (a: number, b: number) => number) => {
    // joint actions may be many, states are few: by state, what the way to each next one pays
    const ways = payoff.map((row, state) => {
      const paid = new Map<number, number>();
      row.forEach((reward, joint) => { const to = next[state]![joint]!; paid.set(to, pick(paid.get(to) ?? reward, reward)); });
      return [...paid];
    });
    let toGo = payoff.map(() => 0);
    const step = () => ways.map(paid => paid.map(([to, reward]) => reward + (to === END ? 0 : toGo[to]!)).reduce((a, b) => pick(a, b)));
    for (let i = 0; i < steps; i++) toGo = step();
    return toGo[start]!;
  };
  return { least: fold(Math.min), most: fold(Math.max) };
}

const savedGame = z.strictObject({
  state: z.int().nonnegative(), step: z.int().nonnegative(),
  /** The joint action of the last step; -1 at the start of an episode. */
  last: z.int().min(-1), reward: z.number(), terminated: z.boolean(), truncated: z.boolean(),
});

/**
 * A game of payoff tables. All agents see the same: the state, or the last joint action; `state` is what each of them sees (of mmdp, as in
 * the original, what they see one after another).
 * obs [copies agent obs], state [copies state], avail [copies agent action] all 1, reward [copies], agentReward [copies agent] each the reward.
 * seenAction [copies agent other]: what the other agents, in their order, did in the last step; seen [copies agent other]: 1 but for the start of an episode.
 */
class MatrixGame implements VectorEnvironment {
  readonly spec: EnvironmentSpec;
  readonly copies: number;
  readonly fields: Readonly<Record<string, TypedArray>>;
  readonly #play: Play;
  readonly #obs: Float32Array;
  readonly #stateField: Float32Array;
  readonly #reward: Float32Array;
  readonly #agentReward: Float32Array;
  readonly #seenAction: Int32Array;
  readonly #seen: Uint8Array;
  readonly #terminated: Uint8Array;
  readonly #truncated: Uint8Array;
  readonly #state: Int32Array;
  readonly #step: Int32Array;
  readonly #last: Int32Array;

  constructor(id: string, play: Play, copies: number) {
    const { game, observe, steps } = play, { agents, actions } = game;
    const seen = observe === 'state' ? game.payoff.length : agents * actions, wide = observe === 'state' && game.joined ? agents * seen : seen;
    this.#play = play; this.copies = copies;
    this.spec = {
      id, sizes: { agent: agents, other: agents - 1, action: actions, obs: seen, state: wide }, actions: 'discrete', limit: steps, reward: 'common', returns: returnsOf(play),
      fields: {
        obs: { dtype: 'f32', dims: 'agent obs' }, state: { dtype: 'f32', dims: 'state' }, avail: { dtype: 'bool', dims: 'agent action' },
        seenAction: { dtype: 'i32', dims: 'agent other' }, seen: { dtype: 'bool', dims: 'agent other' },
        reward: { dtype: 'f32', dims: '' }, agentReward: { dtype: 'f32', dims: 'agent' },
        terminated: { dtype: 'bool', dims: '' }, truncated: { dtype: 'bool', dims: '' },
      },
    };
    this.#obs = new Float32Array(copies * agents * seen);
    this.#stateField = new Float32Array(copies * wide);
    this.#reward = new Float32Array(copies);
    this.#agentReward = new Float32Array(copies * agents);
    this.#seenAction = new Int32Array(copies * agents * (agents - 1));
    this.#seen = new Uint8Array(copies * agents * (agents - 1));
    this.#terminated = new Uint8Array(copies).fill(1);                 // until its first reset a copy counts as ended
    this.#truncated = new Uint8Array(copies);
    this.fields = {
      obs: this.#obs, state: this.#stateField, avail: new Uint8Array(copies * agents * actions).fill(1), reward: this.#reward,
      agentReward: this.#agentReward, seenAction: this.#seenAction, seen: this.#seen, terminated: this.#terminated, truncated: this.#truncated,
    };
    this.#state = new Int32Array(copies);
    this.#step = new Int32Array(copies);
    this.#last = new Int32Array(copies).fill(-1);
  }

  step(actions: TypedArray): void {
    checkActionIndices(this.spec, actions, this.#terminated, this.#truncated);
    const { game, steps, timeoutAs } = this.#play;
    for (let copy = 0; copy < this.copies; copy++) {
      if (this.#terminated[copy] === 1 || this.#truncated[copy] === 1) continue;
      let joint = 0;
      for (let agent = 0; agent < game.agents; agent++) joint = joint * game.actions + actions[copy * game.agents + agent]!;
      const state = this.#state[copy]!, next = game.next[state]![joint]!, step = this.#step[copy]! + 1;
      const timeout = step >= steps && next !== END;
      this.#terminated[copy] = next === END || (timeout && timeoutAs === 'terminated') ? 1 : 0;
      this.#truncated[copy] = timeout && timeoutAs === 'truncated' ? 1 : 0;
      this.#step[copy] = step;
      this.#last[copy] = joint;
      if (next !== END) this.#state[copy] = next;
      this.#pay(copy, game.payoff[state]![joint]!);
      this.#observe(copy);
    }
  }

  reset(mask: Uint8Array, seeds?: Uint32Array): void {
    checkReset(this.spec.id, this.copies, mask, seeds);
    for (let copy = 0; copy < this.copies; copy++)
      if (mask[copy] === 1) this.#place(copy, { state: this.#play.game.start ?? 0, step: 0, last: -1, reward: 0, terminated: false, truncated: false });
  }

  getState(copy: number): z.infer<typeof savedGame> {
    checkCopy(this.spec.id, this.copies, copy);
    return { state: this.#state[copy]!, step: this.#step[copy]!, last: this.#last[copy]!, reward: this.#reward[copy]!,
      terminated: this.#terminated[copy] === 1, truncated: this.#truncated[copy] === 1 };
  }
  setState(copy: number, state: unknown): void {
    checkCopy(this.spec.id, this.copies, copy);
    const { game } = this.#play;
    this.#place(copy, readSaved(this.spec.id, savedGame.refine(saved => saved.state < game.payoff.length && saved.last < game.actions ** game.agents), state));
  }
  close(): void {}

  #place(copy: number, { state, step, last, reward, terminated, truncated }: z.infer<typeof savedGame>): void {
    this.#state[copy] = state; this.#step[copy] = step; this.#last[copy] = last;
    this.#terminated[copy] = terminated ? 1 : 0;
    this.#truncated[copy] = truncated ? 1 : 0;
    this.#pay(copy, reward);
    this.#observe(copy);
  }

  #pay(copy: number, reward: number): void {
    const { agents } = this.#play.game;
    this.#reward[copy] = reward;
    this.#agentReward.fill(reward, copy * agents, (copy + 1) * agents);
  }

  #observe(copy: number): void {
    const { observe, game: { agents, actions } } = this.#play, { obs: seen, state: wide } = this.spec.sizes as { obs: number; state: number }, at = copy * wide, last = this.#last[copy]!;
    const done = Array.from({ length: agents }, (_, agent) => Math.floor(last / actions ** (agents - 1 - agent)) % actions);      // of no use where last is -1
    this.#stateField.fill(0, at, at + wide);
    if (observe === 'state') for (let i = at; i < at + wide; i += seen) this.#stateField[i + this.#state[copy]!] = 1;
    else if (last >= 0) done.forEach((action, agent) => { this.#stateField[at + agent * actions + action] = 1; });
    for (let agent = 0; agent < agents; agent++)
      for (let i = 0; i < seen; i++) this.#obs[(copy * agents + agent) * seen + i] = this.#stateField[at + i]!;
    for (let i = copy * agents * (agents - 1), agent = 0; agent < agents; agent++) for (let other = 0; other < agents; other++) {
      if (other === agent) continue;
      this.#seen[i] = last < 0 ? 0 : 1;
      this.#seenAction[i++] = last < 0 ? 0 : done[other]!;
    }
  }
}

export const matrix: EnvironmentFamily = {
  family: 'matrix',
  about: 'Small cooperative payoff games with known optima: QTRAN, QPLEX, climbing, penalty, two-step.',
  tasks: Object.fromEntries(Object.entries(games).map(([task, game]) => [task, game({ k: OPTIONS.k.default, win: OPTIONS.win.default, agents: OPTIONS.agents.default }).about])),
  options: OPTIONS,
  make(task, options, { copies }) {
    if (!Object.hasOwn(games, task)) throw unknownTask(matrix, task);
    const id = environmentId(matrix, task, options), { steps, observe, timeoutAs, k, win, agents } = completeOptions(`environment ${id}`, OPTIONS, options);
    for (const [option, value, owner] of [['k', k, 'penalty'], ['win', win, 'mmdp'], ['agents', agents, 'halves']] as const)     // given to another game they would do nothing
      if (value !== OPTIONS[option].default && task !== owner)
        throw new InputError(`environment ${id}: option ${option} belongs to ${owner}`, `leave ${option} out, or choose matrix/${owner}`);
    if (agents % 2) throw new InputError(`environment ${id}: ${agents} agents have no halves`, 'give agents as an even number');
    const game = games[task]!({ k, win, agents }), endsItself = game.next.some(row => row.includes(END));
    if (endsItself && timeoutAs !== OPTIONS.timeoutAs.default) throw new InputError(`environment ${id}: ${task} ends by itself, so no limit sets a flag`, 'leave timeoutAs out');
    if (endsItself && steps !== 0) throw new InputError(`environment ${id}: ${task} always lasts ${game.steps} steps`, 'leave steps out');
    return new MatrixGame(id, { game, steps: steps || game.steps, observe, timeoutAs }, copies);
  },
};
