/** Does an environment have the fields that its spec declares, and the spec those that every environment needs? */
import type { EnvironmentField, EnvironmentSpec, TypedArray, VectorEnvironment } from '../../core/environment.ts';
import { words, type DType } from '../../core/port.ts';
import type { Problems } from './problem.ts';
import { ARRAYS } from '../arrays.ts';

const ALWAYS = ['obs', 'reward', 'terminated', 'truncated'];
/** What fields of these names are; `agent` falls away where there is one agent. Of `obs` and `state` only the dtype is fixed. */
const KNOWN: Readonly<Record<string, { readonly dtype: DType; readonly dims?: string }>> = {
  obs: { dtype: 'f32' }, state: { dtype: 'f32' }, avail: { dtype: 'bool', dims: 'agent action' }, alive: { dtype: 'f32', dims: 'agent' },
  reward: { dtype: 'f32', dims: '' }, agentReward: { dtype: 'f32', dims: 'agent' },
  terminated: { dtype: 'bool', dims: '' }, truncated: { dtype: 'bool', dims: '' }, won: { dtype: 'bool', dims: '' },
};

function checkSpec({ id, sizes, fields, actions, limit, reward }: EnvironmentSpec, problems: Problems): void {
  const wrong = (subject: string, what: string) => problems.add('SPEC', subject, `spec.${subject} ${what}`);
  if (typeof id !== 'string' || id === '') wrong('id', 'is empty');
  for (const [dim, size] of Object.entries(sizes)) if (!Number.isInteger(size) || size < 1) wrong(`sizes.${dim}`, `is ${size}`);
  for (const dim of ['agent', 'action']) if (!Object.hasOwn(sizes, dim)) wrong(`sizes.${dim}`, 'is missing');
  for (const [name, { dims }] of Object.entries(fields))
    for (const dim of words(dims)) if (!Object.hasOwn(sizes, dim)) wrong(`sizes.${dim}`, `is missing, but field ${name} names it`);
  if (actions !== 'discrete' && actions !== 'continuous') wrong('actions', `is ${JSON.stringify(actions)}, not discrete or continuous`);
  if (!(limit >= 1)) wrong('limit', `is ${limit}, not a number of steps or Infinity`);
  if (reward !== 'common' && reward !== 'sum') wrong('reward', `is ${JSON.stringify(reward)}, not common or sum`);
}

function checkDeclaration(name: string, { dtype, dims }: EnvironmentField, agents: number | undefined, problems: Problems): void {
  const known = KNOWN[name], declared = words(dims);
  if (!known) return;
  const expected = words(known.dims ?? dims).filter(dim => dim !== 'agent' || agents !== 1);
  if (dtype !== known.dtype) problems.add('FIELD', name, `field ${name} is declared ${dtype}, it is ${known.dtype} everywhere`);
  else if (declared.join(' ') !== expected.join(' '))
    problems.add('FIELD', name, `field ${name} is declared over '${dims}', it lies over '${expected.join(' ')}'${agents === 1 ? ' with one agent' : ''}`);
}

function checkArray(name: string, { dtype, dims }: EnvironmentField, env: VectorEnvironment, problems: Problems): void {
  const array: unknown = env.fields[name], wrong = (what: string) => problems.add('FIELD', name, `field ${name} ${what}`);
  const length = words(dims).reduce((product, dim) => product * (env.spec.sizes[dim] ?? NaN), env.copies);
  if (array === undefined) wrong('is declared and has no array');
  else if (!(array instanceof ARRAYS[dtype])) wrong(`is ${array instanceof Object ? array.constructor.name : typeof array}, but ${dtype} is ${ARRAYS[dtype].name}`);
  else if (!Number.isNaN(length) && array.length !== length) wrong(`has ${array.length} numbers, but ${env.copies} copies over '${dims}' are ${length}`);
}

/** Pairs of names whose arrays lie in the same memory. */
export function overlaps(a: Readonly<Record<string, TypedArray>>, b: Readonly<Record<string, TypedArray>>): readonly (readonly [string, string])[] {
  const within = (x: TypedArray, y: TypedArray) => x.buffer === y.buffer && x.byteOffset < y.byteOffset + y.byteLength && y.byteOffset < x.byteOffset + x.byteLength;
  return Object.entries(a).flatMap(([i, x]) => Object.entries(b).filter(([j, y]) => (a !== b || i < j) && within(x, y)).map(([j]) => [i, j] as const));
}

/** Adds what is wrong with the spec and the arrays. */
export function checkFields(env: VectorEnvironment, copies: number, problems: Problems): void {
  const { spec, fields } = env;
  checkSpec(spec, problems);
  if (env.copies !== copies) problems.add('FIELD', 'copies', `there are ${env.copies} copies where ${copies} were asked for`);
  for (const name of ALWAYS) if (!Object.hasOwn(spec.fields, name)) problems.add('FIELD', name, `field ${name} is missing; every environment has it`);
  for (const [name, field] of Object.entries(spec.fields)) {
    checkDeclaration(name, field, spec.sizes['agent'], problems);
    checkArray(name, field, env, problems);
  }
  for (const name of Object.keys(fields)) if (!Object.hasOwn(spec.fields, name)) problems.add('FIELD', name, `field ${name} has an array and is not declared`);
  if (problems.has('FIELD')) return;
  for (const [a, b] of overlaps(fields, fields)) problems.add('SHARED', `${a} ${b}`, `fields ${a} and ${b} share memory`);
}
