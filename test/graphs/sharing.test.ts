/** Who shares weights is wiring: all agents, none, or groups of them; and agents that are unlike are padded, which trains nothing. */
import { expandDims, matMul, mul, sum, tensor1d } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { sight } from '../../core/check.ts';
import type { Definition } from '../../core/definition.ts';
import { derive, each } from '../../core/graph.ts';
import { defineNode, per } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';
import { qmix, vdn } from '../../graphs/index.ts';
import { oneHot, rnnAgentQ } from '../../nodes/index.ts';
import { evaluateNode, layerTable } from '../../plugins/testing.ts';
import { drawWeights, numbers, off, type Arrays } from '../nodes/arrays.ts';
import { drawBatch, sizesOf, type Sizes } from '../properties/batch.ts';
import { evaluate } from './team.ts';

/** As docs/extending.md has it. */
const ofGroup = defineNode({
  type: 'ofGroup', config: { groups: [0, 0, 1] }, ranges: { groups: [0, 1000] }, in: { all: f32('... group action'), id: f32('... id') }, out: { q: f32('... action') },
  forward({ all, id }, _, { groups }, { group }) { return { q: sum(mul(all, expandDims(matMul(id, oneHot(tensor1d([...groups], 'int32'), group)), -1)), 1) }; },
});
const use = rnnAgentQ({ hidden: 6 }), shared = derive(qmix, 'shared', g => { g.swap('agentQ', use); }), own = derive(qmix, 'own', g => { g.swap('agentQ', per('agent', use)); });
const grouped = (groups: readonly number[]): Definition => derive(qmix, 'grouped', (g, { ep, input }) => {
  g.dim('group', Math.max(...groups) + 1);
  const nets = g.slot('groupQ', per('group', use), { x: each('group', input.x) }), targetNets = g.target('targetGroupQ', nets, { x: each('group', input.x) });
  g.remove('targetAgentQ');
  g.replace('agentQ', ofGroup({ groups }), { all: nets.q, id: ep.agentId });
  g.add('targetAgentQ', ofGroup({ groups }), { all: targetNets.q, id: ep.agentId });
});
const sizes: Sizes = { ...sizesOf(qmix), agent: 3, id: 3 }, batch = drawBatch(qmix, sizes);
/** Weights of a page whose agents have these in the place of one set: the same for each of so many, or of each its own. */
const spread = (weights: Arrays, node: string, many: number): Arrays => Object.fromEntries(Object.entries(weights).map(([k, x]) => (k.startsWith('agentQ/') ? [k.replace('agentQ', node), { shape: [many, ...x.shape], data: Float32Array.from({ length: many * x.data.length }, (_, i) => x.data[i % x.data.length]!) }] : [k, x])));
const part = (x: Arrays[string] | undefined, i: number): Arrays[string] => { const size = x!.data.length / x!.shape[0]!; return { shape: x!.shape.slice(1), data: x!.data.slice(i * size, (i + 1) * size) }; };
const drawn = (d: Definition, seed: number): Arrays => drawWeights(seed, layerTable(d, sizes));
const summed = (list: readonly Arrays[string][]): Arrays[string] => ({ shape: list[0]!.shape, data: Float32Array.from(list[0]!.data, (_, i) => list.reduce((a, x) => a + x.data[i]!, 0)) });

describe('weights', () => {
  it('of one network, of one for each agent and of one for each group are as many as it says, and all act on their own', () => {
    const shape = (d: Definition) => layerTable(d, sizes).find(t => t.name.endsWith('Q/q/kernel'))!.shape;
    expect([shape(shared), shape(own), shape(grouped([0, 0, 1])), shape(grouped([0, 1, 2]))]).toEqual([[6, 3], [3, 6, 3], [2, 6, 3], [3, 6, 3]]);
    for (const d of [shared, own, grouped([0, 0, 1])]) expect(sight(d).sees).toBe('local');
  });
  it('that are the same in all of them make the same loss; the gradient of the one network is the sum of theirs', async () => {
    const weights = drawn(shared, 1), targets = drawn(shared, 101), one = await evaluate(shared, { sizes, batch, weights, targets });
    for (const [d, node, many] of [[own, 'agentQ', 3], [grouped([0, 0, 1]), 'groupQ', 2], [grouped([1, 1, 1]), 'groupQ', 2]] as const) {
      const r = await evaluate(d, { sizes, batch, weights: spread(weights, node, many), targets: spread(targets, node, many) });
      expect(Math.abs(r.losses['q']! - one.losses['q']!)).toBeLessThan(1e-5 * one.losses['q']!);
      for (const k of Object.keys(one.gradients)) expect(off(k.startsWith('agentQ/') ? summed(Array.from({ length: many }, (_, i) => part(r.gradients[k.replace('agentQ', node)], i))) : r.gradients[k], one.gradients[k]), k).toBeLessThan(1e-5);
    }
  });
  it('of groups of one agent are those of the agents', async () => {
    const weights = drawn(own, 1), targets = drawn(own, 101), groups = grouped([0, 1, 2]), renamed = (x: Arrays) => Object.fromEntries(Object.entries(x).map(([k, a]) => [k.replace('agentQ', 'groupQ'), a]));
    const [a, b] = [await evaluate(own, { sizes, batch, weights, targets }), await evaluate(groups, { sizes, batch, weights: renamed(weights), targets: renamed(targets) })];
    expect(Math.abs(a.losses['q']! - b.losses['q']!)).toBeLessThan(1e-5 * a.losses['q']!);
    for (const [k, g] of Object.entries(renamed(a.gradients))) expect(off(b.gradients[k], g), k).toBeLessThan(1e-5);
  });
  it('of a group move the values of its agents and of no other, and a group without agents learns nothing', async () => {
    const d = grouped([0, 0, 1]), weights = drawn(d, 1), values = async (w: Arrays) => numbers((await evaluate(d, { sizes, batch, weights: w, taps: ['agentQ.q'] })).taps['agentQ.q']), before = await values(weights);
    for (const group of [0, 1]) {
      const other = Object.fromEntries(Object.entries(weights).map(([k, x]) => [k, k.startsWith('groupQ/') ? { shape: x.shape, data: Float32Array.from(x.data, (v, i) => (Math.floor(i / (x.data.length / 2)) === group ? v + 0.1 : v)) } : x])), after = await values(other);
      for (const agent of [0, 1, 2]) expect(after.some((v, i) => Math.floor(i / 3) % 3 === agent && v !== before[i]), `agent ${agent}`).toBe((agent === 2 ? 1 : 0) === group);
    }
    const { gradients } = await evaluate(grouped([1, 1, 1]), { sizes, batch });
    for (const [k, g] of Object.entries(gradients).filter(([name]) => name.startsWith('groupQ/'))) expect([0, 1].map(i => numbers(part(g, i)).some(x => x !== 0)), k).toEqual([false, true]);
  });
});

describe('unlike agents', () => {
  // the second agent sees two numbers of five and has two actions of three: the environment pads, and avail forbids the third
  const OBS = 2, ACTIONS = 2, N = 3, second = (width: number) => (i: number) => Math.floor(i / width) % N === 1, changed = (name: string, f: (x: number, i: number) => number) => { const { shape, data } = batch[`data.${name}`]!; return [`data.${name}`, { shape, data: data.map((x: number, i: number) => f(x, i)) as Float32Array }] as const; };
  const padded: Arrays = {
    ...batch, ...Object.fromEntries([
      changed('obs', (x, i) => (second(5)(i) && i % 5 >= OBS ? 0 : x)), changed('action', (x, i) => (second(1)(i) ? x % ACTIONS : x)), changed('avail', (x, i) => (second(3)(i) ? Number(i % 3 < ACTIONS) : x)),
      changed('lastAction', (x, i) => { if (!second(3)(i)) return x; const last = batch['data.lastAction']!.data, row = i - i % 3; return i % 3 >= ACTIONS ? 0 : Math.max(last[i]!, i % 3 === 2 % ACTIONS ? last[row + 2]! : 0); }),
    ]),
  };
  const page = derive(vdn, 'unlike', g => { g.swap('agentQ', per('agent', use)); }), weights = drawn(page, 1);

  it('learn nothing from what is padded: no gradient for inputs that are always 0 and for actions that are never available', async () => {
    const { gradients } = await evaluate(page, { sizes, batch: padded, weights, targets: drawn(page, 101) }), first = numbers(part(gradients['agentQ/first/kernel'], 1)), q = numbers(part(gradients['agentQ/q/kernel'], 1));
    // inputs: five of the observation, three of the last action, three of who it is
    const rows = Array.from({ length: 11 }, (_, row) => first.slice(row * 6, (row + 1) * 6).some(x => x !== 0)), actions = [0, 1, 2].map(a => q.some((x, i) => i % 3 === a && x !== 0));
    expect(rows).toEqual([true, true, false, false, false, true, true, false, false, true, false]);
    expect(actions).toEqual([true, true, false]);
    for (const agent of [0, 2]) expect([0, 1, 2].map(a => numbers(part(gradients['agentQ/q/kernel'], agent)).some((x, i) => i % 3 === a && x !== 0))).toEqual([true, true, true]);
  });
  it('have the values of a network of their true sizes', async () => {
    const values = numbers((await evaluate(page, { sizes, batch: padded, weights, taps: ['agentQ.q'] })).taps['agentQ.q']), of = (name: string) => part(weights[`agentQ/${name}`], 1), B = sizes['batch']!, T = sizes['time']! + 1;
    const columns = (x: Arrays[string], keep: number): Arrays[string] => { const width = x.shape.at(-1)!; return { shape: [...x.shape.slice(0, -1), keep], data: Float32Array.from(x.data).filter((_, i) => i % width < keep) }; }, seen = [0, 1, 5, 6, 9];
    const small: Arrays = {
      'first/kernel': { shape: [seen.length, 6], data: Float32Array.from(seen.flatMap(row => [...of('first/kernel').data].slice(row * 6, (row + 1) * 6))) }, 'first/bias': of('first/bias'),
      ...Object.fromEntries(['kernel', 'bias', 'recurrent', 'recurrentBias'].map(k => [`cell/${k}`, of(`cell/${k}`)])), 'q/kernel': columns(of('q/kernel'), ACTIONS), 'q/bias': columns(of('q/bias'), ACTIONS),
    };
    const field = (name: string, width: number, keep: number, row: number) => [...padded[`data.${name}`]!.data].slice((row * N + 1) * width, (row * N + 1) * width + keep);
    const x = Float32Array.from({ length: B * T }, (_, row) => row).reduce<number[]>((all, row) => [...all, ...field('obs', 5, OBS, row), ...field('lastAction', 3, ACTIONS, row), 1], []);
    const { outputs } = await evaluateNode(rnnAgentQ, { config: { hidden: 6 }, sizes: { action: ACTIONS }, weights: small, inputs: { x: { shape: [B, T, seen.length], data: Float32Array.from(x) } } }), alone = numbers(outputs['q']);
    alone.forEach((v, i) => { const row = Math.floor(i / ACTIONS); expect(values[(row * N + 1) * 3 + i % ACTIONS]).toBeCloseTo(v, 5); });
    expect(alone).toHaveLength(B * T * ACTIONS);
  });
});
