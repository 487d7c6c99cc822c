/** Does an environment keep the contract of `core/environment.ts`? Plays it and names every breach. */
import { isDeepStrictEqual } from 'node:util';
import { InputError } from '../../core/error.ts';
import type { VectorEnvironment } from '../../core/environment.ts';
import { PlayWatch } from './play-watch.ts';
import { Problems, type Problem, type ProblemCode } from './problem.ts';
import { checkFields, overlaps } from './spec-check.ts';
import { actionArray, callsOf, difference, dueMask, endedMask, RandomActions, record, replay, snapshot, snapshots } from './trace.ts';

export type MakeEnvironment = (setting: { readonly copies: number; readonly seed: number }) => VectorEnvironment | Promise<VectorEnvironment>;
export interface EnvironmentCheck {
  readonly problems: readonly Problem[];
  /** Steps of single copies that were made, and how many episodes they completed. */
  readonly steps: number;
  readonly episodes: number;
  /** Steps of single copies a second of `step` and `reset` alone, random actions; 0 where it could not be played. */
  readonly stepsPerSecond: number;
}

interface Checking { readonly make: MakeEnvironment; readonly problems: Problems; readonly copies: number; readonly seed: number; readonly steps: number; readonly told?: ((steps: number) => void) | undefined }
const NOTHING_PLAYED = { steps: 0, episodes: 0, stepsPerSecond: 0 };
/** Resets that a random game gets to show that it is random, and steps of each. */
const TRIES = 8, OPENING = 20;
/** Steps of the comparisons. */
const COMPARED = 200;
const MAKE = 'make';

/** Problems of a play that leave the comparisons their meaning; after any other their findings would be its consequences. */
const HARMLESS: readonly ProblemCode[] = ['LIMIT', 'RETURNS', 'REWARD'];

const messageOf = (error: unknown) => error instanceof Error ? error.message.split('\n')[0]! : String(error);
const seedsFor = (copies: number, first: number) => Uint32Array.from({ length: copies }, (_, copy) => first + 101 * copy);
const all = (copies: number) => new Uint8Array(copies).fill(1);

/** Makes environments for one part of the check and closes them after it; what throws on the way is a problem and ends the part. */
async function attempt<T>({ make, problems }: Checking, part: string, otherwise: T,
  body: (open: MakeEnvironment) => Promise<T>): Promise<T> {
  const opened: VectorEnvironment[] = [];
  const open: MakeEnvironment = async setting => {
    const env = await make(setting);
    opened.push(env);
    return env;
  };
  try {
    return await body(open);
  } catch (error) {
    if (error instanceof InputError && part === MAKE) throw error;      // a wrong id or option is the caller's
    problems.add('THROWS', part, `${part}: ${messageOf(error)}`);
    return otherwise;
  } finally {
    for (const env of opened)
      await Promise.resolve().then(() => env.close()).catch((error: unknown) => problems.add('THROWS', 'close', `close: ${messageOf(error)}`));
  }
}

async function play({ problems, copies, seed, steps, told }: Checking, open: MakeEnvironment): Promise<Omit<EnvironmentCheck, 'problems'>> {
  const env = await open({ copies, seed }), random = new RandomActions(seed), watch = new PlayWatch(env, problems);
  let milliseconds = 0;
  const timed = async (call: () => void | Promise<void>) => {
    const start = performance.now(), done = call();
    if (done) await done;
    milliseconds += performance.now() - start;
  };
  const reset = async (mask: Uint8Array) => {
    const before = snapshots(env);
    await timed(() => env.reset(mask));
    watch.afterReset(mask, before);
  };
  await reset(all(copies));
  for (let step = 1; step <= steps && watch.playable; step++) {
    const due = dueMask(env, step);
    if (due.includes(1)) await reset(due);
    const waiting = endedMask(env), before = snapshots(env), actions = random.draw(env);
    await timed(() => env.step(actions));
    watch.afterStep(waiting, before, step);
    told?.(step * copies);
  }
  return { steps: watch.steps, episodes: watch.episodes, stepsPerSecond: milliseconds > 0 ? Math.round(watch.steps / milliseconds * 1000) : 0 };
}

async function checkSeeds({ problems, copies, seed, steps }: Checking, open: MakeEnvironment): Promise<void> {
  const env = await open({ copies, seed }), twin = await open({ copies, seed }), seeds = seedsFor(copies, seed);
  for (const [a, b] of overlaps(env.fields, twin.fields)) problems.add('SHARED', 'environments', `field ${a} shares memory with field ${b} of another environment`);
  if (problems.has('SHARED')) return;
  const made = await replay(twin, await record(env, steps, seed));
  if (made) return problems.add('SEED', 'made', `two environments made with the same seed differ: ${made}`);
  const reset = await replay(env, await record(env, steps, seed, { seeds }));
  if (reset) problems.add('SEED', 'reset', `two resets with the same seeds differ: ${reset}`);
}

/** Do copies that are all asked the same go different ways? */
async function copiesDiffer(env: VectorEnvironment, random: RandomActions, seeds?: Uint32Array): Promise<boolean> {
  const { copies, spec: { sizes } } = env, agents = sizes['agent']!;
  await env.reset(all(copies), seeds);
  for (let step = 0; step < OPENING; step++) {
    const [first, ...others] = snapshots(env);
    if (others.some(other => difference(first!, other))) return true;
    const actions = random.draw(env);
    await env.step(actionArray(env, (agent, width) => [...actions.subarray(agent % agents * width, (agent % agents + 1) * width)]));
  }
  return false;
}

async function checkChance({ problems, copies, seed }: Checking, open: MakeEnvironment): Promise<void> {
  const env = await open({ copies, seed }), one = await open({ copies: 1, seed }), random = new RandomActions(seed);
  const ever = async (differs: (round: number) => Promise<boolean>) => {
    for (let round = 0; round < TRIES; round++) if (await differs(round)) return true;
    return false;
  };
  const isRandom = await ever(round => copiesDiffer(env, random, seedsFor(copies, seed + round)));
  if (!isRandom) return;
  const fresh = await open({ copies, seed });
  if (!await ever(() => copiesDiffer(fresh, random)))
    problems.add('COPIES', '', `all ${copies} copies go the same way in ${TRIES} resets, though other seeds go others`);
  const opening = await record(one, OPENING, seed);
  if (!await ever(async () => await replay(one, opening) !== undefined))
    problems.add('EPISODES', '', `${TRIES + 1} episodes after one another are the same, though other seeds give others`);
}

async function checkSingles({ problems, copies, seed, steps }: Checking, open: MakeEnvironment): Promise<void> {
  const env = await open({ copies, seed }), single = await open({ copies: 1, seed: seed + 1 });
  const calls = await record(env, steps, seed, { seeds: seedsFor(copies, seed) });
  for (let copy = 0; copy < copies; copy++) {
    const found = await replay(single, callsOf(calls, copies, copy));
    if (found) return problems.add('SINGLE', '', `copy ${copy} of ${copies} and an environment of one copy with the same seed differ: ${found}`);
  }
}

async function checkStates({ problems, copies, seed, steps }: Checking, open: MakeEnvironment): Promise<void> {
  const env = await open({ copies, seed }), other = await open({ copies, seed: seed + 1 });
  const wrong = (subject: string, what: string) => problems.add('STATE', subject, what);
  await record(env, Math.ceil(steps / 2), seed);
  const kept = Array.from({ length: copies }, (_, copy) => env.getState(copy)), before = snapshots(env);
  const saved: readonly unknown[] = kept.map(state => JSON.parse(JSON.stringify(state) ?? 'null'));
  if (!isDeepStrictEqual(kept, saved)) return wrong('json', 'getState returns what JSON does not keep');
  const future = await record(env, steps, seed + 1, { continues: true });
  if (!isDeepStrictEqual(kept, saved)) return wrong('alive', 'what getState returned changed when the environment went on');
  await other.reset(all(copies));
  for (const [where, target] of [['setState', env], ['setState in another environment of the same id', other]] as const) {
    saved.forEach((state, copy) => target.setState(copy, state));
    for (const [copy, shown] of before.entries()) {
      const found = difference(shown, snapshot(target, copy));
      if (found) return wrong('fields', `after ${where} copy ${copy} shows another moment: ${found}`);
    }
    const found = await replay(target, future);
    if (found) return wrong('future', `${where} of what getState returned gives another future: ${found}`);
  }
}

async function checkActions({ problems, copies, seed }: Checking, open: MakeEnvironment): Promise<void> {
  const env = await open({ copies, seed }), random = new RandomActions(seed), { actions: kind, sizes } = env.spec;
  await env.reset(all(copies));
  const before = snapshots(env), good = random.draw(env);
  const refused = async (what: string, actions: typeof good, named: string) => {
    const error = await Promise.resolve().then(() => env.step(actions)).then(() => undefined, messageOf);
    if (error === undefined) problems.add('ACTION', what, `${what} is accepted`);
    else if (!error.includes(named)) problems.add('ACTION', what, `${what} is refused with an error that does not say ${named}: ${error}`);
    else if (snapshots(env).some((now, copy) => difference(before[copy]!, now))) problems.add('ACTION', what, `${what} is refused after fields have changed`);
  };
  for (const bad of kind === 'discrete' ? [-1, sizes['action']!] : [NaN, 1.5])
    await refused(`action ${bad}`, good.map((action, i) => i === good.length - 1 ? bad : action), String(bad));
  const length = good.length + 1;
  await refused(`an array of ${length} actions`, kind === 'discrete' ? new Int32Array(length) : new Float32Array(length), String(length));
}

/**
 * Plays an environment for so many steps and compares it with itself; `told` hears on the way how many steps of single copies it has played.
 * Problems are records, the first of each kind and place; a consequence of another problem is not reported where that can be told.
 */
export async function checkEnvironment(make: MakeEnvironment,
  { steps = 1000, copies = 4, seed = 1, told }: { readonly steps?: number; readonly copies?: number; readonly seed?: number; readonly told?: (steps: number) => void } = {}): Promise<EnvironmentCheck> {
  const problems = new Problems(), checking = { make, problems, copies, seed, steps: Math.min(steps, COMPARED) };
  await attempt(checking, MAKE, undefined, async open => checkFields(await open({ copies, seed }), copies, problems));
  if (problems.has('SPEC', 'FIELD', 'SHARED', 'THROWS')) return { problems: problems.list(), ...NOTHING_PLAYED };

  const played = await attempt(checking, 'play', NOTHING_PLAYED, open => play({ ...checking, steps, told }, open));
  const sound = problems.list().every(({ code }) => HARMLESS.includes(code));
  if (sound) {
    await attempt(checking, 'actions out of range', undefined, open => checkActions(checking, open));
    await attempt(checking, 'same seed', undefined, open => checkSeeds(checking, open));
    if (!problems.has('SEED', 'SHARED')) {
      await attempt(checking, 'chance', undefined, open => checkChance(checking, open));
      await attempt(checking, 'one copy', undefined, open => checkSingles(checking, open));
      await attempt(checking, 'saved states', undefined, open => checkStates(checking, open));
    }
  }
  return { problems: problems.list(), ...played };
}
