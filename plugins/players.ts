/**
 * Several populations in one environment: each player has agents of its own and, where it learns, a page, a run and a folder of its own. The runs are plain
 * runs; what they share is the environment, which moves when all have chosen (`joint-environment.ts`), the episodes of their evaluations, and the end.
 * A player may also play by the weights of a run that is there, or by those that another player had some steps ago (self-play).
 */
import type { Definition } from '../core/definition.ts';
import type { VectorEnvironment } from '../core/environment.ts';
import { RunError } from '../core/error.ts';
import type { Collector, Episode } from '../core/run.ts';
import type { Learner } from '../core/step.ts';
import type { NamedArray, Snapshot } from '../core/store.ts';
import type { RunRecord } from '../core/tracker.ts';
import type { LearnerState } from '../core/weights.ts';
import { evaluateEpisodes, seedFor } from './evaluation.ts';
import { JointEnvironment } from './joint-environment.ts';
import { orClose } from './or-close.ts';
import { Rollout } from './rollout.ts';

/** Who plays some of the agents: a page that learns, a checkpoint of a run, or a copy of another player, renewed every so many steps. */
export type Player = { readonly agents: readonly number[] } & (
  | { readonly page: Definition }
  | { readonly run: string; readonly at?: number }
  | { readonly copyOf: string; readonly every: number });
export type Players = Readonly<Record<string, Player>>;
/** Agents of each. */
export const seatsOf = (players: Readonly<Record<string, { readonly agents: readonly number[] }>>): Readonly<Record<string, readonly number[]>> => Object.fromEntries(Object.entries(players).map(([name, { agents }]) => [name, agents]));
/** Weights with what acts by them. */
export interface Playing { readonly learner: Learner; readonly state: LearnerState }

type Make = (setting: { readonly copies: number; readonly seed: number }) => Promise<VectorEnvironment>;
type Values = Readonly<Record<string, number>>;
const NOTHING = { step: () => undefined, slot: () => undefined };

/** A player without a run: it plays when everybody else has chosen, by weights that are not its own. */
class Guest {
  readonly #rollout: Rollout;
  #begun = false; #turn: Promise<void> = Promise.resolve(); #busy = false; #playing: Playing;
  constructor(readonly player: Player, view: VectorEnvironment, playing: Playing, seed: number) {
    this.#playing = playing; this.#rollout = new Rollout(playing.learner.plan.d, playing.learner, view, seed);
  }
  get playing(): Playing { return this.#playing; }
  get isPlaying(): boolean { return this.#busy; }
  /** From now on by these weights, and by their page where that has become another. */
  async take(playing: Playing): Promise<void> {
    if (playing.learner !== this.#playing.learner) (await this.#rollout.adopt(playing.learner, playing.state)).take();
    this.#playing = playing;
  }
  /** One turn, unless one is under way. */
  play(failed: (reason: unknown) => void): void {
    if (this.#busy) return;
    this.#busy = true;
    const turn = this.#begun ? this.#rollout.tick(this.#playing.state, NOTHING).then(() => undefined) : this.#rollout.begin(() => undefined);
    this.#begun = true;
    this.#turn = turn.then(() => { this.#busy = false; }, failed);
  }
  idle(): Promise<void> { return this.#turn; }
  snapshot(): Snapshot {
    const { arrays, meta } = this.#rollout.snapshot(), copied = 'copyOf' in this.player ? { weights: { shape: [this.#playing.state.weights.length], data: this.#playing.state.weights } } : {};
    return { arrays: { ...arrays, ...copied }, meta: { ...(meta as object), memory: this.#playing.state.memory, counters: this.#playing.state.counters } };
  }
  /** False where the copy is of a page that has become another since: it is to be renewed at once. */
  restore({ arrays, meta }: Snapshot): boolean {
    const { weights, ...rest } = arrays, { memory, counters } = meta as Pick<LearnerState, 'memory' | 'counters'>, { learner, state } = this.#playing;
    this.#rollout.restore({ arrays: rest, meta });
    this.#begun = true;
    if (weights && weights.data.length !== state.weights.length) return false;
    if (weights) this.#playing = { learner, state: { ...state, weights: weights.data as Float32Array, memory, counters } };
    return true;
  }
}

interface Asked { readonly playing: Playing; readonly step: number; readonly resolve: (values: Values) => void; readonly reject: (reason: unknown) => void }
/** What a joint run needs to know to evaluate. */
export interface Evaluation { readonly episodes: number; readonly seed: number; readonly make: Make }

/** Greedy episodes of all players together; each one's own. The environment is keyed by `seed`, the players by theirs. */
export async function playTogether(players: Readonly<Record<string, { readonly agents: readonly number[]; readonly playing: Playing }>>, { episodes, seed, make, told }: Evaluation & { readonly told?: (episodes: number) => void }): Promise<Readonly<Record<string, Episode[]>>> {
  let joint: Promise<JointEnvironment> | undefined;
  try {
    const played = await Promise.all(Object.entries(players).map(async ([name, { playing: { learner, state } }], i) => {
      const view = async ({ copies }: { readonly copies: number }) => (await (joint ??= make({ copies, seed }).then(env => new JointEnvironment(env, seatsOf(players))))).view(name);
      try { return [name, await evaluateEpisodes(learner.plan.d, learner, state, view, { episodes, seed: i === 0 ? seed : seedFor(seed, `player ${name}`), ...(told && i === 0 ? { told } : {}) })] as const; } catch (e) { (await joint)?.fail(e); throw e; }
    }));
    return Object.fromEntries(played);
  } finally { await (await joint)?.close(); }
}

/** What a run is told that is one player of several. */
export interface Seat {
  readonly player: string; readonly agents: readonly number[]; readonly of: string;
  environment: Make;
  collector(rollout: Rollout): Collector;
  evaluate(state: LearnerState, step: number, learner: Learner): Promise<Values>;
}
/** The record of a folder that holds the runs of several players. */
export const isTogether = (record: RunRecord): boolean => typeof record['players'] === 'object' && record['players'] !== null;
/** Which agents of its environment a run plays, where it is one player of several. */
export const seatOf = (record: Readonly<Record<string, unknown>>) => record['seat'] as { readonly player: string; readonly agents: readonly number[] } | undefined;
/** The joint part of runs of several players. */
export class Together {
  readonly #players: Players; readonly #evaluation: Evaluation; readonly #seed: number;
  #joint: JointEnvironment | undefined; readonly #guests = new Map<string, Guest>(); readonly #learning: readonly string[];
  readonly #states = new Map<string, Playing>(); readonly #asked = new Map<string, Asked>(); readonly #learners = new Map<string, () => Learner>();
  readonly #renewed = new Map<string, number>();
  #failed: unknown; #stop: (() => void) | undefined;
  constructor(players: Players, seed: number, evaluation: Evaluation) {
    this.#players = players; this.#seed = seed; this.#evaluation = evaluation;
    this.#learning = Object.keys(players).filter(n => 'page' in players[n]!);
  }
  /** The first learning player plays by the run's own seed. */
  seedOf(name: string): number { return name === this.#learning[0] ? this.#seed : seedFor(this.#seed, `player ${name}`); }
  /** Before any run is made: the environment that all share. */
  async open(copies: number): Promise<void> {
    const env = await this.#evaluation.make({ copies, seed: seedFor(this.#seed, 'environment') });
    this.#joint = await orClose(env, () => new JointEnvironment(env, seatsOf(this.#players)));
    this.#joint.onDemand(Object.keys(this.#players).filter(n => !this.#learning.includes(n)), () => { void this.#call(); });
    this.#joint.moved = () => { const stop = this.#stop; this.#stop = undefined; stop?.(); };
  }
  view(name: string): VectorEnvironment { return this.#joint!.view(name); }
  async close(): Promise<void> { await this.#joint?.close(); }
  /** A player without a run takes its place. */
  invite(name: string, playing: Playing): void { this.#guests.set(name, new Guest(this.#players[name]!, this.view(name), playing, this.seedOf(name))); }
  /** The learner of a player's run as it is now. */
  learnerOf(name: string, learner: () => Learner): void { this.#learners.set(name, learner); }
  /** After the move under way, so that all stand at the same one. */
  stop(work: () => void): void { this.#stop = work; }
  fail(reason: unknown): void {
    this.#failed ??= reason;
    this.#joint?.fail(reason);
    for (const { reject } of this.#asked.values()) reject(reason);
    this.#asked.clear();
  }
  /** All who learn have chosen: the others' turn, by newer weights where it is time for them. */
  async #call(): Promise<void> {
    try {
      for (const [name, guest] of this.#guests) {
        const player = guest.player;
        if (!('copyOf' in player) || guest.isPlaying) continue;
        const now = this.#states.get(player.copyOf), learner = this.#learners.get(player.copyOf)?.(), nth = now ? Math.floor(now.state.counters.steps / player.every) : 0;
        if (!now || !learner || nth <= (this.#renewed.get(name) ?? 0)) continue;
        this.#renewed.set(name, nth);
        await guest.take({ learner, state: { ...now.state, weights: now.state.weights.slice() } });
      }
      for (const guest of this.#guests.values()) guest.play(e => { this.fail(e); });
    } catch (e) { this.fail(e); }
  }

  seat(name: string, of: string): Seat {
    const { agents } = this.#players[name]!;
    return {
      player: name, agents, of, environment: () => Promise.resolve(this.view(name)), collector: rollout => this.#accompanied(name, rollout),
      evaluate: (state, step, learner) => new Promise((resolve, reject) => {
        if (this.#failed !== undefined) { reject(this.#failed as Error); return; }
        this.#asked.set(name, { playing: { learner, state }, step, resolve, reject });
        if (this.#asked.size === this.#learning.length) void this.#evaluate();
      }),
    };
  }
  async #evaluate(): Promise<void> {
    const asked = new Map(this.#asked), { episodes, make } = this.#evaluation;
    this.#asked.clear();
    try {
      const steps = new Set([...asked.values()].map(a => a.step)), [step] = steps;
      if (steps.size > 1) throw new RunError(`players evaluate at different steps: ${[...steps].join(', ')}`, 'resume from the last checkpoint');
      const players = Object.fromEntries(Object.entries(this.#players).map(([name, { agents }]) => [name, { agents, playing: asked.get(name)?.playing ?? this.#guests.get(name)!.playing }]));
      const played = await playTogether(players, { episodes, make, seed: seedFor(this.#seed, 'evaluate', step!) });
      for (const [name, { resolve }] of asked) resolve(meansOf(played[name]!));
    } catch (e) { for (const { reject } of asked.values()) reject(e); }
  }
  /** A rollout that is at its end only when those are who play without a run; the first one's checkpoints hold them. */
  #accompanied(name: string, rollout: Rollout): Collector {
    const holds = name === this.#learning[0], guests = this.#guests, renewed = this.#renewed, idle = async () => { await Promise.all([...guests.values()].map(g => g.idle())); if (this.#failed !== undefined) throw this.#failed as Error; };
    return {
      begin: async open => { await rollout.begin(open); await idle(); },
      tick: async (state, write, options) => {
        this.#states.set(name, { learner: this.#learners.get(name)!(), state });
        const done = await rollout.tick(state, write, options);
        await idle();
        return done;
      },
      row: () => rollout.row(), batch: sample => rollout.batch(sample), adopt: (learner, state) => rollout.adopt(learner, state),
      snapshot: () => {
        const own = rollout.snapshot();
        if (!holds || !guests.size) return own;
        const parts = [...guests].map(([n, g]) => [n, g.snapshot()] as const);
        return { arrays: { ...own.arrays, ...Object.fromEntries(parts.flatMap(([n, { arrays }]) => Object.entries(arrays).map(([k, a]) => [`guest/${n}/${k}`, a]))) }, meta: { ...(own.meta as object), guests: Object.fromEntries(parts.map(([n, { meta }]) => [n, meta])), renewed: Object.fromEntries(renewed) } };
      },
      restore: ({ arrays, meta }) => {
        const own: Record<string, NamedArray> = {}, theirs = new Map<string, Record<string, NamedArray>>(), { guests: metas = {}, renewed: when = {}, ...rest } = meta as { guests?: Record<string, unknown>; renewed?: Record<string, number> };
        for (const [key, a] of Object.entries(arrays)) {
          const [first, n = '', ...more] = key.split('/');
          if (first === 'guest') theirs.set(n, { ...theirs.get(n), [more.join('/')]: a }); else own[key] = a;
        }
        rollout.restore({ arrays: own, meta: rest });
        for (const [n, at] of Object.entries(when)) renewed.set(n, at);
        for (const [n, m] of Object.entries(metas)) if (guests.get(n)?.restore({ arrays: theirs.get(n) ?? {}, meta: m }) === false) renewed.set(n, -1);
      },
    };
  }
}
/** What a run logs of its greedy episodes. */
export function meansOf(played: readonly Episode[]): Values {
  const mean = (f: (e: Episode) => number) => played.reduce((a, e) => a + f(e), 0) / played.length;
  return { return: mean(e => e.return), length: mean(e => e.length), ...(played[0]?.won === undefined ? {} : { win: mean(e => Number(e.won)) }) };
}
/** In one line: who plays what. */
export const playersInWords = (players: Players): string => Object.entries(players).map(([name, p]) => `${name} ${'page' in p ? p.page.page.name : 'run' in p ? `of ${p.run}` : `a copy of ${p.copyOf}`}`).join(', ');
