/** What a run that was made before says of itself, in its record and its checkpoints: read, or refused with the place and the remedy. */
import { dirname } from 'node:path';
import { InputError } from '../core/error.ts';
import type { Learner } from '../core/step.ts';
import type { Snapshot } from '../core/store.ts';
import type { RunRecord } from '../core/tracker.ts';
import { freshState, fromArrays, type LearnerState } from '../core/weights.ts';
import { plannedSchema, type Planned } from './edits.ts';
import { seatOf } from './players.ts';
import { Checkpoints } from './stores/checkpoints.ts';
import type { FileSystem } from './stores/file-system.ts';
import type { Room } from './stores/retention.ts';
import type { RunPosition } from './stores/run-folder.ts';
import { version } from './version.ts';

/** Hash of the page that a run began with: its checkpoints have it too, so that one of another run is not taken by the page that it brings. */
export const originOf = (record: RunRecord): string => String((record['original'] as { hash?: unknown } | undefined)?.hash ?? record['hash']);
/** The engine of a run with its backend: another one would not give the same bits. */
export const engineName = (record: RunRecord): string => { const { opens, engine } = record['engine'] as { opens?: string; engine: string }; return opens ?? engine; };
/** Refuses a run that is one player of several: what it is to go on or to play with stands in their common folder. */
export function alone(record: RunRecord, path: string): void {
  const seat = seatOf(record);
  if (seat) throw new InputError(`${path} is the run of player ${seat.player}, one of several`, `name the folder that holds them all, ${dirname(path)}`);
}
/** In the order of their steps. */
export function plansOf(swaps: unknown, subject: string): Planned[] {
  const read = plannedSchema.array().safeParse(swaps ?? []);
  if (!read.success) throw new InputError(`${subject}: ${read.error.issues.map(i => `swaps.${i.path.join('.')}: ${i.message}`).join('; ')}`, "swaps are [{ at: 50000, swaps: [{ slot: 'mixer', type: 'sumMixer', config: {} }] }]");
  return read.data.sort((a, b) => a.at - b.at);
}
/** Steps that a checkpoint has made, and planned swaps among them. */
export const madeBy = ({ meta }: Snapshot): { readonly steps: number; readonly done: number } => { const { counters, run } = meta as { counters: LearnerState['counters']; run: { swaps?: number } }; return { steps: counters.steps, done: run.swaps ?? 0 }; };
/** What a checkpoint that was read does not give: an error of the checkpoint, whatever its reader says. */
export function fits(place: string, restore: () => unknown): void {
  try { restore(); } catch (e) {
    const [what = ''] = (e instanceof Error ? e.message : String(e)).split('\n  fix: ');
    throw new InputError(`${place} is not a checkpoint of this run: ${what}`, 'go on from another checkpoint, or with this one in the run that it is from');
  }
}
export const checkpointsOf = (path: string, files?: FileSystem, room?: Room) => new Checkpoints(`${path}/checkpoints`, { version: version(), ...(files ? { files } : {}), ...(room ? { room } : {}) });
/** Where metrics and events of a run begin. */
export const BEGINNING: RunPosition = { metrics: { bytes: 0, records: 0 }, events: { bytes: 0, records: 0 } };
export function stateOf(learner: Learner, snapshot: Snapshot): LearnerState {
  const meta = snapshot.meta as { counters: LearnerState['counters']; memory: LearnerState['memory'] }, { state } = fromArrays(learner.plan, snapshot.arrays, freshState(learner.plan, 1));
  return { ...state, counters: meta.counters, memory: meta.memory };
}
/** What a run has learned in its environment, for another one. */
export function elsewhere(path: string, { environment }: RunRecord, { id, learner }: { readonly id: string; readonly learner: Learner }, snapshot: Snapshot): LearnerState {
  try { return stateOf(learner, snapshot); } catch (e) {
    if (!(e instanceof InputError)) throw e;
    const [[, ...all]] = e.message.split('\n  fix: ').map(part => part.split('\n')) as [string[]], own = all.filter(line => !/^\s*\w+\s+(lagged|slots)\//.test(line));   // whose shapes follow the weights'
    throw new InputError([`${path} has learned in ${environment}, and its weights do not fit ${id}`, ...own].join('\n'), `name one in which the page has the same sizes; without --env it plays ${environment}`);
  }
}
