/** Environment ids: `family/task?option=value&...`. Case, '-' and '_' do not matter in names; the printed id has one form. */
import { InputError, nearest } from '../../core/error.ts';
import type { VectorEnvironment } from '../../core/environment.ts';
import type { EnvironmentFamily, EnvironmentOption, OptionValues, RandomFactory } from '../factories.ts';
import { plainName } from '../plain-name.ts';
import { completeOptions, optionError, rangeOf, unknownOption } from './options.ts';

export interface ParsedId {
  readonly family: EnvironmentFamily;
  /** As its family lists it; a task of a grammar as it was written, in lower case. */
  readonly task: string;
  /** Only those that were given. */
  readonly options: OptionValues;
}

const find = (name: string, names: readonly string[]) => names.find(n => n === name) ?? names.find(n => plainName(n) === plainName(name));
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Undefined where the text does not fit the type of the option. */
function valueOf({ default: standard, choices }: EnvironmentOption, text: string): number | boolean | string | undefined {
  if (typeof standard === 'number') return NUMBER.test(text) ? Number(text) : undefined;
  if (typeof standard === 'boolean') return { true: true, false: false }[text.toLowerCase()];
  return choices ? find(text, choices) : text;
}

function parseOptions(subject: string, { options: declared }: EnvironmentFamily, query: string): OptionValues {
  const given: Record<string, number | boolean | string> = {};
  for (const part of query.split('&').filter(Boolean)) {
    const at = part.indexOf('='), written = at < 0 ? part : part.slice(0, at), name = find(written, Object.keys(declared));
    if (name === undefined) throw unknownOption(subject, written, declared);
    const range = rangeOf(declared[name]!);
    if (at < 0) throw optionError(subject, `${name} has no value: ${range}`, declared);
    if (Object.hasOwn(given, name)) throw optionError(subject, `${name} is given twice`, declared);
    const text = part.slice(at + 1), value = valueOf(declared[name]!, text);
    if (value === undefined) throw optionError(subject, `${name}=${text} is not in its range: ${range}`, declared);
    given[name] = value;
  }
  completeOptions(subject, declared, given);                           // for its errors: ranges are refused before anything is made
  return given;
}

export function parseEnvironmentId(text: string, families: readonly EnvironmentFamily[]): ParsedId {
  const [path = '', query = ''] = text.split(/\?(.*)/s), slash = path.indexOf('/');
  const written = slash < 0 ? path : path.slice(0, slash), task = slash < 0 ? '' : path.slice(slash + 1);
  const names = families.map(f => f.family), name = find(written, names), family = families.find(f => f.family === name);
  const subject = `environment ${text}`;
  if (!family) {
    const near = nearest(written, names);
    throw new InputError(`${subject}: no family ${JSON.stringify(written)}${near ? `; did you mean ${near}?` : ''}`,
      `families are ${names.join(', ')}; write family/task?option=value`);
  }
  if (!task) throw unknownTask(family, task);
  return { family, task: find(task, Object.keys(family.tasks)) ?? task.toLowerCase(), options: parseOptions(subject, family, query) };
}

/** For families to throw: the grammar of tasks, where there is one, is theirs. */
export function unknownTask({ family, tasks }: Pick<EnvironmentFamily, 'family' | 'tasks'>, task: string, grammar?: string): InputError {
  const names = Object.keys(tasks), near = nearest(task, names);
  const what = task ? `no task ${JSON.stringify(task)}${near ? `; did you mean ${family}/${near}?` : ''}` : 'the task is missing';
  return new InputError(`environment ${family}/${task}: ${what}`, `${grammar ? `write ${grammar}, for example` : 'tasks are'} ${names.join(', ')}`);
}

/** The id in its one form: options in the order of their declaration, those that equal their default left out. */
export function environmentId({ family, options: declared }: Pick<EnvironmentFamily, 'family' | 'options'>, task: string, options: OptionValues): string {
  const told = Object.entries(declared).flatMap(([name, { default: standard }]) =>
    options[name] === undefined || options[name] === standard ? [] : [`${name}=${options[name]}`]);
  return `${family}/${task}${told.length ? `?${told.join('&')}` : ''}`;
}

/** Copies of one environment at most: each has arrays of its own in replay and rollout. */
const COPIES = 65_536;
/** Makes the environment of an id; every wrong part of the id is an `InputError` that lists what is possible. */
export function makeEnvironment(id: string, families: readonly EnvironmentFamily[],
  setting: { readonly copies: number; readonly seed: number; readonly random?: RandomFactory }): VectorEnvironment | Promise<VectorEnvironment> {
  const { family, task, options } = parseEnvironmentId(id, families);
  if (!Number.isInteger(setting.copies) || setting.copies < 1 || setting.copies > COPIES) throw new InputError(`environment ${id}: ${setting.copies} copies`, `ask for 1 .. ${COPIES}`);
  return family.make(task, completeOptions(`environment ${id}`, family.options, options), setting);
}
