/**
 * What an edit does not touch goes on bit for bit, on pages whose agents have weights of their own, on those that draw by priority, and on those that use their data
 * once: weights, lagged weights, moments, carries, priorities and all else of the replay; across edits, undos, and a resume from any checkpoint (T18, T09).
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromJson, type Definition } from '../../core/definition.ts';
import { per } from '../../core/node.ts';
import type { Edit, Swapped, Undo } from '../../core/run.ts';
import type { Snapshot } from '../../core/store.ts';
import { happo, iql, maddpg, prioritisedDqn, qmix } from '../../graphs/index.ts';
import { actionLogits, actionValue, duelingQ, duplexMixer, mlpQ, monotonicMixer, recurrentEncoder, rnnAgentQ, sumMixer, tdTarget } from '../../nodes/index.ts';
import type { Script } from '../plugins/rollout/scripted.ts';
import { ROUNDS } from '../plugins/rounds.ts';
import { edited, facts, live, part, put, SCRIPT, typesOf } from './live.ts';

const small = (d: Definition) => edited(d, 'small', g => { g.episodes({ keep: 12, batch: 3 }); g.swap('agentQ', rnnAgentQ({ hidden: 3 }) as never); g.targets({ everyUpdates: 4 }); });
interface Case {
  readonly d: Definition; readonly script?: Script; /** Nodes with weights of every agent. */ readonly own: readonly string[]; readonly steps?: number; /** The first leaves these as they are. */
  readonly edits: readonly [Edit, ...Edit[]]; readonly untouched: string;
}
const one: Script = { plans: SCRIPT.plans }, single = (d: Definition, name: string, value: number): Definition => edited(d, d.page.name, g => { g.set(name, { gamma: value }); });
const CASES: Readonly<Record<string, Case>> = {
  'recurrent agents with weights of their own, a mixer beside them': {
    d: edited(qmix, 'own', g => { g.episodes({ keep: 12, batch: 3 }); g.swap('agentQ', per('agent', rnnAgentQ({ hidden: 3 })) as never); g.swap('mixer', sumMixer() as never); g.targets({ everyUpdates: 4 }); }),
    own: ['agentQ'], untouched: 'agentQ',
    edits: [put('mixer', monotonicMixer({ embed: 2, hypernet: [] })), put('mixer', sumMixer()), put('mixer', duplexMixer({ heads: 1, hypernet: [2] })), put('agentQ', per('agent', rnnAgentQ({ hidden: 4 }))), put('agentQ', rnnAgentQ({ hidden: 3 }))],
  },
  'actors and critics, each of every agent': {
    d: edited(maddpg, 'maddpg', g => { g.transitions({ keep: 30, batch: 4, start: 4 }); }), own: ['actor', 'critic'], untouched: 'actor',
    edits: [put('critic', per('agent', actionValue({ hidden: [3] }))), put('critic', per('agent', actionValue({ hidden: [4] }))), put('actor', per('agent', actionLogits({ hidden: [3] }))), put('critic', actionValue({ hidden: [3] })), d => single(d, 'tdTarget', 0.5)],
  },
  'policies of every agent, learned from rollouts one after another': {
    d: edited(happo, 'happo', g => { g.rollout({ steps: 4, copies: 2, epochs: 1, minibatches: 1 }); }), steps: 64, own: ['encoder', 'policy', 'criticEncoder', 'critic', 'standardAdvantage'], untouched: 'encoder',
    edits: [put('criticEncoder', recurrentEncoder({ hidden: 3 })), put('criticEncoder', recurrentEncoder({ hidden: 4 })), put('encoder', per('agent', recurrentEncoder({ hidden: 5 }))), put('encoder', recurrentEncoder({ hidden: 16 }))],
  },
  'agents whose mixer is taken away, and with it what reads the state': {
    d: small(qmix), own: [], untouched: 'agentQ',
    edits: [() => small(iql), put('agentQ', rnnAgentQ({ hidden: 4 })), put('tdTarget', tdTarget({ gamma: 0.5 }))],
  },
  'a replay that draws by priority': {
    d: edited(prioritisedDqn, 'prioritised', g => { g.transitions({ keep: 14, batch: 3, start: 5, every: 1, prioritised: { alpha: 0.6, beta: 0.5 } }); g.swap('q', mlpQ({ hidden: [3] }) as never); g.targets({ everyUpdates: 3 }); }), script: one, own: [], untouched: 'q',
    edits: [d => single(d, 'tdTarget', 0.5), d => single(d, 'tdTarget', 0.9), put('q', mlpQ({ hidden: [4] })), put('q', duelingQ({ hidden: [2], stream: [2] }))],
  },
};
interface Around { readonly edit: Edit | Undo; readonly what: Swapped; readonly before: Snapshot; readonly after: Snapshot }
/** A run with edits after these updates; each with the checkpoints right before and after it. Those that change nothing, or undo nothing, are not made. */
async function around({ d, script, steps = 40 }: Case, plan: ReadonlyMap<number, Edit | Undo>): Promise<readonly Around[]> {
  const w = live(d, { steps }, script), { replay } = w.parts, sample = replay.sample.bind(replay), left = new Map(plan), made: Around[] = [], refused: string[] = [];
  let busy = Promise.resolve();
  replay.sample = update => {
    const edit = left.get(update);
    left.delete(update);
    if (edit) busy = busy.then(async () => {
      await w.run.checkpoint();
      const before = w.store.kept.at(-1)!;
      try { const what = await (edit === 'undo' ? w.run.undo() : w.run.edit(edit)); made.push({ edit, what, before, after: w.store.kept.at(-1)! }); } catch (e) { refused.push((e as Error).message); }
    });
    return sample(update);
  };
  await w.start();
  await busy;
  expect(refused.filter(why => !/^(the edit changes nothing|there is no edit to take back|the run (is over|ended before))/.test(why))).toEqual([]);
  return made;
}
const learned = (s: Snapshot, node: string) => Object.fromEntries(Object.entries({ ...part(s, 'weights/'), ...part(s, 'lagged/'), ...part(s, 'slots/') }).filter(([name]) => name.includes(`/${node}/`)));
const metaOf = (s: Snapshot, ...keys: readonly string[]) => Object.fromEntries(keys.map(key => [key, (s.meta as Record<string, unknown>)[key]]));
/** One after another, the first after some update; an undo is among them. */
const someEdits = ({ edits }: Case) => {
  const more = fc.array(fc.constantFrom<Edit | Undo>(...edits, 'undo'), { maxLength: 2 });
  return fc.tuple(fc.nat(2), more, more).map(([first, a, b]) => [edits[0], ...a, 'undo' as const, ...b].map((edit, i) => ({ update: first + i, edit })));
};

describe.each(Object.entries(CASES))('%s', (_, c) => {
  it('are as the page says: weights have the agents first, and the replay its priorities', async () => {
    const w = live(c.d, { steps: 12, checkpointEvery: 6 }, c.script);
    await w.start();
    const [saved] = w.store.kept, { page: { nodes } } = c.d, first = Object.entries(saved!.arrays).filter(([name]) => c.own.includes(name.split('/')[1]!));
    expect(Object.keys(nodes).filter(node => nodes[node]!.per === 'agent')).toEqual(c.own);
    expect(first.every(([, { shape }]) => shape[0] === 2)).toBe(true);
    expect(Object.keys(part(saved!, 'replay/priority/')).length).toBe('prioritised' in c.d.page.sources[w.run.learner.programs.main]! ? 2 : 0);
  });
  it('go on through edits and undos: every node that is kept, all that acting carries, the replay, the environments and the clocks', async () => {
    const seen = { edits: 0, undos: 0, kept: 0 };
    await fc.assert(fc.asyncProperty(someEdits(c), async plan => {
      const made = await around(c, new Map(plan.map(({ update, edit }) => [update, edit]))), done: Around[] = [];
      for (const { edit, what, before, after } of made) {
        for (const node of what.kept.filter(n => edit !== 'undo' || done.at(-1)?.what.kept.includes(n))) {
          expect(learned(after, node), node).toEqual(learned(before, node));
          if (node === c.untouched) seen.kept += Object.keys(learned(after, node)).length;
        }
        expect(part(after, 'replay/')).toEqual(part(before, 'replay/'));
        const carried = (s: Snapshot) => Object.fromEntries(Object.entries(part(s, 'rollout/')).filter(([name]) => !/^rollout\/(carry|held\/\d+)\//.test(name) || what.carries.kept.includes(name.split('/').at(-1)!)));
        expect(carried(after)).toEqual(carried(before));
        expect(metaOf(after, 'rollout', 'replay', 'counters', 'memory')).toEqual(metaOf(before, 'rollout', 'replay', 'counters', 'memory'));
        if (!what.restarted.length) expect(metaOf(after, 'counts')).toEqual(metaOf(before, 'counts'));
        seen[edit === 'undo' ? 'undos' : 'edits']++;
        if (edit === 'undo') { const undone = done.pop()!; for (const node of undone.what.dropped) expect(learned(after, node), `${node}, undone`).toEqual(learned(undone.before, node)); }
        else done.push({ edit, what, before, after });
      }
    }), { numRuns: Math.ceil(ROUNDS / 8) });
    expect(seen.edits).toBeGreaterThanOrEqual(ROUNDS / 8);
    expect(Math.min(seen.undos, seen.kept)).toBeGreaterThan(0);
  }, 120_000);
  it('end the same after a resume from any checkpoint, before and after each edit', () => fc.assert(fc.asyncProperty(someEdits(c), async plan => {
    const { steps = 40 } = c, swaps = plan.map(({ update, edit }) => ({ at: steps / 10 * update, edit })), settings = { swaps, checkpointEvery: steps / 4 + 1, steps }, whole = live(c.d, settings, c.script);
    await whole.start();
    const last = facts(whole.store.kept.at(-1)!);
    for (const [i, from] of whole.store.kept.slice(0, -1).entries()) {
      const again = live(fromJson((from.meta as { page: unknown }).page, typesOf(c.d)), settings, c.script, c.d);
      await again.start(from);
      expect(facts(again.store.kept.at(-1) ?? from), `checkpoint ${i}`).toEqual(last);
    }
  }), { numRuns: Math.ceil(ROUNDS / 25) }), 120_000);
});
