/**
 * Payoff tables of small cooperative games. A joint action is one number, the first agent's action the slowest digit, so a table of two
 * agents reads row by row: rows are the first agent's actions.
 */

/** `next` of a joint action after which the episode is over. */
export const END = -1;

export interface Game {
  readonly about: string;
  readonly agents: number;
  readonly actions: number;
  /** Steps of an episode as the source plays it. */
  readonly steps: number;
  /** Where an episode starts; 0 unless given. */
  readonly start?: number;
  /** Is the global state what all agents see, one after another? Else it is what each of them sees. */
  readonly joined?: true;
  /** [state][joint action]. */
  readonly payoff: readonly (readonly number[])[];
  /** [state][joint action] -> state or END. */
  readonly next: readonly (readonly number[])[];
}

const repeated = (about: string, steps: number, payoff: readonly number[], agents = 2): Game => ({
  about, agents, steps, actions: Math.round(payoff.length ** (1 / agents)), payoff: [payoff], next: [payoff.map(() => 0)] });

/** Numbers that some of the games leave open. */
export interface Open { readonly k: number; readonly win: number; readonly agents: number }

/** The matrix-games package repeats its games; 25 steps is how EPyMARL plays them. */
const REPEATS = 25;

export const games: Readonly<Record<string, (open: Open) => Game>> = {
  m1: () => repeated('QTRAN\'s game (QPLEX Matrix II): one good cell among punished ones', 1, [
    8, -12, -12,
    -12, 0, 0,
    -12, 0, 0]),
  m2: () => repeated('QPLEX Matrix I: the best cell is barely better than eight good ones', 1, [
    10.4, 0, 10,
    0, 10, 10,
    10, 10, 10]),
  m3: () => repeated('QPLEX Matrix III: three equilibria on the diagonal', 1, [
    8, -12, -12,
    -12, 6, 0,
    -12, 0, 6]),
  m4: () => repeated('pymarl2\'s one-step game: not monotonic, yet QMIX finds the best cell', 1, [
    12, -0.1, -0.1,
    -0.1, 0, 0,
    -0.1, 0, 0]),
  climbing: () => repeated('climbing: the best cell lies beside the worst ones', REPEATS, [
    11, -30, 0,
    -30, 7, 0,
    0, 6, 5]),
  penalty: ({ k }) => repeated('penalty: two best cells, -k for missing each other', REPEATS, [
    0 - k, 0, 10,
    0, 2, 0,
    10, 0, 0 - k]),
  trivial: () => repeated('trivial: the best cell is everybody\'s first choice', REPEATS, [
    11, 8, 0,
    8, 7, 0,
    0, 0, 0]),
  linear: () => repeated('linear: payoffs that are a sum over the agents', REPEATS, [
    1, 4, 2,
    0, 3, 1,
    2, 5, 3]),
  nonlinear: () => repeated('nonlinear: payoffs that no sum over the agents gives', REPEATS, [
    0, 3, 1,
    0, 0, 0,
    0, 6, 2]),
  prisoners: () => repeated('prisoners\' dilemma as matrix-games registers it: the same payoff for both', REPEATS, [
    -1, -3,
    -3, -2]),
  'climbing-3p': () => repeated('climbing for three agents', REPEATS, [
    11, -30, 0, -30, 0, 0, 0, 0, 0,
    -30, 0, 0, 0, 7, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 6, 5], 3),
  parts: () => repeated('division of labour: agents 1 and 2 are right with the first action, 3 and 4 with the second; each complete pair pays 1', 1, [
    0, 1, 1, 2,
    0, 1, 1, 1,
    0, 1, 1, 1,
    0, 0, 0, 0], 4),
  halves: ({ agents }) => repeated('HAPPO\'s game (Proposition 1): half of the agents must play the first action and the other half the second, whichever; it pays 1', 1,
    Array.from({ length: 2 ** agents }, (_, joint) => (joint === 2 ** (agents / 2) - 1 || joint === 2 ** agents - 2 ** (agents / 2) ? 1 : 0)), agents),
  'two-step': () => ({
    about: 'QMIX\'s two-step game: agent 1 chooses between a safe game of 7 and one of 8 that needs coordination',
    agents: 2, actions: 2, steps: 2,
    payoff: [[0, 0, 0, 0], [7, 7, 7, 7], [0, 1, 1, 8]],                // states 1, 2A, 2B
    next: [[1, 1, 2, 2], [END, END, END, END], [END, END, END, END]] }),
  mmdp: ({ win }) => ({
    about: 'QPLEX\'s MMDP: (0,0) pays every step until somebody makes both choose (1,1)',
    agents: 2, actions: 2, steps: 100,
    start: 1, joined: true,                                            // state 0 absorbs
    payoff: [[0, 0, 0, 0], [win, 0, 0, 0]],
    next: [[0, 0, 0, 0], [1, 1, 1, 0]] }),
};
