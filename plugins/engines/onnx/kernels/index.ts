/** Every kernel that has a lowering. */
import { arithmetic } from './arithmetic.ts';
import { choices } from './choose.ts';
import { convolutions } from './convolution.ts';
import type { Lowerings } from './lowering.ts';
import { products } from './products.ts';
import { reductions } from './reduce.ts';
import { shape } from './shape.ts';

export const lowerings: Lowerings = { ...arithmetic, ...shape, ...reductions, ...products, ...convolutions, ...choices };
