import { describe, expect, it } from 'vitest';
import { othersRatio } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { floats, near } from '../arrays.ts';

const log = (...p: number[]) => p.map(Math.log);
const run = async (logProb: number[][], oldLogProb: number[][]) => (await evaluateNode(othersRatio, { inputs: { logProb: floats(logProb), oldLogProb: floats(oldLogProb) } })).outputs['ratio'];

describe('othersRatio', () => {
  it('equals a calculation by hand: ratios of 2, 1/2 and 1/5 of three agents', async () => {
    near(await run([log(0.8, 0.1, 0.1)], [log(0.4, 0.2, 0.5)]), [[0.1, 0.4, 1]], 1e-6);
  });
  it('is 1 where nobody has moved, and for whoever alone has', async () => {
    const old = [log(0.3, 0.6, 0.9, 0.1), log(0.5, 0.5, 0.2, 0.7)];
    near(await run(old, old), [[1, 1, 1, 1], [1, 1, 1, 1]], 0);
    near(await run([log(0.3, 0.6, 0.45, 0.1), log(0.5, 0.5, 0.1, 0.7)], old), [[0.5, 0.5, 1, 0.5], [0.5, 0.5, 1, 0.5]], 1e-6);
  });
  it('of one agent is 1', async () => { near(await run([[-0.3], [-2]], [[-1], [-1]]), [[1], [1]], 0); });
  it('is the same however agents go round: that of agent i is the whole product over its own', async () => {
    const ratio = await run([log(0.5, 0.6, 0.7)], [log(0.7, 0.5, 0.9)]), own = [0.5 / 0.7, 0.6 / 0.5, 0.7 / 0.9], all = own.reduce((a, b) => a * b, 1);
    expect(ratio!.data).toHaveLength(3);
    near(ratio, [own.map(x => all / x)], 1e-6);
  });
});
