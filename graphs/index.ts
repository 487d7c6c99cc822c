/** Every page there is, by name. */
import type { Definition } from '../core/definition.ts';
import type { World } from '../core/world.ts';
import { doubleDqn, dqn } from './dqn.ts';
import { iql } from './iql.ts';
import { qmix } from './qmix.ts';
import { qplex } from './qplex.ts';
import { shaq } from './shaq.ts';
import { vdn } from './vdn.ts';
import { cwQmix, owQmix } from './weighted-qmix.ts';

export { doubleDqn, dqn } from './dqn.ts';
export { iql } from './iql.ts';
export { qmix } from './qmix.ts';
export { qplex } from './qplex.ts';
export { shaq } from './shaq.ts';
export { vdn } from './vdn.ts';
export { cwQmix, owQmix } from './weighted-qmix.ts';

export const pages: Readonly<Record<string, Definition<unknown, World>>> = { dqn, doubleDqn, iql, vdn, qmix, qplex, owQmix, cwQmix, shaq };
