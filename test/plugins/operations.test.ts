/** What is found inside nodes: operations, layers, and which value enters which of them. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { f32 } from '../../core/port.ts';
import { defineNode } from '../../core/node.ts';
import { derive } from '../../core/graph.ts';
import { SCAN } from '../../core/layers.ts';
import { plan } from '../../core/plan.ts';
import { qmix, vdn } from '../../graphs/index.ts';
import { dense, parameter } from '../../nodes/layers.ts';
import { operationsOf } from '../../plugins/operations.ts';
import type { End, Thread } from '../../visualizer/view-graph.ts';
import { allPages } from '../pages/index.ts';
import { SIZES } from '../pages/lab.ts';
import { engineOn } from './engines/on.ts';

await engineOn('cpu');
const short = (e: End) => ('port' in e ? e.port : `#${e.part.split('/')[1]!}`);
const written = (threads: readonly Thread[]) => threads.map(t => `${short(t.from)} > ${short(t.to)}`).sort();
const inside = (name: string, node: string) => operationsOf(plan(allPages[name]!, SIZES)).get(node)!;
/** Output ports that some input port leads to. */
function reached(threads: readonly Thread[]): string[] {
  const key = (e: End) => JSON.stringify(e), out = new Map<string, End[]>(), found = new Set<string>();
  for (const t of threads) { const list = out.get(key(t.from)); if (list) list.push(t.to); else out.set(key(t.from), [t.to]); }
  for (const from of threads.map(t => t.from)) {
    if (!('port' in from)) continue;
    const open: End[] = [from], seen = new Set<string>();
    for (let e = open.pop(); e; e = open.pop()) {
      if ('port' in e && e !== from) { found.add(`${from.port} > ${e.port}`); continue; }
      for (const next of out.get(key(e)) ?? []) if (!seen.has(key(next))) { seen.add(key(next)); open.push(next); }
    }
  }
  return [...found].sort();
}

describe('layers', () => {
  it('of the QMIX mixer read the state, and all meet in qTot', () => { expect(written(inside('qmix', 'mixer').layers)).toEqual(['#b1 > qTot', '#v > qTot', '#w1 > qTot', '#w2 > qTot', 'agentQs > qTot', 'state > #b1', 'state > #v', 'state > #w1', 'state > #w2']); });
  it('of the recurrent agent follow one another', () => { expect(written(inside('qmix', 'agentQ').layers)).toEqual(['#cell > #q', '#cell > hidden', '#first > #cell', '#q > q', 'x > #first']); });
  it('a lagged node has what its source has, under its own name', () => { expect(inside('qmix', 'targetMixer').layers[0]).toEqual({ from: { port: 'state' }, to: { part: 'targetMixer/w1' } }); });
});

describe('operations', () => {
  it('of a target are its formula: r + gamma (1 - terminated) next', () => {
    const { operations: { parts, threads } } = inside('vdn', 'tdTarget');
    expect(parts.map(p => p.label)).toEqual(['Sub', 'Multiply', 'Multiply', 'Add']);
    expect(written(threads)).toEqual(['#0 > #1', '#1 > #2', '#2 > #3', '#3 > value', 'nextValue > #1', 'reward > #3', 'terminated > #0']);
  });
  it('say which weights they read, or which layer they belong to', () => {
    const parts = inside('qmix', 'mixer').operations.parts.map(p => `${p.label} ${p.of ?? '-'}`);
    expect(parts.slice(0, 6)).toEqual(['MatMul w1.kernel0', 'Add w1.bias0', 'Relu w1', 'MatMul w1.kernel1', 'Add w1.bias1', 'Abs -']);
  });
  it('of steps over time are those of one step, and lead to the outputs alone', () => {
    const { parts, threads } = inside('qmix', 'agentQ').operations, from = new Set(threads.map(t => short(t.from)));
    expect(parts.filter(p => p.label.startsWith('Tanh')).length).toBe(1);
    for (const p of parts) expect(from).toContain(short({ part: p.id }));
  });
});

describe('every node of every page', () => {
  it.each(Object.keys(allPages))('%s: layers and operations tell of the same ways, and no end is missing', name => {
    const before = tf.memory().numTensors, found = operationsOf(plan(allPages[name]!, SIZES));
    for (const [node, { layers, operations: { parts, threads } }] of found) {
      expect(reached(layers), node).toEqual(reached(threads));
      const ids = new Set(parts.map(p => p.id));
      expect(threads.flatMap(t => [t.from, t.to]).filter(e => 'part' in e && !ids.has(e.part)), node).toEqual([]);
    }
    expect(tf.memory().numTensors).toBe(before);
    expect(tf.getKernel(SCAN, 'cpu')).toBeUndefined();
    expect(Object.hasOwn(tf.engine(), 'runKernel')).toBe(false);
  });
});

describe('a value is drawn where it is', () => {
  const odd = defineNode({
    type: 'oddMixer', config: {}, in: { agentQs: f32('... agent'), state: f32('... state') }, out: { qTot: f32('...') },
    layers: ({ agent, state }) => ({ first: dense(agent, agent), bias: parameter([agent]), never: dense(state, agent) }),
    forward: ({ agentQs }, { first, bias }) => ({ qTot: tf.sum(tf.add(first(first(agentQs)), bias()), -1) }),
  });
  const traced = operationsOf(plan(derive(qmix, 'odd', g => { g.swap('mixer', odd()); }), SIZES)).get('mixer')!;
  it('not from an input that nothing reads, nor to a layer that is not called', () => { expect(written(traced.layers)).toEqual(['#bias > qTot', '#first > qTot', 'agentQs > #first']); });
  it('between operations of a layer that is called twice', () => { expect(written(traced.operations.threads)).toEqual(['#0 > #1', '#1 > #2', '#2 > #3', '#3 > #4', '#4 > #5', '#5 > qTot', 'agentQs > #0']); });
  it('through a node that computes nothing', () => {
    const same = defineNode({ type: 'sameMixer', config: {}, in: { agentQs: f32('... agent') }, out: { qTot: f32('...') }, forward: ({ agentQs }) => ({ qTot: tf.reshape(tf.slice(agentQs, [0, 0], [-1, 1]), [-1]) }) });
    expect(written(operationsOf(plan(derive(vdn, 'same', g => { g.swap('mixer', same()); }), SIZES)).get('mixer')!.layers)).toEqual(['agentQs > qTot']);
  });
});
