/** Options of an environment family: what may be given, filled in and checked. */
import { InputError, nearest } from '../../core/error.ts';
import type { EnvironmentOption, OptionValues } from '../factories.ts';

export type DeclaredOptions = Readonly<Record<string, EnvironmentOption>>;
/** The values that declared options take, each with its own type. */
export type Values<D extends DeclaredOptions> = {
  readonly [K in keyof D]:
    D[K] extends { readonly choices: readonly (infer Choice)[] } ? Choice
    : D[K]['default'] extends number ? number
    : D[K]['default'] extends boolean ? boolean
    : string };

/** What may be written for an option: `whole number 1 .. 100`, `true or false`, `terminated or truncated`. */
export function rangeOf({ default: value, least, most, whole, choices }: EnvironmentOption): string {
  if (typeof value === 'boolean') return 'true or false';
  if (typeof value === 'string') return choices ? choices.join(' or ') : 'text';
  const kind = whole ? 'whole number' : 'number';
  if (least !== undefined && most !== undefined) return `${kind} ${least} .. ${most}`;
  if (least !== undefined) return `${kind} from ${least}`;
  return most === undefined ? kind : `${kind} up to ${most}`;
}

/** One line an option: name, range, default, meaning. */
export function optionTable(declared: DeclaredOptions): readonly string[] {
  const rows = Object.entries(declared).map(([name, option]) =>
    [name, rangeOf(option), `default ${option.default}`, option.about] as const);
  const width = (column: 0 | 1 | 2) => Math.max(0, ...rows.map(row => row[column].length));
  const widths = [width(0), width(1), width(2)] as const;
  return rows.map(([name, range, standard, about]) =>
    `${name.padEnd(widths[0])}  ${range.padEnd(widths[1])}  ${standard.padEnd(widths[2])}  ${about}`);
}

/** Every wrong option is an error of this form: what is wrong, then all options with their ranges. */
export function optionError(subject: string, what: string, declared: DeclaredOptions): InputError {
  const table = optionTable(declared);
  const listed = table.length ? ['options:', ...table.map(line => `  ${line}`)] : ['it has no options'];
  return new InputError([`${subject}: ${what}`, ...listed.map(line => `  ${line}`)].join('\n'), 'give an option of this list, in its range');
}

export function unknownOption(subject: string, name: string, declared: DeclaredOptions): InputError {
  const near = nearest(name, Object.keys(declared));
  return optionError(subject, `no option ${name}${near ? `; did you mean ${near}?` : ''}`, declared);
}

function accepts({ default: standard, least = -Infinity, most = Infinity, whole, choices }: EnvironmentOption, value: number | boolean | string): boolean {
  if (typeof value !== typeof standard) return false;
  if (typeof value === 'number') return value >= least && value <= most && Number.isFinite(value) && (!whole || Number.isInteger(value));
  return typeof value === 'boolean' || !choices || choices.includes(value);
}

/** The given options, checked, and defaults for the rest. `subject` is the environment in words, for errors. */
export function completeOptions<const D extends DeclaredOptions>(subject: string, declared: D, given: OptionValues): Values<D> {
  for (const name of Object.keys(given)) if (!Object.hasOwn(declared, name)) throw unknownOption(subject, name, declared);
  const complete = Object.fromEntries(Object.entries(declared).map(([name, option]) => {
    const value = given[name] ?? option.default;
    if (!accepts(option, value)) throw optionError(subject, `${name}=${value} is not in its range: ${rangeOf(option)}`, declared);
    return [name, value];
  }));
  return complete as Values<D>;
}
