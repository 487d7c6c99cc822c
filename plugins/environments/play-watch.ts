/** Looks at an environment after every call of a play and names what breaks the contract. */
import type { TypedArray, VectorEnvironment } from '../../core/environment.ts';
import type { Problems } from './problem.ts';
import { difference, hasEnded, snapshot, type Snapshot } from './trace.ts';

/** Rewards are 32-bit floats; sums of them are compared this nearly, relative to the bound. */
const NEAR = 1e-4;
const near = (bound: number) => NEAR * Math.max(1, Math.abs(bound));

function firstWhere(array: TypedArray, test: (x: number) => boolean): number {
  for (let i = 0; i < array.length; i++) if (test(array[i]!)) return i;
  return -1;
}

export class PlayWatch {
  /** Steps that running copies made, and episodes that ended. */
  steps = 0;
  episodes = 0;
  /** False after a breach that all that follows would repeat. */
  playable = true;
  readonly #arrays: Readonly<Record<string, TypedArray>>;
  readonly #specText: string;
  /** By copy: steps and rewards of the episode so far. */
  readonly #length: Int32Array;
  readonly #return: Float64Array;

  constructor(readonly env: VectorEnvironment, readonly problems: Problems) {
    this.#arrays = { ...env.fields };
    this.#specText = JSON.stringify(env.spec);
    this.#length = new Int32Array(env.copies);
    this.#return = new Float64Array(env.copies);
  }

  afterReset(mask: Uint8Array, before: readonly Snapshot[]): void {
    for (let copy = 0; copy < this.env.copies; copy++) {
      if (mask[copy] === 1) {
        this.#length[copy] = this.#return[copy] = 0;
        if (!hasEnded(this.env, copy)) continue;
        this.problems.add('RESET', 'flags', `copy ${copy} is terminated or truncated right after reset`);
        this.playable = false;
      } else if (!this.#unchanged('RESET', copy, before[copy]!, `a reset of other copies changed copy ${copy}`)) this.playable = false;
    }
    this.#watchFields('after reset');
  }

  /** `waited`: copies that had ended before the step. */
  afterStep(waited: Uint8Array, before: readonly Snapshot[], step: number): void {
    const { env, problems } = this, { limit, returns } = env.spec, when = `in step ${step}`;
    this.#watchFields(when);
    for (let copy = 0; copy < env.copies && this.playable; copy++) {
      if (waited[copy] === 1) {
        this.#unchanged('ENDED', copy, before[copy]!, `a step changed copy ${copy}, whose episode has ended`);
        continue;
      }
      this.steps++;
      const length = ++this.#length[copy]!, ended = hasEnded(env, copy), total = this.#return[copy]! += env.fields['reward']![copy]!;
      this.#watchAgents(copy, before[copy]!, when);
      if (!ended && length >= limit) problems.add('LIMIT', '', `copy ${copy} goes on after ${length} steps, the limit is ${limit}`);
      if (!ended) continue;
      this.episodes++;
      if (returns && Number.isFinite(total) && (total < returns.least - near(returns.least) || total > returns.most + near(returns.most)))
        problems.add('RETURNS', '', `an episode of copy ${copy} returned ${total}; spec.returns is ${returns.least} .. ${returns.most}`);
    }
  }

  #unchanged(code: 'RESET' | 'ENDED', copy: number, before: Snapshot, what: string): boolean {
    const found = difference(before, snapshot(this.env, copy));
    if (found) this.problems.add(code, 'fields', `${what}: ${found}`);
    return found === undefined;
  }

  #watchFields(when: string): void {
    const { env, problems } = this, { fields, spec, copies } = env;
    if (JSON.stringify(spec) !== this.#specText) {
      const agents = (JSON.parse(this.#specText) as { sizes: Record<string, number> }).sizes['agent'];
      if (spec.sizes['agent'] !== agents) problems.add('AGENTS', 'spec', `there are ${spec.sizes['agent']} agents ${when}, there were ${agents}`);
      else problems.add('SPEC', 'changed', `spec changed ${when}`);
      this.playable = false;
    }
    for (const name of new Set([...Object.keys(this.#arrays), ...Object.keys(fields)])) if (fields[name] !== this.#arrays[name]) {
      problems.add('IDENTITY', name, `field ${name} is another array ${when}`);
      this.playable = false;
    }
    if (!this.playable) return;
    for (const [name, { dtype }] of Object.entries(spec.fields)) {
      const array = fields[name]!, width = array.length / copies, copyOf = (i: number) => `of copy ${Math.floor(i / width)} ${when}`;
      const odd = firstWhere(array, dtype === 'bool' ? x => x > 1 : x => !Number.isFinite(x));
      if (odd >= 0) problems.add(dtype === 'bool' ? 'BOOL' : 'FINITE', name, `${name}[${odd % width}] ${copyOf(odd)} is ${array[odd]}`);
    }
    this.#watchAvail(when);
  }

  #watchAvail(when: string): void {
    const { fields: { avail }, spec: { sizes } } = this.env, count = sizes['action']!, agents = sizes['agent']!;
    if (!avail) return;
    for (let i = 0; i < avail.length; i += count) if (!avail.subarray(i, i + count).includes(1)) {
      const agent = i / count;
      this.problems.add('AVAIL', '', `agent ${agent % agents} of copy ${Math.floor(agent / agents)} has no available action ${when}`);
    }
  }

  #watchAgents(copy: number, before: Snapshot, when: string): void {
    const { fields: { alive, agentReward, reward }, spec } = this.env, agents = spec.sizes['agent']!;
    const sum = [...agentReward?.subarray(copy * agents, (copy + 1) * agents) ?? []].reduce((total, r) => total + r, 0);
    if (agentReward && spec.reward === 'sum' && Number.isFinite(sum - reward![copy]!) && Math.abs(sum - reward![copy]!) > near(sum))
      this.problems.add('REWARD', '', `reward of copy ${copy} is ${reward![copy]} ${when}, but agentReward sums to ${sum}`);
    const back = before['alive']?.findIndex((was, agent) => was === 0 && alive![copy * agents + agent] === 1) ?? -1;
    if (back >= 0) this.problems.add('AGENTS', 'alive', `agent ${back} of copy ${copy} is alive again ${when} of the same episode`);
  }
}
