/** Returns over time: one linear recurrence from the last step to the first. */
import { add, concat, customGrad, mul, slice, transpose, zeros, type Tensor } from '@tensorflow/tfjs-core';
import { scan } from './scan.ts';

/**
 * y_t = x_t + a_t y_{t+1}, and `after` is y one step after the last, zero if none is given. x, a and y [rows, time, ...], `after` [rows, ...].
 *
 *   Monte Carlo   x = r                                  a = gamma continues
 *   GAE           x = delta                              a = gamma lambda continues
 *   TD(lambda)    x = r + gamma (1 - lambda) V(s')       a = gamma lambda              after = V(s') of the last step
 *   Retrace       x = delta                              a = gamma c_{t+1}
 *
 * The gradient is the recurrence turned round: g_t = dy_t + a_{t-1} g_{t-1} is that to x, and g_t y_{t+1} that to a.
 */
export function recurrence(x: Tensor, a: Tensor, after: Tensor = zeros([x.shape[0]!, ...x.shape.slice(2)])): Tensor {
  const [steps, turned] = [x.shape[1]!, (t: Tensor) => transpose(t, [1, 0, ...t.shape.slice(2).map((_, i) => i + 2)])];
  const run = customGrad((...args) => {
    const [X, A, end, save] = args as unknown as [Tensor, Tensor, Tensor, (t: Tensor[]) => void], decay = turned(A);
    const { out: [y] } = scan(end, [turned(X), decay], (later, [now, by]) => { const carry = add(now!, mul(by!, later)); return { carry, out: [carry] }; }, true);
    save([decay, y!, end]);
    const gradFunc = (dy: Tensor, [by, made, last]: Tensor[]) => {
      const { carry, out: [g] } = scan(zeros(last!.shape), [turned(dy), by!], (before, [now, d]) => { const sum = add(now!, before); return { carry: mul(sum, d!), out: [sum] }; });
      const later = concat([slice(made!, made!.shape.map((_, i) => Number(i === 0)), [steps - 1, ...made!.shape.slice(1)]), last!.expandDims(0)], 0);
      return [turned(g!), turned(mul(g!, later)), carry];
    };
    return { value: turned(y!), gradFunc: gradFunc as never };
  });
  return run(x, a, after);
}
