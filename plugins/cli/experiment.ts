/** What `skein train` is asked for: options of the command line over those of a file. */
import { z } from 'zod';
import { InputError, nearest } from '../../core/error.ts';
import type { Document } from '../documents.ts';
import { settingOf, swapOf, writtenSwap, type SwapAt } from './edits.ts';
import type { Overlap } from '../overlap.ts';
import { countOf, evaluationOf, overlapFrom, seedOf } from './options.ts';

/** As commander hands them over, unread. */
export interface TrainFlags {
  readonly env?: string; readonly steps?: string; readonly seed?: string; readonly engine?: string; readonly evaluate?: string; readonly checkpoint?: string; readonly envs?: string; readonly out?: string; readonly overlap?: string;
  /** False with --no-picture. */
  readonly picture?: boolean;
  readonly set?: readonly string[]; readonly swap?: readonly string[]; readonly plugin?: readonly string[];
  readonly json?: boolean; readonly quiet?: boolean; readonly ascii?: boolean;
}
export interface Experiment {
  readonly env: string; readonly steps: number; readonly seed: number;
  readonly engine?: string; readonly evaluate?: { readonly every?: number; readonly episodes?: number }; readonly checkpoint?: number; readonly envs?: number; readonly overlap?: Overlap; readonly out?: string;
  readonly set: Readonly<Record<string, unknown>>; readonly swap: readonly SwapAt[]; readonly plugin: readonly string[]; readonly picture: boolean;
}
/** Steps of a run that nobody gave a length: minutes of a small game. */
const STEPS = 100_000;

const written = z.union([z.string().max(100), z.number()], 'a number, or text like 200k'), name = z.string('text').min(1, 'text').max(2000);
/** Values stay as they were written: they are read by the same functions as on the command line. */
export const experimentSchema = z.strictObject({
  algorithm: name, env: name.optional(), steps: written.optional(), seed: written.optional(), engine: name.optional(), evaluate: written.optional(), checkpoint: written.optional(), envs: written.optional(), overlap: written.optional(), out: name.optional(), picture: z.boolean('true or false').optional(),
  set: z.record(z.string(), z.unknown(), 'path: value, for example mixer.embed: 16').optional(), swap: z.array(name, 'a list of slot=type, or slot=type@step').optional(), plugin: z.array(name, 'a list of files and npm:packages').optional(),
}, 'options under their names, for example algorithm: qmix');
export type ExperimentFile = z.infer<typeof experimentSchema>;
const agents = z.union([z.array(z.int('a whole number').nonnegative('an agent counts from 0')).min(1, 'one agent or more'), name], 'a list of agents, or the name of a population of the environment').optional();
/** One player: a page with its own numbers and slots, a run that plays as it stands, or a copy of another player. */
const player = z.union([
  z.strictObject({ agents, page: name, set: z.record(z.string(), z.unknown()).optional(), swap: z.array(name).optional() }),
  z.strictObject({ agents, run: name, at: z.int().nonnegative().optional() }),
  z.strictObject({ agents, copyOf: name, every: written }),
], 'page (with set and swap), run (with at), or copyOf and every; and agents');
export const jointSchema = experimentSchema.omit({ algorithm: true, set: true, swap: true, overlap: true }).extend({ players: z.record(z.string(), player) });
export type JointFile = z.infer<typeof jointSchema>;

/** Does a document hold a page, rather than options? */
export const isPage = ({ value }: Document): boolean => typeof value === 'object' && value !== null && 'nodes' in value;
/** Does it name several players? */
export const isJoint = ({ value }: Document): boolean => typeof value === 'object' && value !== null && 'players' in value;

export const readExperiment = (document: Document, file: string): ExperimentFile => readOptions(document, file, experimentSchema);
export const readJoint = (document: Document, file: string): JointFile => readOptions(document, file, jointSchema);
/** What a document of options says, or all that is wrong with it, each with its place. */
function readOptions<S extends typeof experimentSchema | typeof jointSchema>(document: Document, file: string, schema: S): z.infer<S> {
  const { value } = document, parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data as z.infer<S>;
  const names = Object.keys(schema.shape), wrong = parsed.error.issues.flatMap(issue => {
    if (issue.code !== 'unrecognized_keys') return [`${document.place(issue.path)}: ${issue.path.length ? `${issue.path.join('.')}: ` : ''}${issue.path[0] === 'algorithm' && !Object.hasOwn(value as object, 'algorithm') ? 'no algorithm' : issue.message.startsWith('Invalid') ? issue.message : `expected ${issue.message}`}`];
    return issue.keys.map(key => { const near = nearest(key, names); return `${document.place([key])}: no option is called ${JSON.stringify(key)}${near ? `; did you mean ${near}?` : ''}`; });
  });
  throw new InputError(wrong.length === 1 ? wrong[0]! : `${file}: ${wrong.length} problems\n${wrong.map(line => `  ${line}`).join('\n')}`, `options are ${names.join(', ')}`);
}

/** The command line wins; of a setting or a slot that both name, too. Errors name where a value was written. */
export function mergeExperiment(flags: TrainFlags, file?: { readonly options: Omit<ExperimentFile, 'algorithm'>; readonly place: (option: string) => string }): Experiment {
  const from = file?.options, subject = (option: keyof TrainFlags & keyof ExperimentFile) => (flags[option] === undefined && from?.[option] !== undefined ? `${file!.place(option)}: ${option}` : `--${option}`);
  const read = <T>(option: 'steps' | 'seed' | 'evaluate' | 'checkpoint' | 'envs' | 'overlap', as: (written: string | number, subject: string) => T): T | undefined => { const x = flags[option] ?? from?.[option]; return x === undefined ? undefined : as(x, subject(option)); };
  const env = flags.env ?? from?.env;
  if (env === undefined) throw new InputError('no environment is named', '--env <id>, for example --env lbf/8x8-2p-2f-coop; skein list environments shows them');
  const swaps = new Map([...from?.swap ?? [], ...flags.swap ?? []].map(swapOf).map(s => [`${s.slot}@${s.at ?? ''}`, s]));
  const engine = flags.engine ?? from?.engine, out = flags.out ?? from?.out, evaluate = read('evaluate', evaluationOf), checkpoint = read('checkpoint', countOf), envs = read('envs', countOf), overlap = read('overlap', overlapFrom);
  return {
    env, steps: read('steps', countOf) ?? STEPS, seed: read('seed', seedOf) ?? 1, picture: flags.picture !== false && from?.picture !== false,
    set: { ...from?.set, ...Object.fromEntries((flags.set ?? []).map(settingOf)) }, swap: [...swaps.values()], plugin: [...new Set([...from?.plugin ?? [], ...flags.plugin ?? []])],
    ...(engine === undefined ? {} : { engine }), ...(out === undefined ? {} : { out }), ...(evaluate ? { evaluate } : {}), ...(checkpoint === undefined ? {} : { checkpoint }), ...(envs === undefined ? {} : { envs }), ...(overlap ? { overlap } : {}),
  };
}

/** The merged options as a file would hold them: what `skein train` takes again. Those that were left out stay out. */
export function writtenExperiment(algorithm: string, { evaluate, swap, ...rest }: Experiment): ExperimentFile {
  return { algorithm, ...rest, plugin: [...rest.plugin], swap: swap.map(writtenSwap), ...(evaluate ? { evaluate: `${evaluate.every ?? ''}${evaluate.episodes === undefined ? '' : `:${evaluate.episodes}`}` } : {}) };
}
