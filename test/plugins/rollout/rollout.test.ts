/** Acting in an environment that plays a script: every slot as it was, the final ones inserted, copies in step, nothing executed that was not to be. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Definition } from '../../../core/definition.ts';
import type { Engine } from '../../../core/engine.ts';
import type { TypedArray } from '../../../core/environment.ts';
import { derive, graph, now } from '../../../core/graph.ts';
import { sgd } from '../../../core/optimiser.ts';
import { plan } from '../../../core/plan.ts';
import { f32 } from '../../../core/port.ts';
import type { Replay } from '../../../core/replay.ts';
import { Learner } from '../../../core/step.ts';
import { freshState, type LearnerState } from '../../../core/weights.ts';
import { local, team } from '../../../core/world.ts';
import { dqn, iql, qmix } from '../../../graphs/index.ts';
import { gatherAction, join, maskedMse, rnnAgentQ } from '../../../nodes/index.ts';
import { episodes } from '../../../plugins/replay/episodes.ts';
import { rollouts } from '../../../plugins/replay/rollouts.ts';
import { Rollout, sizesOf } from '../../../plugins/rollout.ts';
import { allPages } from '../../pages/index.ts';
import { engineOn } from '../engines/on.ts';
import { filed, plans, type EpisodePlan } from '../replay/streams.ts';
import { firstAllowed, page, squares, times } from '../training/tiny.ts';
import { rewardAt, Scripted, seen, type Script } from './scripted.ts';

let engine: Engine;
beforeAll(async () => { engine = await engineOn('wasm'); });

/** One agent, the first action that is allowed. */
const simple = page((g, data) => {
  const y = g.add('value', times(), { x: data.obs });
  g.train('value', g.add('loss', squares(), { a: now(y.y), b: data.reward, mask: data.valid }).loss, { optimiser: sgd({ lr: 0 }) });
});
const small = <D extends Definition>(d: D, over: 'episodes' | 'rollout' = 'episodes') => derive(d as unknown as typeof qmix, 'small', g => { if ('agentQ' in d.page.nodes) g.set('agentQ', { hidden: 3 }); if (over === 'rollout') g.rollout({ steps: 3, copies: 2 }); });
interface Set { readonly env: Scripted; readonly rollout: Rollout; readonly state: LearnerState; readonly learner: Learner }
function setUp(d: Definition, script: Script, seed = 1): Set {
  const env = new Scripted(script), learner = new Learner(plan(d, sizesOf(d, env)), engine);
  return { env, learner, rollout: new Rollout(d, learner, env, seed), state: freshState(learner.plan, seed) };
}
const both: EpisodePlan[][] = [[{ length: 2, end: 'terminated' }, { length: 1, end: 'truncated' }], [{ length: 3, end: 'truncated' }]];

interface Told { readonly what: 'slot' | 'step'; readonly copy: number; readonly flag: boolean; readonly row: Record<string, number[]> }
/** What a rollout tells of some ticks, each row as it was when it was told of. */
async function listen({ rollout, state }: Set, ticks: number, options: { random?: boolean; best?: boolean } = {}) {
  const told: Told[] = [], made: Awaited<ReturnType<Rollout['tick']>>[] = [];
  const note = (what: Told['what']) => (copy: number, flag: boolean) => { const row = rollout.row(); told.push({ what, copy, flag, row: Object.fromEntries(Object.entries(row).map(([k, x]) => [k, [...x]])) }); };
  await rollout.begin(note('slot'));
  for (let i = 0; i < ticks; i++) made.push(await rollout.tick(state, { step: note('step'), slot: note('slot') }, options));
  return { told, made };
}

describe('a tick', () => {
  it('closes the open slot of every copy and opens the next: copies stay in step, whatever ends where', async () => {
    const { told, made } = await listen(setUp(simple, { plans: both }), 12);
    expect(told.slice(0, 2).map(x => [x.what, x.copy, x.flag])).toEqual([['slot', 0, true], ['slot', 1, true]]);
    for (let i = 0; i < 12; i++) expect(told.slice(2 + 4 * i, 6 + 4 * i).map(x => `${x.what} ${x.copy}`)).toEqual(['step 0', 'step 1', 'slot 0', 'slot 1']);
    expect(made.reduce((a, m) => a + m.steps, 0)).toBe(told.filter(x => x.what === 'step' && x.flag).length);
  });
  it('after an end holds the final observation and is no step; then the copy starts anew, written out for twelve ticks', async () => {
    const { told } = await listen(setUp(simple, { plans: both }), 12), line = (copy: number) => told.filter(x => x.copy === copy && x.what === 'slot').slice(0, 13).map((slot, i) => {
      const step = told.filter(x => x.copy === copy && x.what === 'step')[i];
      return `${slot.flag ? '>' : ' '}${slot.row['obs']![2 * copy]} ${step ? (step.flag ? `r${step.row['reward']![copy]}${step.row['terminated']![copy] ? ' end' : step.row['truncated']![copy] ? ' cut' : ''}` : '-') : ''}`.trimEnd();
    });
    // copy 0: an episode of two steps that ends (observations 0 1 2), one of one step that is cut (10 11), one of two (20 21 22), ...
    expect(line(0)).toEqual(['>0 r0.5', ' 1 r1 end', ' 2 -', '>10 r1.5 cut', ' 11 -', '>20 r2.5', ' 21 r3 end', ' 22 -', '>30 r3.5 cut', ' 31 -', '>40 r4.5', ' 41 r5 end', ' 42']);
    expect(line(1)).toEqual(['>1000 r0.5', ' 1001 r1', ' 1002 r1.5 cut', ' 1003 -', '>1010 r1.5', ' 1011 r2', ' 1012 r2.5 cut', ' 1013 -', '>1020 r2.5', ' 1021 r3', ' 1022 r3.5 cut', ' 1023 -', '>1030']);
  });
  it('counts steps, returns and lengths once, of transitions alone', () => fc.assert(fc.asyncProperty(plans, fc.integer({ min: 1, max: 30 }), async (copies, ticks) => {
    const set = setUp(simple, { plans: copies }), { told, made } = await listen(set, ticks), found = made.flatMap(m => m.episodes);
    copies.forEach((own, copy) => {
      const done = found.filter(e => e.copy === copy);
      done.forEach((e, episode) => {
        const { length } = own[episode % own.length]!;
        expect(e.length).toBe(length);
        expect(e.return).toBe(Array.from({ length }, (_, i) => rewardAt({ copy, episode, t: i + 1 })).reduce((a, b) => a + b, 0));
      });
      // an episode of n steps takes n + 1 ticks, and is told of at its last step
      let at = 0, expected = 0;
      for (;; expected++) { const { length } = own[expected % own.length]!; if (at + length > ticks) break; at += length + 1; }
      expect(done).toHaveLength(expected);
    });
    expect(made.reduce((a, m) => a + m.steps, 0)).toBe(told.filter(x => x.what === 'step' && x.flag).length);
    expect(set.env.resets).toHaveLength(1 + made.filter((_, i) => told.slice(copies.length * (1 + 2 * i), copies.length * (2 + 2 * i)).some(x => !x.flag)).length);
  }), { numRuns: 15 }));
  it('does not step the environment where no copy can be stepped', async () => {
    // both copies end at the same time: the tick after it is no step of anybody
    const set = setUp(simple, { plans: [[{ length: 2, end: 'terminated' }], [{ length: 2, end: 'truncated' }]] });
    await listen(set, 6);
    expect(set.env.steps).toHaveLength(4);
    expect(set.env.resets).toEqual([[1, 1], [1, 1], [1, 1]]);
  });
  it('says what an episode won, where the environment knows', async () => {
    const won = (await listen(setUp(simple, { plans: both, won: at => at.episode % 2 === 0 }), 8)).made.flatMap(m => m.episodes);
    expect(won.filter(e => e.copy === 0).map(e => e.won)).toEqual([true, false, true]);
    expect((await listen(setUp(simple, { plans: both }), 8)).made.flatMap(m => m.episodes).every(e => !('won' in e))).toBe(true);
  });
});

describe('actions', () => {
  it('at random are allowed ones, each as often; and the page decides where it is to', async () => {
    const avail: Script['avail'] = (at, _, action) => (at.t % 2 === 0 ? action !== 1 : action !== 0), set = setUp(dqn, { plans: [[{ length: 4, end: 'terminated' }]], avail }), counts = new Map<string, number>();
    const { told } = await listen(set, 250, { random: true });
    const slots = told.filter(x => x.what === 'slot'), steps = told.filter(x => x.what === 'step');
    steps.forEach((x, i) => { const a = x.row['action']![0]!, open = slots[i]!.row['avail']!; expect(open[a]).toBe(1); if (x.flag) { const k = `${slots[i]!.row['obs']![1]! % 2} ${a}`; counts.set(k, (counts.get(k) ?? 0) + 1); } });
    expect([...counts.keys()].sort()).toEqual(['0 0', '0 2', '1 1', '1 2']);
    // 50 each, with a deviation of 5
    for (const n of counts.values()) expect(Math.abs(n - 50)).toBeLessThan(25);
    const page_ = await listen(setUp(simple, { plans: [[{ length: 4, end: 'terminated' }]], avail }), 20);
    expect(page_.told.filter(x => x.what === 'step').map(x => x.row['action']![0])).toEqual(page_.told.filter(x => x.what === 'slot').slice(0, 20).map(x => x.row['avail']!.indexOf(1)));
  });
  it('drawn at a final observation are written, as everywhere else', async () => {
    const { told } = await listen(setUp(simple, { plans: both, avail: (at, _, a) => a === (at.episode + at.t) % 3 }), 12);
    for (const copy of [0, 1]) told.filter(x => x.what === 'step' && x.copy === copy).forEach((x, i) => { expect(x.row['action']![copy]).toBe(told.filter(y => y.what === 'slot' && y.copy === copy)[i]!.row['avail']!.slice(3 * copy, 3 * copy + 3).indexOf(1)); });
  });
  it('are the same for the same seed, and others for another', async () => {
    const run = async (seed: number) => (await listen(setUp(small(iql), { plans: both, agents: 2 }, seed), 10)).told.filter(x => x.what === 'step').flatMap(x => x.row['action']!);
    expect(await run(1)).toEqual(await run(1));
    expect(await run(2)).not.toEqual(await run(1));
  });
});

describe('the last action', () => {
  it('is nothing where an episode starts, and else the one just taken, also at the final observation', async () => {
    const set = setUp(small(qmix), { plans: both, agents: 2 }), { told } = await listen(set, 10), replayed = (x: Told) => x.row['lastAction']!;
    for (const copy of [0, 1]) {
      const slots = told.filter(x => x.what === 'slot' && x.copy === copy), steps = told.filter(x => x.what === 'step' && x.copy === copy);
      slots.forEach((x, i) => { expect(replayed(x).slice(2 * copy, 2 * copy + 2)).toEqual(x.flag ? [-1, -1] : steps[i - 1]!.row['action']!.slice(2 * copy, 2 * copy + 2)); });
    }
  });
  it('becomes one-hot in a batch, with zeros at a start', async () => {
    const set = setUp(small(qmix), { plans: both, agents: 2 }), fields = { lastAction: Int32Array.of(-1, -1, 2, 0, 1, 1), obs: new Float32Array(12), action: new Int32Array(4) };
    const batch = set.rollout.batch({ cut: { batch: 1, time: 2 }, fields });
    expect([...batch.fields['data.lastAction']!]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0]);
    expect([...batch.fields['data.agentId']!]).toEqual([1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1]);
    expect([...batch.fields['data.weight']!]).toEqual([1, 1]);
  });
});

describe('a batch', () => {
  it('has the action at every slot where the page reads the next one', async () => {
    const set = setUp(allPages['coma']!, { plans: both, agents: 2 });
    expect(set.rollout.needsNext).toBe(true);
    const batch = set.rollout.batch({ cut: { batch: 2, time: 2 }, fields: { action: Int32Array.of(1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16) } });
    expect([...batch.fields['data.action']!]).toEqual([1, 2, 3, 4, 11, 12, 13, 14]);
    expect([...batch.fields['data.nextAction']!]).toEqual([3, 4, 5, 6, 13, 14, 15, 16]);
  });
  it('of what was stored is what was seen: an episode, from the environment to the fields of the page', async () => {
    const set = setUp(small(qmix), { plans: [[{ length: 3, end: 'terminated' }], [{ length: 2, end: 'truncated' }]], agents: 2 }), replay = episodes.make({ source: { cut: 'episodes', keep: 10, batch: 2 }, copies: 2, fields: set.rollout.stored, needsNext: set.rollout.needsNext, seed: 1 });
    await collect(set, replay, 4);
    const { cuts, fields } = set.rollout.batch(replay.sample(0)), order = fields['data.obs']![0] === 0 ? [0, 1] : [1, 0];
    expect(cuts).toEqual({ data: { batch: 2, time: 3 } });
    const per = (name: string) => order.map(b => { const x = fields[`data.${name}`]!, one = x.length / 2; return [...x.subarray(b * one, (b + 1) * one)]; });
    expect(per('valid')).toEqual([[1, 1, 1], [1, 1, 0]]);
    expect(per('reward')).toEqual([[0.5, 1, 1.5], [0.5, 1, 0]]);
    expect(per('terminated')).toEqual([[0, 0, 1], [0, 0, 0]]);
    expect(per('start')).toEqual([[1, 0, 0, 0], [1, 0, 0, 0]]);
    expect(per('obs')[0]!.filter((_, i) => i % 2 === 0)).toEqual([0, 1, 2, 3].flatMap(t => [0, 1].map(i => seen({ copy: 0, episode: 0, t }, i))));
    // the environment has no state: the observations side by side
    expect(per('state')[0]).toEqual(per('obs')[0]);
    expect(per('lastAction')[0]!.slice(0, 6)).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
async function collect({ rollout, state }: Set, replay: Replay, ticks: number, each: (tick: number) => void = () => undefined): Promise<void> {
  const write = { step: (c: number, valid: boolean) => { replay.step(c, rollout.row(), valid); }, slot: (c: number, start: boolean) => { replay.slot(c, rollout.row(), start); } };
  await rollout.begin((c, start) => { replay.slot(c, rollout.row(), start); });
  for (let i = 0; i < ticks; i++) { each(i); await rollout.tick(state, write); }
}

describe('one agent', () => {
  it('is a team of one for a page for teams, whatever the environment calls it', async () => {
    for (const agents of [undefined, 1]) {
      const set = setUp(small(qmix), { plans: both, ...(agents === undefined ? {} : { agents }) }), { told } = await listen(set, 5);
      expect(set.learner.plan.sizes).toMatchObject({ agent: 1, id: 1, obs: 2, state: 2, other: 0 });
      expect(told.at(-1)!.row['agentId']).toEqual([1, 1]);
      expect(told.at(-1)!.row['state']).toEqual(told.at(-1)!.row['obs']);
      // each agent earns what the team does
      expect(told.filter(x => x.what === 'step').every(x => x.row['agentReward']!.join() === x.row['reward']!.join())).toBe(true);
      expect(told.at(-1)!.row['alive']).toEqual([1, 1]);
    }
  });
  it('of a team of one is one for a page for one', async () => {
    const { told } = await listen(setUp(simple, { plans: both, agents: 1 }), 3);
    expect(told.at(-1)!.row['obs']).toHaveLength(4);
  });
  it('is not several', () => { expect(() => setUp(simple, { plans: both, agents: 2 })).toThrow('tiny is for one agent, and scripted/play has 2'); });
});

describe('carries', () => {
  const recurrent = graph('recurrent', team, g => {
    const ro = g.rollout({ steps: 3, copies: 2 }), input = g.add('input', join(), { obs: ro.obs, last: ro.lastAction, id: ro.agentId }), agentQ = g.add('agentQ', rnnAgentQ({ hidden: 3 }), { x: input.x });
    g.train('q', g.add('loss', maskedMse(), { prediction: g.add('chosen', gatherAction(), { q: now(agentQ.q), action: ro.action }).value, target: ro.agentReward, mask: now(ro.alive) }).loss, { optimiser: sgd({ lr: 0 }) });
    const explore = g.slot('explore', firstAllowed(), { avail: ro.avail });
    g.act(explore);
  });
  it('before the first slot of each rollout come with it, and continue in it what was acted', async () => {
    const set = setUp(recurrent, { plans: [[{ length: 4, end: 'terminated' }], [{ length: 7, end: 'truncated' }]], agents: 2 }), replay = rollouts.make({ source: { cut: 'rollout', steps: 3 }, copies: 2, fields: set.rollout.stored, needsNext: false, seed: 1 });
    const before: Record<string, Float32Array>[] = [], seen_: number[] = [];
    const write = { step: (c: number, valid: boolean) => { replay.step(c, set.rollout.row(), valid); }, slot: (c: number, start: boolean) => { replay.slot(c, set.rollout.row(), start); } };
    await set.rollout.begin((c, start) => { replay.slot(c, set.rollout.row(), start); });
    for (let i = 0; i < 14; i++) {
      if (i % 3 === 0) before.push(structuredClone(set.rollout.carry));
      await set.rollout.tick(set.state, write);
      if (replay.stored === 0) continue;
      const sample = replay.sample(0), batch = set.rollout.batch(sample), k = sample.segment!;
      seen_.push(k);
      const zero = new Float32Array(12);
      expect(batch.carry!['agentQ'] ?? zero).toEqual(before[k]!['agentQ'] ?? zero);
      // acting left in slot 2 of the rollout what the unroll has there: the next rollout begins with it
      const { taps } = await set.learner.update(set.state, batch, { seed: 1, taps: ['agentQ.hidden'] }), hidden = taps['agentQ.hidden']!.data as Float32Array, left = set.rollout.carry['agentQ']!;
      for (const copy of [0, 1]) for (let j = 0; j < 6; j++) expect(hidden[(copy * 4 + 2) * 6 + j]!).toBeCloseTo(left[copy * 6 + j]!, 5);
    }
    expect(seen_).toEqual([0, 1, 2, 3]);
  });
  it('are forgotten where an episode starts', async () => {
    const set = setUp(small(qmix), { plans: [[{ length: 1, end: 'terminated' }]], agents: 2 });
    await set.rollout.begin(() => undefined);
    const write = { step: () => undefined, slot: () => undefined }, first = setUp(small(qmix), { plans: [[{ length: 1, end: 'terminated' }]], agents: 2 });
    await set.rollout.tick(set.state, write); await set.rollout.tick(set.state, write); await set.rollout.tick(set.state, write);
    // slot 0 of the second episode (observation 10): as if nothing had been before it
    const fields = { obs: Float32Array.of(10, 0, 10.25, 0), lastAction: new Float32Array(6), agentId: Float32Array.of(1, 0, 0, 1), avail: new Uint8Array(6).fill(1), start: Uint8Array.of(1) };
    const { carry } = await first.learner.act(set.state, fields, 1, {}, { seed: 1, counters: [0] });
    carry['agentQ']!.forEach((x, i) => { expect(set.rollout.carry['agentQ']![i]!).toBeCloseTo(x, 5); });
  });
});

describe('stopped in the middle', () => {
  it('and restored from a file goes on as if it had not been, wherever it was', () => fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: 9 }), async at => {
    const script: Script = { plans: both, agents: 2, avail: (m, i, a) => (m.t + i + a) % 3 !== 0 }, set = () => setUp(small(qmix, 'rollout'), script), straight = set(), broken = set(), rows: string[][] = [[], []];
    const go = async (s: Set, ticks: number, into: string[]) => { const note = (c: number, flag: boolean) => { into.push(JSON.stringify([c, flag, Object.entries(s.rollout.row()).map(([k, x]) => [k, [...x]])])); }; for (let i = 0; i < ticks; i++) { const made = await s.rollout.tick(s.state, { step: note, slot: note }); into.push(JSON.stringify(made)); } };
    await straight.rollout.begin(() => undefined); await broken.rollout.begin(() => undefined);
    await go(straight, at, []); await go(broken, at, []);
    const kept = filed(broken.rollout.snapshot()), again = set();
    again.rollout.restore(kept);
    await go(straight, 8, rows[0]!); await go(again, 8, rows[1]!);
    expect(rows[1]).toEqual(rows[0]);
    expect(filed(again.rollout.snapshot())).toEqual(filed(straight.rollout.snapshot()));
  }), { numRuns: 6 }));
  it('gives a snapshot that the run does not write into while it goes on', async () => {
    const set = setUp(small(qmix), { plans: both, agents: 2 });
    await set.rollout.begin(() => undefined);
    await set.rollout.tick(set.state, { step: () => undefined, slot: () => undefined });
    const kept = set.rollout.snapshot(), copy = structuredClone(kept);
    for (let i = 0; i < 4; i++) await set.rollout.tick(set.state, { step: () => undefined, slot: () => undefined });
    expect(kept).toEqual(copy);
  });
});

describe('what does not fit', () => {
  it('is refused before anything runs: fields that are not offered, actions of another kind', () => {
    const wired = (world: object) => graph('reads', { ...team, ...world } as typeof team & { goal: ReturnType<typeof goal> }, g => {
      const ep = g.episodes({ keep: 4, batch: 2 }), q = g.add('q', rnnAgentQ({ hidden: 2 }), { x: ep.goal });
      g.train('q', g.add('loss', maskedMse(), { prediction: g.add('c', gatherAction(), { q: now(q.q), action: ep.action }).value, target: ep.agentReward, mask: now(ep.alive) }).loss, { optimiser: sgd({ lr: 0 }) });
      const explore = g.slot('explore', firstAllowed(), { avail: ep.avail });
      g.act(explore);
    }), goal = () => local(f32('agent goal'));
    expect(() => setUp(wired({ goal: goal() }), { plans: both, agents: 2 })).toThrow('reads reads goal, which scripted/play does not offer\n  fix: it offers obs, avail, reward, terminated, truncated');
    expect(() => setUp(allPages['ddpg']!, { plans: both })).toThrow('ddpg chooses continuous actions, and those of scripted/play are discrete');
  });
  it('is refused by name where a field has another length than the page reads: avail of two actions for three', () => {
    class Short extends Scripted { constructor(script: Script) { super(script); this.fields['avail'] = new Uint8Array(2 * 2 * 2).fill(1); } }
    const env = new Short({ plans: both, agents: 2 }), learner = new Learner(plan(small(qmix), sizesOf(small(qmix), env)), engine);
    expect(() => new Rollout(small(qmix), learner, env, 1)).toThrow('scripted/play offers avail with 4 values a copy, and small reads [agent action] of 6');
  });
});

describe('numbers that are not finite', () => {
  const told = (script: Omit<Script, 'plans'>, d: Definition, ticks = 8) => listen(setUp(d, { plans: [[{ length: 5, end: 'terminated' }], [{ length: 5, end: 'terminated' }]], ...script }), ticks);
  const spoil = (name: string, at: { copy: number; t: number }, index: number, value: number) => (m: { copy: number; t: number }, fields: Readonly<Record<string, TypedArray>>) => { if (m.copy === at.copy && m.t === at.t) fields[name]![index] = value; };
  it('of an observation stop everything, with environment, copy, step, agent and field', async () => {
    // copy 1, agent 1, second number: index (1 x 2 + 1) x 2 + 1
    await expect(told({ agents: 2, spoil: spoil('obs', { copy: 1, t: 3 }, 7, NaN) }, small(qmix))).rejects.toThrow('scripted/play: copy 1, step 3 of its episode, agent 1: obs is NaN');
    await expect(told({ spoil: spoil('obs', { copy: 0, t: 0 }, 1, -Infinity) }, simple)).rejects.toThrow('scripted/play: copy 0, step 0 of its episode, agent 0: obs is -Infinity');
  });
  it('of a reward, of an agent or of all', async () => {
    await expect(told({ agents: 2, spoil: spoil('reward', { copy: 1, t: 2 }, 1, Infinity) }, small(qmix))).rejects.toThrow('scripted/play: copy 1, step 2 of its episode: reward is Infinity');
    await expect(told({ agents: 2, more: { agentReward: { dtype: 'f32', dims: 'agent', width: 2 } }, spoil: spoil('agentReward', { copy: 1, t: 2 }, 3, NaN) }, small(qmix))).rejects.toThrow('scripted/play: copy 1, step 2 of its episode, agent 1: agentReward is NaN');
  });
  it('of the last step of an episode: what ends is judged too', async () => { await expect(told({ spoil: spoil('reward', { copy: 1, t: 5 }, 1, NaN) }, simple)).rejects.toThrow('copy 1, step 5 of its episode: reward is NaN'); });
  it('of a state', async () => { await expect(told({ agents: 2, more: { state: { dtype: 'f32', dims: 'state', width: 4 } }, spoil: spoil('state', { copy: 0, t: 1 }, 2, NaN) }, small(qmix))).rejects.toThrow('copy 0, step 1 of its episode: state is NaN'); });
  it('of any other field that the page reads', async () => {
    const goals = graph('goals', { ...team, goal: local(f32('agent obs')) }, g => {
      const ep = g.episodes({ keep: 4, batch: 2 }), q = g.add('q', rnnAgentQ({ hidden: 2 }), { x: ep.goal });
      g.train('q', g.add('loss', maskedMse(), { prediction: g.add('c', gatherAction(), { q: now(q.q), action: ep.action }).value, target: ep.agentReward, mask: now(ep.alive) }).loss, { optimiser: sgd({ lr: 0 }) });
      const explore = g.slot('explore', firstAllowed(), { avail: ep.avail });
      g.act(explore);
    });
    await expect(told({ agents: 2, more: { goal: { dtype: 'f32', dims: 'agent obs', width: 4 } }, spoil: spoil('goal', { copy: 1, t: 1 }, 6, NaN) }, goals)).rejects.toThrow('copy 1, step 1 of its episode, agent 1: goal is NaN');
  });
  it('are told of before the next step: the environment was stepped so far and no further', async () => {
    const set = setUp(simple, { plans: [[{ length: 5, end: 'terminated' }]], spoil: spoil('obs', { copy: 0, t: 3 }, 0, NaN) });
    await expect(listen(set, 8)).rejects.toThrow();
    expect(set.env.steps).toHaveLength(3);
  });
});

describe('an agent without an allowed action', () => {
  it('stops the run with its copy, step and name (T17)', async () => {
    const avail: Script['avail'] = (at, agent) => !(at.copy === 1 && at.t === 2 && agent === 1);
    await expect(listen(setUp(small(qmix), { plans: [[{ length: 5, end: 'terminated' }], [{ length: 5, end: 'terminated' }]], agents: 2, avail }), 6)).rejects.toThrow('scripted/play: copy 1, step 2 of its episode, agent 1: avail allows no action');
    await expect(listen(setUp(simple, { plans: both, avail: () => false }), 1)).rejects.toThrow('copy 0, step 0 of its episode, agent 0: avail allows no action');
  });
});
