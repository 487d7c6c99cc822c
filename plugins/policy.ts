/** The best actions of a page as a file that stands alone, and what there is to know of it. */
import { createHash } from 'node:crypto';
import { parse } from '../core/definition.ts';
import { structuralHash } from '../core/describe.ts';
import { InputError } from '../core/error.ts';
import { typeOf, type Typed } from '../core/infer.ts';
import { base, isTime, words } from '../core/port.ts';
import type { Learner } from '../core/step.ts';
import { upstream } from '../core/topology.ts';
import type { RunRecord } from '../core/tracker.ts';
import type { LearnerState } from '../core/weights.ts';
import type { Port } from './engines/onnx/emit.ts';
import type { Exporter, Outsides } from './engines/onnx/exporter.ts';
import { IR_VERSION, OPSET } from './engines/onnx/onnx-writer.ts';
import { seatOf } from './players.ts';
import type { Rollout } from './rollout.ts';
import { version } from './version.ts';

export interface PolicyPort {
  readonly name: string; readonly dtype: string;
  /** Of each axis what it is and its size; `copy` are environments side by side. */
  readonly dims: readonly string[]; readonly shape: readonly number[];
  readonly means: string;
  /** Of a carry: the output of the step before that goes in. */
  readonly from?: string;
}
/** What stands in the JSON file beside the model. */
export interface PolicyFacts {
  readonly format: 1; readonly kind: 'skein policy'; readonly algorithm: string; readonly environment: string; readonly hash: string;
  /** Of one player of several: its name, and its agents by their numbers in the environment, in the order of axis `agent`. */
  readonly player?: { readonly name: string; readonly agents: readonly number[] };
  readonly run: string; readonly checkpoint: number; readonly steps: number;
  readonly versions: { readonly skein: string; readonly opset: number; readonly ir: number };
  readonly model: { readonly bytes: number; readonly sha256: string };
  readonly inputs: readonly PolicyPort[]; readonly outputs: readonly PolicyPort[];
}
export interface Policy { readonly model: Uint8Array; readonly facts: PolicyFacts }

const MEANINGS: Readonly<Record<string, string>> = {
  obs: 'what is seen, as the environment gives it', avail: 'which actions are allowed, one or more', alive: '1 for whoever is in the game, 0 for whoever is out of it',
  lastAction: 'the action before, one-hot where actions are numbered; zeros where an episode starts', start: 'true where an episode starts',
};
const CARRY = 'carry.', NEXT = 'next.', FIELD = 'field.';
const outside = (dims: readonly string[]): string[] => dims.filter(dim => !isTime(dim)).map(dim => (base(dim) === 'batch' ? 'copy' : dim));

/** A checkpoint of a run: its learner is on the exporter. */
interface Acting { readonly learner: Learner; readonly rollout: Pick<Rollout, 'acting'>; readonly env: { readonly copies: number }; readonly state: LearnerState; readonly record: Pick<RunRecord, 'name' | 'environment'> & { readonly seat?: unknown }; readonly update: number }

/** One acting step of all copies. Fields and carries are its inputs, all else is inside: weights, statistics, who is who. */
export async function policyOf(exporter: Exporter, { learner, rollout, env: { copies }, state, record, update }: Acting): Promise<Policy> {
  const { plan, programs } = learner, { d } = plan, seat = seatOf(record), { act } = d.page, best = act!.best ?? act!.action, { fields, same } = rollout.acting(), slice = upstream(d, [parse(best).from]), main = `${FIELD}${programs.main}.`;
  if (act!.inTurn !== undefined) throw new InputError(`${d.page.name} acts one ${act!.inTurn} after another, which is no single step`, 'skein evaluate plays it');
  const action = typeOf(d, best, plan.types) as Typed;
  const outsides: Outsides = {
    input: (name, shape) => {
      if (name.startsWith(main)) { const field = name.slice(main.length); return same.has(field) ? undefined : { name: field, shape: shape.filter((_, axis) => axis !== 1) }; }
      return name.startsWith(CARRY) || name.startsWith('noise.') ? { name, shape } : undefined;
    },
    output: (name, shape) => (name === 'action' ? { name, shape: shape.filter((_, axis) => !isTime(action.dims[axis]!)) } : slice.has(name.slice(CARRY.length)) ? { name: `${NEXT}${name}`, shape } : undefined),
  };
  const { bytes, inputs, outputs } = await exporter.model(outsides, () => learner.act(state, fields, copies, {}, { seed: 0, counters: [0], best: true })), noise = inputs.find(i => i.name.startsWith('noise.'));
  if (noise) throw new InputError(`the best action of ${d.page.name} is drawn: node ${noise.name.split('.')[1]!} asks for random numbers, and a file has none`, 'a page whose best action needs none: g.act({ action, best })');
  const dimsOf = (name: string) => (name === 'action' ? outside(action.dims) : name.includes(CARRY) ? [...outside(plan.boxes.get(name.slice(name.indexOf(CARRY) + CARRY.length))!.lead), 'carry'] : ['copy', ...words(d.page.world[name]!.spec)]);
  const described = ({ name, dtype, shape }: Port, means: string): PolicyPort => ({ name, dtype, dims: dimsOf(name), shape, means });
  return { model: bytes, facts: {
    format: 1, kind: 'skein policy', algorithm: d.page.name, environment: record.environment, ...(seat ? { player: { name: seat.player, agents: seat.agents } } : {}), hash: structuralHash(d), run: record.name, checkpoint: update, steps: state.counters.steps,
    versions: { skein: version(), opset: OPSET, ir: IR_VERSION }, model: { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') },
    inputs: inputs.map(i => (i.name.startsWith(CARRY) ? { ...described(i, `memory of ${i.name.slice(CARRY.length)}: zeros where an episode starts, then ${NEXT}${i.name} of the step before`), from: `${NEXT}${i.name}` } : described(i, MEANINGS[i.name] ?? 'as the environment gives it'))),
    outputs: outputs.map(o => described(o, o.name === 'action' ? action.dtype === 'i32' ? 'the best allowed action, by its number' : 'the best action, each number from -1 to 1' : `goes into ${o.name.slice(NEXT.length)} at the next step`)),
  } };
}
