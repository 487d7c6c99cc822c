/** What a caller hands to an environment, checked before anything changes. */
import type { z } from 'zod';
import { RunError } from '../../core/error.ts';
import type { EnvironmentSpec, TypedArray } from '../../core/environment.ts';

/** actions [copies agent]: every agent of a running copy has an index below `action`. Actions of waiting copies are not looked at. */
export function checkActionIndices({ id, sizes }: EnvironmentSpec, actions: TypedArray, terminated: Uint8Array, truncated: Uint8Array): void {
  const copies = terminated.length, agents = sizes['agent']!, count = sizes['action']!;
  if (actions.length !== copies * agents)
    throw new RunError(`${id}: step got ${actions.length} actions for ${copies} copies x ${agents} agents`, `give ${copies * agents}, copy after copy`);
  for (let copy = 0, i = 0; copy < copies; copy++) {
    const waits = terminated[copy] === 1 || truncated[copy] === 1;
    for (let agent = 0; agent < agents; agent++, i++) {
      const action = actions[i]!;
      if (!waits && !(Number.isInteger(action) && action >= 0 && action < count))
        throw new RunError(`${id}: action ${action} of agent ${agent} in copy ${copy} is not one of 0 .. ${count - 1}`,
          'choose among the available actions; nothing was stepped');
    }
  }
}

/** actions [copies agent action]: numbers in [-1, 1]. Actions of waiting copies are not looked at. */
export function checkActionNumbers({ id, sizes }: EnvironmentSpec, actions: TypedArray, terminated: Uint8Array, truncated: Uint8Array): void {
  const copies = terminated.length, agents = sizes['agent']!, width = sizes['action']!, each = agents * width;
  if (actions.length !== copies * each)
    throw new RunError(`${id}: step got ${actions.length} numbers for ${copies} copies x ${agents} agents x actions of ${width}`, `give ${copies * each}, copy after copy`);
  for (let copy = 0, i = 0; copy < copies; copy++) {
    const waits = terminated[copy] === 1 || truncated[copy] === 1;
    for (const end = i + each; i < end; i++) {
      const action = actions[i]!;
      if (!waits && !(action >= -1 && action <= 1))
        throw new RunError(`${id}: action ${action} of agent ${Math.floor(i % each / width)} in copy ${copy} is not within -1 .. 1`,
          'clip it there, or act clipped: g.act(explore, { clipped: true }); nothing was stepped');
    }
  }
}

export function checkReset(id: string, copies: number, mask: Uint8Array, seeds: Uint32Array | undefined): void {
  if (mask.length !== copies) throw new RunError(`${id}: reset got a mask of ${mask.length} for ${copies} copies`, 'give one 0 or 1 a copy');
  if (seeds && seeds.length !== copies) throw new RunError(`${id}: reset got ${seeds.length} seeds for ${copies} copies`, 'give one a copy, or none at all');
}

export function checkCopy(id: string, copies: number, copy: number): void {
  if (!(Number.isInteger(copy) && copy >= 0 && copy < copies)) throw new RunError(`${id}: there is no copy ${copy}`, `copies are 0 .. ${copies - 1}`);
}

/** A saved state as its environment wrote it, or an error that says where it differs. */
export function readSaved<S extends z.ZodType>(id: string, schema: S, state: unknown): z.infer<S> {
  const read = schema.safeParse(state);
  if (read.success) return read.data;
  const faults = read.error.issues.slice(0, 3).map(({ path, message }) => `${path.join('.') || 'state'}: ${message}`);
  throw new RunError(`${id}: this is not a saved state of it (${faults.join('; ')})`, 'give what getState of the same environment returned');
}
