/** Layers of a transformer over the agents of a team: MAT's tokens, blocks and heads. Normalisation stands behind what is added; how layers start is the authors'. */
import { add, expandDims, greaterEqual, matMul, mul, range, reshape, softmax, transpose, type Tensor } from '@tensorflow/tfjs-core';
import { InputError } from '../core/error.ts';
import type { Layer } from '../core/layers.ts';
import { constant, orthogonal } from './initial.ts';
import { combined, dense, layerNorm, mlp, type DenseOptions } from './layers.ts';
import { gelu, maskUnavailable } from './maths.ts';

/** Heads of each attention, and blocks. */
interface Depth { readonly heads: number; readonly blocks: number }
const start = (gain: number): DenseOptions => ({ kernel: orthogonal(gain), bias: constant(0) }), SMALL = start(0.01), BEFORE_GELU = start(Math.SQRT2);

/**
 * y_i = W_o [sum_j a_1ij v_1j, ..., sum_j a_Hij v_Hj] + b_o      a_mij = softmax_j(q_mi . k_mj / sqrt(width / heads)), where `causal` over j <= i
 *
 * with queries of x, keys and values of h, both [rows, agent, width]. Keys have no bias: it moves all logits of a query alike, which no softmax sees.
 */
const attention = (width: number, heads: number, causal: boolean): Layer<(x: Tensor, h: Tensor) => Tensor> => combined(
  { query: dense(width, width, SMALL), key: dense(width, width, { ...SMALL, bias: false }), value: dense(width, width, SMALL), out: dense(width, width, SMALL) },
  ({ query, key, value, out }) => (x, h) => {
    const agents = x.shape[1]!, size = width / heads, places = range(0, agents, 1, 'int32');
    const split = (y: Tensor) => (heads === 1 ? y : reshape(transpose(reshape(y, [-1, agents, heads, size]), [0, 2, 1, 3]), [-1, agents, size]));               // rows head | agent size
    const joined = (y: Tensor) => (heads === 1 ? y : reshape(transpose(reshape(y, [-1, heads, agents, size]), [0, 2, 1, 3]), [-1, agents, width]));
    const logits = mul(matMul(split(query(x)), split(key(h)), false, true), 1 / Math.sqrt(size));
    return out(joined(matMul(softmax(causal ? maskUnavailable(logits, greaterEqual(expandDims(places, 1), places)) : logits), split(value(h)))));
  });

const inner = (width: number): Layer => mlp([width, width, width], { activation: 'gelu', hidden: BEFORE_GELU, last: SMALL });
/** x' = LN(x + attention(x, x))      y = LN(x' + mlp(x')) */
const encoderBlock = (width: number, heads: number): Layer => combined(
  { attention: attention(width, heads, false), norm1: layerNorm(width), mlp: inner(width), norm2: layerNorm(width) },
  ({ attention, norm1, mlp, norm2 }) => x => { const heard = norm1(add(x, attention(x, x))); return norm2(add(heard, mlp(heard))); });
/** x' = LN(x + causal(x, x))      x" = LN(z + causal(z, x'))      y = LN(x" + mlp(x")): the token of the encoder asks, and is what is added to. */
const decoderBlock = (width: number, heads: number): Layer<(x: Tensor, z: Tensor) => Tensor> => combined(
  { own: attention(width, heads, true), norm1: layerNorm(width), cross: attention(width, heads, true), norm2: layerNorm(width), mlp: inner(width), norm3: layerNorm(width) },
  ({ own, norm1, cross, norm2, mlp, norm3 }) => (x, z) => {
    const before = norm1(add(x, own(x, x))), asked = norm2(add(z, cross(z, before)));
    return norm3(add(asked, mlp(asked)));
  });

/** So many of a block by name. */
function stack<L>(width: number, { heads, blocks }: Depth, block: (width: number, heads: number) => L): Record<string, L> {
  if (width % heads) throw new InputError(`${heads} heads of attention share a width of ${width}`, 'heads that divide the width, or a width that is a multiple of them');
  return Object.fromEntries(Array.from({ length: blocks }, (_, i) => [`block${i}`, block(width, heads)]));
}
export const encoderBlocks = (width: number, depth: Depth): Layer => combined(stack(width, depth, encoderBlock), all => x => Object.values(all).reduce((h, block) => block(h), x));
export const decoderBlocks = (width: number, depth: Depth): Layer<(x: Tensor, z: Tensor) => Tensor> => combined(stack(width, depth, decoderBlock), all => (x, z) => Object.values(all).reduce((h, block) => block(h, z), x));

/** LN(gelu(x W + b)): how tokens begin. */
export const token = (from: number, width: number, options: Pick<DenseOptions, 'bias'> = {}): Layer => combined(
  { dense: dense(from, width, { ...BEFORE_GELU, ...options }), norm: layerNorm(width) }, ({ dense, norm }) => x => norm(gelu(dense(x))));
/** W_2 LN(gelu(z W_1 + b_1)) + b_2: what is read off a token. */
export const tokenHead = (width: number, to: number): Layer => combined({ token: token(width, width), out: dense(width, to, SMALL) }, ({ token, out }) => z => out(token(z)));
