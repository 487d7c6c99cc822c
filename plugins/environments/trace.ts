/** What an environment was asked and what it then showed, so that another one can be asked the same. */
import type { TypedArray, VectorEnvironment } from '../../core/environment.ts';
import { Random } from '../../core/random.ts';

/** All fields of one copy. */
export type Snapshot = Readonly<Record<string, readonly number[]>>;
export interface Call {
  /** Of a reset; otherwise it was a step. */
  readonly mask?: Uint8Array;
  readonly seeds?: Uint32Array;
  readonly actions?: TypedArray;
  /** After the call, by copy. */
  readonly seen: readonly Snapshot[];
}

/** `[from, to)` of a copy's share in an array over copies. */
function share(array: TypedArray, copies: number, copy: number): TypedArray {
  const length = array.length / copies;
  return array.subarray(copy * length, (copy + 1) * length);
}
export const snapshot = (env: VectorEnvironment, copy: number): Snapshot =>
  Object.fromEntries(Object.entries(env.fields).map(([name, array]) => [name, [...share(array, env.copies, copy)]]));
export const snapshots = (env: VectorEnvironment): readonly Snapshot[] => Array.from({ length: env.copies }, (_, copy) => snapshot(env, copy));

/** The first number that differs, in words; undefined where all are equal. */
export function difference(a: Snapshot, b: Snapshot): string | undefined {
  for (const [name, numbers] of Object.entries(a)) {
    const at = numbers.findIndex((x, i) => !Object.is(x, b[name]?.[i]));
    if (at >= 0) return `${name}[${at}] is ${b[name]?.[at]} instead of ${numbers[at]}`;
  }
  return undefined;
}

export const hasEnded = ({ fields: { terminated, truncated } }: VectorEnvironment, copy: number): boolean => terminated![copy] === 1 || truncated![copy] === 1;
export const endedMask = (env: VectorEnvironment): Uint8Array => Uint8Array.from({ length: env.copies }, (_, copy) => hasEnded(env, copy) ? 1 : 0);
/** Copies to begin again: those that have ended, every second one a step later, so that waiting is seen and games of fixed length get out of step. */
export const dueMask = (env: VectorEnvironment, step: number): Uint8Array =>
  Uint8Array.from({ length: env.copies }, (_, copy) => hasEnded(env, copy) && (copy + step) % 2 === 0 ? 1 : 0);
/** An action for every agent of every copy; `of` is asked with the number of the agent over all copies. */
export function actionArray({ spec: { actions, sizes }, copies }: VectorEnvironment, of: (agent: number, width: number) => readonly number[]): TypedArray {
  const discrete = actions === 'discrete', width = discrete ? 1 : sizes['action']!;
  const numbers = Array.from({ length: copies * sizes['agent']! }, (_, agent) => of(agent, width)).flat();
  return discrete ? Int32Array.from(numbers) : Float32Array.from(numbers);
}

/** Draws actions among those that are available. */
export class RandomActions {
  readonly #random: Random;
  constructor(seed: number) { this.#random = Random.of(seed, 'check'); }

  draw(env: VectorEnvironment): TypedArray {
    const { fields: { avail }, spec: { actions, sizes } } = env, count = sizes['action']!;
    return actionArray(env, (agent, width) => {
      if (actions === 'continuous') return Array.from({ length: width }, () => this.#random.uniform() * 2 - 1);
      if (!avail) return [this.#random.integer(count)];
      const offered = [...avail.subarray(agent * count, (agent + 1) * count).keys()].filter(action => avail[agent * count + action] === 1);
      return [offered[this.#random.integer(Math.max(1, offered.length))] ?? 0];
    });
  }
}

/** Plays so many steps with random actions; copies that end begin again. Starts with a reset of all copies unless it `continues`. */
export async function record(env: VectorEnvironment, steps: number, seed: number,
  { seeds, continues = false }: { readonly seeds?: Uint32Array; readonly continues?: boolean } = {}): Promise<readonly Call[]> {
  const calls: Call[] = [], random = new RandomActions(seed);
  const reset = async (mask: Uint8Array, given?: Uint32Array) => {
    await env.reset(mask, given);
    calls.push({ mask, ...given ? { seeds: given } : {}, seen: snapshots(env) });
  };
  if (!continues) await reset(new Uint8Array(env.copies).fill(1), seeds);
  for (let step = 0; step < steps; step++) {
    const due = dueMask(env, step);
    if (due.includes(1)) await reset(due);
    const actions = random.draw(env);
    await env.step(actions);
    calls.push({ actions, seen: snapshots(env) });
  }
  return calls;
}

/** Asks the same of another environment. The first difference in words; undefined where it shows the same throughout. */
export async function replay(env: VectorEnvironment, calls: readonly Call[]): Promise<string | undefined> {
  for (const [i, { mask, seeds, actions, seen }] of calls.entries()) {
    if (mask) await env.reset(mask, seeds);
    else await env.step(actions!);
    for (const [copy, expected] of seen.entries()) {
      const found = difference(expected, snapshot(env, copy));
      if (found) return `${found} in copy ${copy} after ${i + 1} calls`;
    }
  }
  return undefined;
}

/** The part of one copy, as the calls of an environment of one copy. */
export const callsOf = (calls: readonly Call[], copies: number, copy: number): readonly Call[] => calls.map(({ mask, seeds, actions, seen }) => ({
  ...mask ? { mask: mask.slice(copy, copy + 1) } : {}, ...seeds ? { seeds: seeds.slice(copy, copy + 1) } : {},
  ...actions ? { actions: share(actions, copies, copy).slice() } : {}, seen: [seen[copy]!],
}));
