/** Environments that need nothing but Node. */
import type { EnvironmentFamily } from '../factories.ts';
import { classic } from './classic.ts';
import { lbf } from './lbf.ts';
import { mapf } from './mapf.ts';
import { matrix } from './matrix.ts';
import { mpe } from './mpe.ts';
import { parity } from './parity.ts';
import { quadratic } from './quadratic.ts';
import { pogema } from './pogema.ts';
import { partner } from './partner.ts';

export const families: readonly EnvironmentFamily[] = [matrix, quadratic, parity, partner, lbf, mpe, mapf, pogema, classic];
