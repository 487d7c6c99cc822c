/** Options that several commands have, spelled alike everywhere, and what may be written for them. */
import { Option } from 'commander';
import { InputError } from '../../core/error.ts';
import { OVERLAPS, type Overlap } from '../overlap.ts';

const COUNT = /^(\d+(?:\.\d+)?)(?:([kmg])|e(\d{1,2}))?$/i;
const SIZES: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, g: 1e9 };
/** 200000, 200k, 2M, 1e6: a whole number above 0. */
export function countOf(written: string | number, subject: string): number {
  const [, digits = '', unit, power] = COUNT.exec(String(written)) ?? [], n = Math.round(Number(digits || NaN) * (unit ? SIZES[unit.toLowerCase()]! : 10 ** Number(power ?? 0)) * 1e6) / 1e6;
  if (!Number.isSafeInteger(n) || n < 1) throw new InputError(`${subject}: ${JSON.stringify(written)} is no count`, 'write a whole number above 0; 200k, 2M and 1e6 are understood');
  return n;
}
export function seedOf(written: string | number, subject: string): number {
  const n = /^\d+$/.test(String(written)) ? Number(written) : NaN;
  if (!Number.isSafeInteger(n)) throw new InputError(`${subject}: ${JSON.stringify(written)} is no seed`, `write a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`);
  return n;
}
/** Number of a checkpoint, as its folder is called; the first may be 0. */
export function checkpointOf(written: string): number {
  if (!/^(0|[1-9]\d{0,15})$/.test(written)) throw new InputError(`--at: ${JSON.stringify(written)} is no checkpoint`, 'write the number of an update, as a folder in checkpoints/ is called');
  return Number(written);
}
export function overlapFrom(written: string | number, subject: string): Overlap {
  const when = OVERLAPS.find(x => x === written);
  if (when === undefined) throw new InputError(`${subject}: ${JSON.stringify(written)} does not say when`, `write ${OVERLAPS.join(', ')}`);
  return when;
}
/** `10k:32`: every 10,000 steps 32 episodes; either may stand alone, the second as `:32`. */
export function evaluationOf(written: string | number, subject: string): { readonly every?: number; readonly episodes?: number } {
  const [every = '', episodes, more] = String(written).split(':');
  if (more !== undefined || (!every && !episodes)) throw new InputError(`${subject}: ${JSON.stringify(written)} is no pace of evaluations`, 'write steps:episodes, for example 10k:32');
  return { ...(every ? { every: countOf(every, subject) } : {}), ...(episodes ? { episodes: countOf(episodes, subject) } : {}) };
}

const several = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
const text = (flags: string, about: string) => new Option(flags, about);
const repeated = (flags: string, about: string) => new Option(flags, about).argParser(several);

/** Options are kept as they were written, and judged where they meet those of a file. */
export const option = {
  env: (about = 'environment, family/task?option=value: skein list environments; or ./file.ts#family/task') => text('--env <id>', about),
  steps: (about: string) => text('--steps <n>', about),
  seed: (about = 'seed of everything random (default 1)') => text('--seed <n>', about),
  set: () => repeated('--set <path=value>', 'another number of the page, repeatable: q.lr=1e-3'),
  swap: (later = false) => repeated('--swap <slot=type[:json]>', `another node in a slot, repeatable: mixer=sumMixer, mixer=./mine.ts#export${later ? '; on the way, mixer=sumMixer@50k' : ''}`),
  at: () => text('--at <update>', 'an earlier checkpoint, by its number in checkpoints/ (default: the newest)'),
  engine: () => text('--engine <name>', 'engine and backend, onnx:cuda or tfjs:wasm; or ./file.ts#export:backend (default: the first that loads of onnx and tfjs)'),
  plugin: () => repeated('--plugin <file>', 'a file or npm:package with node types, environments, ..., repeatable; the files that a run was made with'),
  json: (about = 'one JSON document on standard output') => text('--json', about),
  quiet: () => text('--quiet', 'alarms and the last line only'),
  ascii: () => text('--ascii', 'no character outside ASCII'),
} as const;
/** What commander hands over of these. */
export interface PageOptions { readonly set?: readonly string[]; readonly swap?: readonly string[]; readonly plugin?: readonly string[]; readonly json?: boolean }
