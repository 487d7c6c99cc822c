import { add, div, exp, log, matMul, maximum, mean as average, mul, relu, reshape, softplus, sqrt, square, sub, type Tensor } from '@tensorflow/tfjs-core';
import { detach } from '../../../core/flow.ts';
import { dense, mlp } from '../../../nodes/layers.ts';
import { defineNode, normal } from '../../../core/node.ts';
import { f32, penalty } from '../../../core/port.ts';
import { beside, gated, halves } from './maths.ts';

/** ROMA: a role drawn from the input makes the last layer; the role must be told from the previous hidden state (its own loss). */
export const roleAgentQ = defineNode({
  type: 'roleAgentQ',
  config: { hidden: 64, role: 3 },
  knobs: { identify: 1e-4 },
  in: { x: f32('... ?x') },
  noise: { eps: normal('... role') },
  out: { q: f32('... action'), role: f32('... role'), roleMean: f32('... role'), roleVar: f32('... role'), identify: penalty() },
  sizes: (_, { role }) => ({ role }),
  layers: ({ x, action }, { hidden, role }) => ({
    encode: mlp([x, 16, 2 * role]), infer: mlp([hidden + x, 16, 2 * role]),
    decode: dense(role, 16), kernel: dense(16, hidden * action), bias: dense(16, action),
    first: dense(x, hidden), fromInput: dense(hidden, 3 * hidden), fromHidden: dense(hidden, 3 * hidden),
  }),
  carry: (_, { hidden }) => hidden,
  step({ x, eps, identify }, h, layer, { hidden }, { action }) {
    const law = (y: Tensor) => { const [mean, raw] = halves(y); return [mean, maximum(exp(raw), 0.002)] as const; };
    const [mean, variance] = law(layer.encode(x)), [guess, guessVar] = law(layer.infer(beside(detach(h), x)));
    const role = add(mean, mul(sqrt(variance), eps));
    const kl = average(add(log(div(guessVar, variance)), div(add(variance, square(sub(mean, guess))), guessVar)));
    const carry = gated(layer.fromInput(relu(layer.first(x))), layer.fromHidden(h), h), made = relu(layer.decode(role));
    const product = matMul(reshape(carry, [-1, 1, hidden]), reshape(layer.kernel(made), [-1, hidden, action]));
    return { q: add(reshape(product, [-1, action]), layer.bias(made)), role, roleMean: mean, roleVar: variance, identify: mul(identify, softplus(kl)), carry };
  },
});
