import { describe, expect, it } from 'vitest';
import type { EnvironmentSpec, TypedArray, VectorEnvironment } from '../../../core/environment.ts';
import { InputError } from '../../../core/error.ts';
import { Random } from '../../../core/random.ts';
import { checkEnvironment } from '../../../plugins/environments/check.ts';
import { Drift, LIMIT, Toy, type ToySetting, type ToyState } from './toy-environment.ts';

const check = (make: (setting: ToySetting) => VectorEnvironment) => checkEnvironment(make, { steps: 60 });
const specWith = (spec: EnvironmentSpec, change: Partial<EnvironmentSpec>): EnvironmentSpec => ({ ...spec, ...change });

it('finds nothing in environments that keep the contract', async () => {
  for (const make of [(s: ToySetting) => new Toy(s), (s: ToySetting) => new Drift(s)]) {
    const { problems, steps, stepsPerSecond } = await check(make);
    expect(problems).toEqual([]);
    expect(steps).toBeGreaterThan(100);
    expect(stepsPerSecond).toBeGreaterThan(0);
  }
});

/** Arrays that only some of the broken environments share. */
const common = new Float32Array(4096);
let clock = 0;

const breaches: readonly (readonly [code: string, breach: string, make: (setting: ToySetting) => VectorEnvironment])[] = [
  ['FIELD', 'an array that is too short', s => new class extends Toy { override fields = { ...new Toy(s).fields, obs: new Float32Array(1) }; }(s)],
  ['FIELD', 'an array of another dtype', s => new class extends Toy { override fields = { ...new Toy(s).fields, terminated: new Float32Array(s.copies) }; }(s)],
  ['FIELD', 'rewards that are text', s => new class extends Toy { override fields = { ...new Toy(s).fields, reward: Array.from({ length: s.copies }, () => '1') as unknown as Float32Array }; }(s)],
  ['FIELD', 'a declared field without an array', s => {
    const toy = new Toy(s);
    delete toy.fields['avail'];
    return toy;
  }],
  ['FIELD', 'an array that is not declared', s => new class extends Toy { override fields = { ...new Toy(s).fields, extra: new Float32Array(1) }; }(s)],
  ['FIELD', 'a known field that means something else', s => {
    const toy = new Toy(s);
    toy.spec = specWith(toy.spec, { fields: { ...toy.spec.fields, won: { dtype: 'f32', dims: '' } } });
    toy.fields['won'] = new Float32Array(s.copies);
    return toy;
  }],
  ['FIELD', 'no reward at all', s => {
    const toy = new Toy(s), { reward: _, ...rest } = toy.spec.fields;
    toy.spec = specWith(toy.spec, { fields: rest });
    delete toy.fields['reward'];
    return toy;
  }],
  ['FIELD', 'another number of copies', s => new Toy({ ...s, copies: s.copies + 1 })],
  ['SPEC', 'a dim without a size', s => {
    const toy = new Toy(s);
    toy.spec = specWith(toy.spec, { sizes: { agent: 2, action: 3 } });
    return toy;
  }],
  ['SHARED', 'one array for two fields', s => {
    const toy = new Toy(s);
    toy.fields['agentReward'] = toy.fields['obs']!;
    return toy;
  }],
  ['SHARED', 'one array for two environments', s => new class extends Toy { override fields = { ...new Toy(s).fields, obs: common.subarray(0, s.copies * 2) }; }(s)],
  ['IDENTITY', 'a new array every step', s => new class extends Toy {
    override step(actions: TypedArray) { this.fields = { ...this.fields, obs: this.fields['obs']!.slice() }; return super.step(actions); }
  }(s)],
  ['BOOL', 'a flag of 2', s => new class extends Toy { override show(copy: number) { super.show(copy); this.fields['avail']![0] = 2; } }(s)],
  ['FINITE', 'an observation that is no number', s => new class extends Toy {
    override show(copy: number) { super.show(copy); if (this.states[copy]!.step === 3) this.fields['obs']![copy * 2] = NaN; }
  }(s)],
  ['FINITE', 'an infinite reward', s => new class extends Toy {
    override show(copy: number) { super.show(copy); if (this.states[copy]!.step === 3) this.fields['reward']![copy] = Infinity; }
  }(s)],
  ['AGENTS', 'an agent that comes back', s => new class extends Toy {
    override show(copy: number) { super.show(copy); this.fields['alive']![copy * 2] = this.states[copy]!.step % 2; }
  }(s)],
  ['AGENTS', 'an agent more from the third step on', s => new class extends Toy {
    override show(copy: number) { super.show(copy); if (this.states[copy]!.step === 3) this.spec = specWith(this.spec, { sizes: { ...this.spec.sizes, agent: 3 } }); }
  }(s)],
  ['SPEC', 'a limit that changes', s => new class extends Toy {
    override show(copy: number) { super.show(copy); this.spec = specWith(this.spec, { limit: 10 + this.states[copy]!.step }); }
  }(s)],
  ['AVAIL', 'an agent without an available action', s => new class extends Toy {
    override show(copy: number) { super.show(copy); if (this.states[copy]!.step === 3) this.fields['avail']!.fill(0, 0, 3); }
  }(s)],
  ['ACTION', 'every action is accepted', s => new class extends Toy { override check() {} }(s)],
  ['ACTION', 'a refusal that does not name the action', s => new class extends Toy {
    override check(actions: TypedArray) { try { super.check(actions); } catch { throw new Error('bad action'); } }
  }(s)],
  ['ACTION', 'a refusal after half of the step', s => new class extends Toy {
    override step(actions: TypedArray) { if (!this.states[0]!.ended) this.fields['obs']![0]!++; return super.step(actions); }
  }(s)],
  ['ACTION', 'a continuous action out of range', s => new class extends Drift { override check() {} }(s)],
  ['ENDED', 'a step after the end', s => new class extends Toy {
    override step(actions: TypedArray) { this.states.forEach((state, copy) => { if (state.ended) this.fields['obs']![copy * 2]!++; }); return super.step(actions); }
  }(s)],
  ['RESET', 'a reset that touches every copy', s => new class extends Toy { override reset(mask: Uint8Array, seeds?: Uint32Array) { super.reset(mask.map(() => 1), seeds); } }(s)],
  ['RESET', 'a reset that leaves the flags', s => new class extends Toy { override reset(mask: Uint8Array, seeds?: Uint32Array) { super.reset(mask, seeds); this.fields['truncated']!.fill(1); } }(s)],
  ['LIMIT', 'an episode without end', s => new class extends Toy { override ends() { return false; } }(s)],
  ['RETURNS', 'a return above the bound', s => {
    const toy = new Toy(s);
    toy.spec = specWith(toy.spec, { returns: { least: 0, most: 0.5 } });
    return toy;
  }],
  ['REWARD', 'a reward that is not the sum', s => new class extends Toy { override show(copy: number) { super.show(copy); this.fields['reward']![copy]! += 0.01; } }(s)],
  ['SEED', 'draws without a seed', s => new class extends Toy { override draws() { return Random.of(clock++, 'toy'); } }(s)],
  ['SEED', 'seeds that reset ignores', s => new class extends Toy { override reset(mask: Uint8Array) { super.reset(mask); } }(s)],
  ['COPIES', 'copies with the same draws', s => new class extends Toy { override draws(seed: number, _: number, episode: number) { return Random.of(seed, 'toy', episode); } }(s)],
  ['EPISODES', 'episodes with the same draws', s => new class extends Toy { override draws(seed: number, copy: number) { return Random.of(seed, 'toy', copy); } }(s)],
  ['SINGLE', 'a copy that reads its neighbour', s => new class extends Toy {
    override show(copy: number) { super.show(copy); this.fields['obs']![copy * 2] = this.states[0]!.position[0]!; }
  }(s)],
  ['STATE', 'a state that forgets the step', s => new class extends Toy {
    override setState(copy: number, state: unknown) { super.setState(copy, { ...state as ToyState, step: 0 }); }
  }(s)],
  ['STATE', 'a state without the draws', s => new class extends Toy {
    override setState(copy: number, state: unknown) { super.setState(copy, { ...state as ToyState, key: this.states[copy]!.key }); }
  }(s)],
  ['STATE', 'a state that JSON does not keep', s => new class extends Toy { override getState(copy: number) { return { ...this.states[copy]!, position: Int32Array.from(this.states[copy]!.position) }; } }(s)],
  ['STATE', 'a state that goes on changing', s => new class extends Toy { override getState(copy: number) { return this.states[copy]; } }(s)],
  ['THROWS', 'a step that fails', s => new class extends Toy {
    override step(actions: TypedArray) { if (this.states[0]!.step === LIMIT - 1) throw new Error('out of memory'); return super.step(actions); }
  }(s)],
  ['THROWS', 'a close that fails', s => new class extends Toy { override close() { throw new Error('no such process'); } }(s)],
];

describe('names the breach', () => {
  it.each(breaches)('%s: %s', async (code, _, make) => {
    const { problems } = await check(make);
    expect([...new Set(problems.map(problem => problem.code))]).toEqual([code]);
  });
});

it('leaves a wrong id to the caller', async () => {
  await expect(check(() => { throw new InputError('no such task'); })).rejects.toThrow(InputError);
});

it('says where the breach is and what to do', async () => {
  const { problems } = await check(s => new class extends Toy {
    override show(copy: number) { super.show(copy); if (this.states[copy]!.step === 3) this.fields['obs']![copy * 2 + 1] = NaN; }
  }(s));
  expect(problems).toMatchInlineSnapshot(`
    [
      {
        "code": "FINITE",
        "fix": "end the episode, or throw, before a number stops being one",
        "what": "obs[1] of copy 0 in step 3 is NaN",
      },
    ]
  `);
});
