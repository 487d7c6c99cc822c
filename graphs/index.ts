/** Every page there is, by name. */
import type { Definition } from '../core/definition.ts';
import type { World } from '../core/world.ts';
import { combinedDqn } from './combined-dqn.ts';
import { dgn } from './dgn.ts';
import { doubleDqn, dqn } from './dqn.ts';
import { duelingDqn } from './dueling-dqn.ts';
import { iql } from './iql.ts';
import { nStepDqn } from './n-step-dqn.ts';
import { prioritisedDqn } from './prioritised-dqn.ts';
import { qatten } from './qatten.ts';
import { qmix } from './qmix.ts';
import { qplex } from './qplex.ts';
import { qtranAlt, qtranBase } from './qtran.ts';
import { reinforce, reinforceBaseline } from './reinforce.ts';
import { roma } from './roma.ts';
import { shaq } from './shaq.ts';
import { vdn } from './vdn.ts';
import { cwQmix, owQmix } from './weighted-qmix.ts';

export { combinedDqn } from './combined-dqn.ts';
export { dgn } from './dgn.ts';
export { doubleDqn, dqn } from './dqn.ts';
export { duelingDqn } from './dueling-dqn.ts';
export { iql } from './iql.ts';
export { nStepDqn } from './n-step-dqn.ts';
export { prioritisedDqn } from './prioritised-dqn.ts';
export { qatten } from './qatten.ts';
export { qmix } from './qmix.ts';
export { qplex } from './qplex.ts';
export { qtranAlt, qtranBase } from './qtran.ts';
export { reinforce, reinforceBaseline } from './reinforce.ts';
export { roma } from './roma.ts';
export { shaq } from './shaq.ts';
export { vdn } from './vdn.ts';
export { cwQmix, owQmix } from './weighted-qmix.ts';

export const pages: Readonly<Record<string, Definition<unknown, World>>> = { dqn, doubleDqn, duelingDqn, nStepDqn, prioritisedDqn, combinedDqn, reinforce, reinforceBaseline, iql, vdn, qmix, qplex, qatten, qtranBase, qtranAlt, owQmix, cwQmix, shaq, roma, dgn };
