/** PRIMAL and its two halves, trained on maps of two sizes and all densities, and how often teams that play by what was learned arrive: for the tables of docs/reproductions.md. */
import type { Definition } from '../../core/definition.ts';
import type { TypedArray, VectorEnvironment } from '../../core/environment.ts';
import { Random } from '../../core/random.ts';
import { primal } from '../../graphs/primal.ts';
import type { Composition } from '../../plugins/compose.ts';
import { evaluateEpisodes } from '../../plugins/evaluation.ts';
import { pathPlanner } from '../../plugins/experts/path-planner.ts';
import { applySettings } from '../../plugins/page-settings.ts';

/** Networks that one core trains. */
export const SMALL = { 'look.near': 8, 'look.far': 16, 'look.hidden': 64, 'memory.hidden': 64 };
const whole = { ...SMALL, 'data.copies': 4 };
/** Each rule alone is the page with a rate of 0 for the other. */
export const PAGES: Readonly<Record<string, Definition>> = {
  'PRIMAL': applySettings(primal, whole),
  'imitation alone': applySettings(primal, { ...whole, 'rl.lr': 0 }),
  'reinforcement alone': applySettings(primal, { ...whole, 'imitation.lr': 0 }),
};
/** Sizes and densities are drawn for each episode, as the authors do; their sides are 10, 40 and 70. */
const MAPS = 'mapf/10x10+20x20?agents=8&density=0-0.5';
/** Environment steps of an update. */
const STEPS = 4 * 32;

/** A run of this folder, of so many updates. */
export async function trained({ training }: Composition, page: Definition, { updates, seed, folder }: { readonly updates: number; readonly seed: number; readonly folder: string }): Promise<{ readonly seconds: number }> {
  const prepared = await training.prepare(page, { environment: MAPS, steps: updates * STEPS, seed, out: folder, engine: 'onnx:cpu-1', picture: false, evaluate: { every: updates * STEPS, episodes: 1 }, logEvery: 25 * STEPS, checkpointEvery: 50 * STEPS });
  prepared.run.metrics$.subscribe(({ update, seconds, values }) => { process.stdout.write(`  update ${update}, ${seconds.toFixed(0)} s: imitation loss ${values['loss/imitation']?.toFixed(3) ?? ''}\n`); });
  return prepared.begin();
}

/** Where teams are told apart: sides of the square map, chance of a wall, how many agents. */
export interface Cell { readonly side: number; readonly density: number; readonly agents: number }
/** Most steps of an episode, the authors' for maps up to 40 x 40. */
const LIMIT = 256;
const mapOf = ({ side, density, agents }: Cell): string => `mapf/${side}x${side}?agents=${agents}&density=${density}&steps=${LIMIT}`;
/** Share of episodes at whose end all agents stand on their goals, and mean share of agents that do. */
export interface Success { readonly all: number; readonly agents: number }
const mean = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0) / x.length;
const success = (arrived: readonly number[]): Success => ({ all: mean(arrived.map(share => (share === 1 ? 1 : 0))), agents: mean(arrived) });
/** Share of a copy's agents that stand on their goals: what the view gives for the distance there is 0. */
function share(env: VectorEnvironment, copy: number): number {
  const { agent: agents = 1, goal = 3 } = env.spec.sizes, distances = Array.from({ length: agents }, (_, i) => env.fields['goal']![(copy * agents + i) * goal + goal - 1]!);
  return distances.filter(distance => distance === 0).length / agents;
}

/** An environment that notes how each of its episodes ends. */
class Noted implements VectorEnvironment {
  readonly arrived: number[][];
  readonly #over: boolean[];
  constructor(readonly env: VectorEnvironment) { this.arrived = Array.from({ length: env.copies }, () => []); this.#over = this.arrived.map(() => true); }
  get spec() { return this.env.spec; }
  get copies() { return this.env.copies; }
  get fields() { return this.env.fields; }
  async reset(mask: Uint8Array, seeds?: Uint32Array) { await this.env.reset(mask, seeds); mask.forEach((on, c) => { if (on) this.#over[c] = false; }); }
  async step(actions: TypedArray) {
    await this.env.step(actions);
    this.arrived.forEach((ends, c) => {
      if (this.#over[c] || !(this.fields['terminated']![c] || this.fields['truncated']![c])) return;
      this.#over[c] = true;
      ends.push(share(this.env, c));
    });
  }
  getState(copy: number): unknown { return this.env.getState(copy); }
  setState(copy: number, state: unknown) { this.env.setState(copy, state); }
  close() { return this.env.close(); }
}

/** Greedy play by the newest checkpoint of a run, whatever it was trained on. */
export async function bySkill({ catalogue, training }: Composition, folder: string, cell: Cell, episodes: number): Promise<Success> {
  const view = await catalogue.environment(mapOf(cell), { copies: 1, seed: 1 }), { learner, state, dispose } = await training.playing(folder, view);
  try {
    let noted: Noted | undefined;
    await evaluateEpisodes(learner.plan.d, learner, state, async s => (noted = new Noted(await catalogue.environment(mapOf(cell), s))), { episodes, seed: 1 });
    const { arrived } = noted!;
    return success(arrived.flatMap((ends, c) => ends.slice(0, Math.ceil((episodes - c) / arrived.length))));      // each copy's share, so that short episodes do not count for more
  } finally { dispose(); await view.close(); }
}
/** Any allowed action. */
export async function byChance({ catalogue }: Composition, cell: Cell, episodes: number): Promise<Success> {
  const env = new Noted(await catalogue.environment(mapOf(cell), { copies: episodes, seed: 1 })), random = Random.of(1, 'play'), rows = episodes * cell.agents, n = env.spec.sizes['action']!, avail = env.fields['avail']!;
  await env.reset(new Uint8Array(episodes).fill(1));
  for (let t = 0; t < LIMIT; t++) await env.step(Int32Array.from({ length: rows }, (_, row) => {
    const may = [...avail.subarray(row * n, (row + 1) * n)].flatMap((allowed, action) => (allowed ? [action] : []));
    return may[random.integer(may.length)]!;
  }));
  return success(env.arrived.flat());
}
/** The expert, within its budget: where it finds no plan nobody arrives. */
export async function byPlan({ catalogue }: Composition, cell: Cell, episodes: number): Promise<Success> {
  const env = new Noted(await catalogue.environment(mapOf(cell), { copies: 1, seed: 1 })), expert = pathPlanner.make(env), none: number[] = [];
  for (let e = 0; e < episodes; e++) {
    await env.reset(Uint8Array.of(1));
    if (!await expert.begin()) { none.push(0); continue; }
    while (!env.fields['terminated']![0] && !env.fields['truncated']![0]) await env.step(await expert.act());
  }
  return success([...env.arrived.flat(), ...none]);
}
