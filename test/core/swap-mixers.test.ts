/** Any mixer in the place of any other, in a run that goes on: what is not the mixer keeps every bit, by name, and no tensor stays. A mixer that is added to the list is tried without a line here. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import type { NodeUse } from '../../core/node.ts';
import type { Snapshot } from '../../core/store.ts';
import { facmac, qmix } from '../../graphs/index.ts';
import { kinds, nodeTypes, rnnAgentQ, sumMixer } from '../../nodes/index.ts';
import { narrow } from '../nodes/mixers/joint.ts';
import { ROUNDS } from '../plugins/rounds.ts';
import type { Script } from '../plugins/rollout/scripted.ts';
import { edited, engine, live, part, put, SCRIPT } from './live.ts';

const mixers = nodeTypes.filter(node => kinds.get(node.spec.type) === 'mixers').map(node => narrow(node, 2));
const base = edited(qmix, 'base', g => { g.episodes({ keep: 12, batch: 3 }); g.swap('agentQ', rnnAgentQ({ hidden: 3 }) as never); g.swap('mixer', sumMixer() as never); g.targets({ everyUpdates: 4 }); });
/** Weights, lagged weights and moments of the agents, the replay, and all that acting carries. */
const untouched = (s: Snapshot) => ({ ...Object.fromEntries(['weights/agentQ/', 'lagged/agentQ/', 'slots/q/v/agentQ/'].flatMap(of => Object.entries(part(s, of)))), ...part(s, 'replay/'), ...part(s, 'rollout/') });
const mixerOf = (s: Snapshot) => Object.keys(s.arrays).filter(k => k.startsWith('weights/mixer/'));
interface Step { readonly to: NodeUse; readonly before: Snapshot; readonly after: Snapshot; readonly alive: number }

/** A run that gets these mixers one after another, with `pause` updates between them. */
async function swapped(sequence: readonly NodeUse[], pause: number, page: Definition = base, script: Script = SCRIPT): Promise<readonly Step[]> {
  const w = live(page, { steps: 100_000 }, script), { replay } = w.parts, sample = replay.sample.bind(replay), left = [...sequence], steps: Step[] = [];
  let next = 2, failed: unknown;
  replay.sample = update => {
    if (update >= next) {
      next = Infinity;
      void (async () => {
        const to = left.shift();
        if (!to) { w.run.stop(); return; }
        await w.run.checkpoint();
        const before = w.store.kept.at(-1)!;
        await w.run.edit(put('mixer', to));
        steps.push({ to, before, after: w.store.kept.at(-1)!, alive: engine.alive() });
        next = update + 1 + pause;
      })().catch((e: unknown) => { failed = e; w.run.stop(); });
    }
    return sample(update);
  };
  await w.start();
  if (failed) throw failed as Error;
  return steps;
}
/** No mixer comes after itself: that would change nothing. */
const sequences = fc.array(fc.nat(mixers.length - 1), { minLength: 2, maxLength: 5 }).map(list => [...list, mixers.findIndex(m => m.spec === sumMixer.spec)].reduce<NodeUse[]>((all, i) => (mixers[i]!.spec === (all.at(-1) ?? sumMixer).spec ? all : [...all, mixers[i]!]), [])).filter(list => list.length > 0);

describe('mixers in a live run', () => {
  it('in any order leave agents, moments, replay and carries as they are, bit for bit, and no tensor behind', () => fc.assert(fc.asyncProperty(sequences, fc.nat(2), async (sequence, pause) => {
    const steps = await swapped(sequence, pause);
    expect(steps.map(s => s.to)).toEqual(sequence);
    for (const { to, before, after } of steps) {
      expect(Object.keys(untouched(before)).length).toBeGreaterThan(20);
      expect(untouched(after), to.spec.type).toEqual(untouched(before));
      expect(mixerOf(after).length > 0).toBe(to.spec.layers !== undefined);
    }
    expect(new Set(steps.map(s => s.alive)).size).toBe(1);
  }), { numRuns: Math.ceil(ROUNDS / 2) }), 60_000);
  it('each takes the place of each other one, and the agents learn on in between', async () => {
    const sum = mixers.find(m => m.spec === sumMixer.spec)!, all = [sum, ...mixers.filter(m => m !== sum)], tour = all.flatMap((m, i) => [...(i ? [m] : []), ...all.slice(i + 1).flatMap(other => [other, m])]), steps = await swapped(tour, 1);
    expect(new Set(steps.map((s, i) => `${(i ? steps[i - 1]!.to : sum).spec.type} ${s.to.spec.type}`)).size).toBe(mixers.length * (mixers.length - 1));
    for (const { to, before, after } of steps) expect(untouched(after), to.spec.type).toEqual(untouched(before));
    // not always: all units of so small a mixer may be off
    const moved = steps.slice(1).filter((s, i) => JSON.stringify(part(s.before, 'weights/agentQ/')) !== JSON.stringify(part(steps[i]!.after, 'weights/agentQ/')));
    expect(moved.length).toBeGreaterThan(steps.length / 2);
    expect(new Set(steps.map(s => s.alive)).size).toBe(1);
  }, 60_000);
});

/** FACMAC's actors climb the mixer, so all there are but those that ask which action is greedy or has which number. */
describe('mixers of continuous actions in a live run', () => {
  const small = edited(facmac, 'small', g => { g.episodes({ keep: 12, batch: 3 }); g.set('encoder', { hidden: 3 }); g.set('critic', { hidden: [3] }); g.swap('mixer', sumMixer() as never); });
  const fitting = mixers.filter(({ spec }) => !['duplexMixer', 'shapleyMixer', 'aliveAttentionMixer'].includes(spec.type)), parts = ['weights', 'lagged'].flatMap(of => ['encoder', 'actor', 'critic'].map(node => `${of}/${node}/`)).concat('slots/actor/', 'slots/critic/m/critic/', 'slots/critic/v/critic/', 'replay/', 'rollout/');
  const kept = (s: Snapshot) => Object.assign({}, ...parts.map(of => part(s, of))) as ReturnType<typeof part>;
  it('each takes the place of each other one: actors, critics, moments, replay and carries keep every bit, and learn on', async () => {
    const sum = fitting.find(m => m.spec === sumMixer.spec)!, all = [sum, ...fitting.filter(m => m !== sum)], tour = all.flatMap((m, i) => [...(i ? [m] : []), ...all.slice(i + 1).flatMap(other => [other, m])]), steps = await swapped(tour, 1, small, { ...SCRIPT, continuous: true });
    expect(new Set(steps.map((s, i) => `${(i ? steps[i - 1]!.to : sum).spec.type} ${s.to.spec.type}`)).size).toBe(fitting.length * (fitting.length - 1));
    for (const { to, before, after } of steps) {
      expect(Object.keys(kept(before)).length).toBeGreaterThan(40);
      expect(kept(after), to.spec.type).toEqual(kept(before));
      expect(mixerOf(after).length > 0).toBe(to.spec.layers !== undefined);
    }
    const moved = steps.slice(1).filter((s, i) => JSON.stringify(part(s.before, 'weights/actor/')) !== JSON.stringify(part(steps[i]!.after, 'weights/actor/')));
    expect(moved.length).toBeGreaterThan(steps.length / 2);
    expect(new Set(steps.map(s => s.alive)).size).toBe(1);
  }, 60_000);
});
