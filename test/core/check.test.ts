/** What a page that does not fit together says: the whole text of the commonest errors, many at once, large pages, and how long it takes. */
import { describe, expect, it } from 'vitest';
import { check } from '../../core/check.ts';
import { bare, fromJson, toJson, type Definition, type Page } from '../../core/definition.ts';
import { describe as picture } from '../../core/describe.ts';
import { GraphError, report } from '../../core/error.ts';
import { derive, each, graph, next, now, type Graph } from '../../core/graph.ts';
import { per } from '../../core/node.ts';
import { adam, rmsprop } from '../../core/optimiser.ts';
import { plan } from '../../core/plan.ts';
import { linear } from '../../core/schedule.ts';
import { topology } from '../../core/topology.ts';
import { single, type team, type World } from '../../core/world.ts';
import { coma, ddpg, dqn, iql, mappo, qmix } from '../../graphs/index.ts';
import { chosenAction, duplexMixer, epsilonGreedy, gatherAction, join, maskedMse, mlpAgentQ, rnnAgentQ, subtract, sumMixer } from '../../nodes/index.ts';
import { allPages, registry } from '../pages/index.ts';
import { SIZES } from '../pages/lab.ts';
import { KINDS, subject, type DraftPage } from '../pages/wrong-edits.ts';

/** The text of the error that an edit of a page ends in. Edits are not typed here: the compiler would refuse most of them. */
function saying<R>(page: Definition<R, World>, edit: (g: Graph<World>, handles: R) => void): string {
  try { derive(page, page.page.name, edit); } catch (e) { return (e as GraphError).message; }
  throw new Error('the page was accepted');
}
const wire = (text: string) => ({ text });

describe('the text of common errors', () => {
  it('a forgotten now', () => expect(saying(qmix, g => { g.rewire('chosen', { q: wire('agentQ.q') }); })).toMatchInlineSnapshot(`
    "1 problem in graph qmix

    1  SHAPE    the inputs of chosen do not agree on the leading dims
         q            f32 [batch time+1 agent action]          from agentQ.q
         avail        bool [batch time agent action]           from data.avail | now
         action       i32 [batch time agent]                   from data.action
         q still holds the bootstrap slot
         fix      q: now(agentQ.q), or next(...)"
  `));
  it('a slot whose node asks for more', () => expect(saying(iql, g => { g.replace('tdLoss', duplexMixer(), { agentQs: wire('chosenActionQ.value'), state: wire('data.state | now') } as never); g.train('q', wire('tdLoss.qTot') as never, { optimiser: adam({ lr: 1e-3 }) }); }).split('\n\n').slice(0, 2).join('\n\n')).toMatchInlineSnapshot(`
    "1 problem in graph iql

    1  OFFER    slot tdLoss: duplexMixer asks for maxAgentQs, action
         asks     maxAgentQs f32 [... agent], action i32 [... agent]
         offered  agentQs, state
         fix      offer maxAgentQs, action at tdLoss, or choose a node whose ports are among those offered"
  `));
  it('an input left out', () => expect(saying(qmix, (g, { agentQ }) => { g.replace('chosen', chosenAction(), { q: now(agentQ.q) } as never); }).split('\n\n')[1]).toMatchInlineSnapshot(`
    "1  OFFER    slot chosen: chosenAction asks for avail, action
         asks     avail bool [... action], action i32 [...]
         offered  q
         fix      offer avail, action at chosen, or choose a node whose ports are among those offered"
  `));
  it('an output that is not there', () => expect(saying(qmix, g => { g.rewire('tdTarget', { nextValue: wire('targetMixer.qtot') }); })).toMatchInlineSnapshot(`
    "1 problem in graph qmix

    1  WIRE     tdTarget.nextValue: targetMixer has no output qtot; did you mean qTot?
         wire     targetMixer.qtot
         wants    f32 [...]
         fix      nextValue: targetMixer.qTot"
  `));
  it('a node that is not there', () => expect(saying(qmix, g => { g.rewire('tdTarget', { nextValue: wire('targetMixr.qTot') }); })).toMatchInlineSnapshot(`
    "1 problem in graph qmix

    1  WIRE     tdTarget.nextValue: nothing is called targetMixr; did you mean targetMixer?
         wire     targetMixr.qTot
         wants    f32 [...]
         fix      nextValue: targetMixer.qTot"
  `));
  it('a field that is not there', () => expect(saying(qmix, g => { g.rewire('tdTarget', { reward: wire('data.rewards') }); })).toMatchInlineSnapshot(`
    "1 problem in graph qmix

    1  WIRE     tdTarget.reward: data has no field rewards; did you mean reward?
         wire     data.rewards
         wants    f32 [...]
         fix      reward: data.reward"
  `));
  it('a port that is not there', () => expect(saying(qmix, g => { g.rewire('chosen', { qs: wire('agentQ.q | now') }); })).toMatchInlineSnapshot(`
    "1 problem in graph qmix

    1  PORT     chosen: chosenAction has no port qs
         ports    q f32 [... action], avail bool [... action], action i32 [...]
         wired    qs: now(agentQ.q)
         fix      did you mean q?"
  `));
  it('another dtype', () => expect(saying(qmix, (g, { ep }) => { g.rewire('tdLoss', { mask: ep.terminated }); })).toMatchInlineSnapshot(`
    "1 problem in graph qmix

    1  SHAPE    tdLoss: mask is bool, not f32
         prediction   f32 [batch time]                         from mixer.qTot
         target       f32 [batch time]                         from tdTarget.value
         mask         bool [batch time]                        from data.terminated   wants f32 [...]
         fix      wire mask to something that is f32 [...]"
  `));
  it('a dim that is missing', () => expect(saying(qmix, (g, { ep }) => { g.rewire('mixer', { agentQs: ep.reward }); })).toMatchInlineSnapshot(`
    "1 problem in graph qmix

    1  SHAPE    mixer: agentQs has no dim agent
         agentQs      f32 [batch time]                         from data.reward   wants f32 [... agent]
         state        f32 [batch time state]                   from data.state | now
         fix      wire agentQs to something that is f32 [... agent]"
  `));
  it('a mask without agents', () => expect(saying(iql, (g, { ep }) => { g.rewire('tdLoss', { mask: ep.valid }); })).toMatchInlineSnapshot(`
    "1 problem in graph iql

    1  SHAPE    the inputs of tdLoss do not agree on the leading dims
         prediction   f32 [batch time agent]                   from chosenActionQ.value
         target       f32 [batch time agent]                   from tdTarget.value
         mask         f32 [batch time]                         from data.valid
         mask lacks agent
         fix      mask: each('agent', data.valid)"
  `));
  it('next of a wire over steps', () => expect(saying(qmix, (g, { ep }) => { g.rewire('tdTarget', { reward: next(ep.reward as never) }); })).toMatchInlineSnapshot(`
    "1 problem in graph qmix

    1  WIRE     tdTarget.reward: next() drops a slot of time+1, and data.reward is f32 [batch time]
         wire     next(data.reward)
         wants    f32 [...]
         fix      reward: data.reward"
  `));
  it('two sources in one node', () => expect(saying(qmix, g => { g.rewire('tdLoss', { mask: g.episodes({ name: 'expert', batch: 3 }).valid! }); })).toMatchInlineSnapshot(`
    "1 problem in graph qmix

    1  SHAPE    the inputs of tdLoss do not agree on the leading dims
         prediction   f32 [batch time]                         from mixer.qTot
         target       f32 [batch time]                         from tdTarget.value
         mask         f32 [batch@expert time@expert]           from expert.valid
         they come from different sources: batch, batch@expert
         fix      wire them from one source"
  `));
  it('weights that nothing trains', () => expect(saying(qmix, (g, { ep }) => { g.add('spare', mlpAgentQ(), { x: ep.obs }); })).toMatchInlineSnapshot(`
    "1 problem in graph qmix

    1  UNTRAINED no rule reaches the layers of spare
         fix      train it, or g.remove('spare')"
  `));
  it('two rules on one node', () => expect(saying(dqn, (g, { td }) => { g.train('again', td.loss, { optimiser: adam({ lr: 1e-3 }) }); })).toMatchInlineSnapshot(`
    "1 problem in graph dqn

    1  TWICE    q is trained by q and by again in the same pass
         fix      one rule with both losses, { after: 'q' } at again, \`only\` at both, or stop(...) / frozen(...) on one way"
  `));
  it('a loss that is no number', () => expect(saying(qmix, g => { g.train('q', wire('mixer.qTot') as never, { optimiser: rmsprop({ lr: 1e-3 }) }); })).toMatchInlineSnapshot(`
    "1 problem in graph qmix

    1  LOSS     rule q: mixer.qTot is f32 [batch time], and a loss is one number
         fix      reduce it with a loss node"
  `));
  it('the state, to act', () => expect(saying(qmix, (g, { ep }) => { g.rewire('agentInput', { state: each('agent', ep.state) }); })).toMatchInlineSnapshot(`
    "1 problem in graph qmix

    1  ACT      not decentralised: agentInput reads data.state
         fix      act on local fields only, or say g.act(..., { sees: 'all' })"
  `));
  it('an action that is none', () => expect(saying(qmix, g => { g.act({ action: wire('agentQ.q'), best: wire('explore.best') }); })).toMatchInlineSnapshot(`
    "1 problem in graph qmix

    1  ACT      action is f32 [batch time+1 agent action], and an action of this world is i32 [agent] at each slot
         fix      act on the output of an exploration node"
  `));
  it('lagged weights that never follow', () => expect(report('graph dqn', check(edited(dqn, p => { (p as { targets: unknown }).targets = {}; })))).toMatchInlineSnapshot(`
    "1 problem in graph dqn

    1  LAG      the lagged weights of targetQ never follow q
         fix      g.targets({ everyUpdates | everyEpisodes | everySteps | polyak })"
  `));
  it('pieces that do not fill a rollout, and what goes over time behind the cut', () => {
    expect(saying(mappo, g => { g.rollout({ steps: 25, copies: 8, length: 10 }); })).toMatchInlineSnapshot(`
      "1 problem in graph mappo

      1  SOURCE   source data: pieces of 10 steps do not fill a rollout of 25
           fix      length: 5 or 25, or other steps"
    `);
    expect(saying(mappo, (g, { adv }) => { g.rewire('valueLoss', { returns: adv.returns as never }); })).toMatchInlineSnapshot(`
      "1 problem in graph mappo

      1  SOURCE   source data cuts its rollouts into pieces of 13 steps, and advantage goes over all of them
           fix      read advantage through once(...), or leave length out"
    `);
  });
  it('memory that nobody writes', () => expect(saying(mappo, g => { g.keep('valueNorm', { mean: wire('returnMoments.mean') }); })).toMatchInlineSnapshot(`
    "1 problem in graph mappo

    1  MEMORY   nothing writes valueNorm.square, valueNorm.weight
         fix      g.keep('valueNorm', { square, weight })"
  `));
  it('a rule after no rule', () => expect(saying(ddpg, (g, { gain }) => { g.train('actor', gain.loss, { optimiser: adam({ lr: 1e-3 }), after: 'critics' }); })).toMatchInlineSnapshot(`
    "1 problem in graph ddpg

    1  AFTER    rule actor: comes after critics, which is no rule
         fix      name one of critic, actor"
  `));
  it('a replay smaller than its batch', () => expect(saying(qmix, g => { g.episodes({ keep: 16, batch: 32 }); })).toMatchInlineSnapshot(`
    "1 problem in graph qmix

    1  SOURCE   source data: a batch of 32 cannot be drawn from the 16 it keeps
         fix      keep at least one batch"
  `));
  it('names that are taken or not there', () => expect(saying(qmix, (g, { chosen }) => { g.add('mixer', sumMixer(), { agentQs: chosen.value }); g.remove('nextChosenn'); })).toMatchInlineSnapshot(`
    "2 problems in graph qmix

    1  NAME     two nodes are called mixer
         fix      another name; to exchange the node use g.replace('mixer', ...)

    2  NAME     no node is called nextChosenn
         fix      did you mean nextChosen?"
  `));
  it('a setting that is not there', () => expect(saying(qmix, g => { g.set('mixer', { embd: 8 }); })).toMatchInlineSnapshot(`
    "1 problem in graph qmix

    1  CONFIG   mixer: monotonicMixer has no setting embd
         settings  embed = 32, hypernet = [64]
         fix      did you mean embed?"
  `));
});

/** Milliseconds of the processor, which other processes do not lengthen. */
const spent = (from: NodeJS.CpuUsage): number => { const { user, system } = process.cpuUsage(from); return (user + system) / 1000; };
const edited = (d: Definition, edit: (page: Page) => void): Definition => {
  const page = bare(d.page) as Page;
  edit(page);
  return { page, specs: d.specs, handles: undefined };
};

describe('a remedy', () => {
  it('is one that helps: a number is given the values it may have, not another name', () => {
    const issues = check(edited(qmix, p => { Object.assign(p.nodes['agentQ']!.config!, { hidden: 0 }); Object.assign(p.nodes['tdTarget']!.config!, { gamma: 1.5 }); Object.assign(p.nodes['explore']!.config!, { epsilon: linear({ from: 1, to: 0, steps: 0 }) }); }));
    expect(issues.map(i => i.at)).toEqual(['agentQ.hidden', 'tdTarget.gamma', 'explore.epsilon']);
    for (const i of issues) expect(i.fix).not.toMatch(/a setting it has/);
  });
  it('names the wire that was meant', () => {
    const [issue] = check(edited(qmix, p => { Object.assign(p.nodes['tdTarget']!.in, { nextValue: 'targetMixer.qtot' }); }));
    expect(issue!.fix).toContain('targetMixer.qTot');
  });
  it('of an operator that does not fit is to leave it out', () => {
    const [issue] = check(edited(qmix, p => { Object.assign(p.nodes['tdTarget']!.in, { reward: 'data.reward | next' }); }));
    expect(issue!.fix).toMatch(/reward: data\.reward\b/);
  });
  it('of per over a dim that the node mixes is not each, which it has', () => {
    const [issue] = check(edited(qmix, p => { Object.assign(p.nodes['mixer']!, { per: 'agent' }); }));
    expect(issue!.at).toBe('mixer');
    expect(issue!.fix).not.toContain("each('agent'");
  });
  it('of a dim that is not there begins with the dim', () => {
    const [issue] = check(edited(qmix, p => { Object.assign(p.nodes['agentQ']!, { per: 'member' }); }));
    expect(issue!.fix).toContain("g.dim('member'");
  });
  it('stands apart from its code, whatever the code', () => {
    for (const [, page] of Object.entries(allPages)) {
      const text = report('graph', check(edited(page, p => { (p as { train: unknown }).train = {}; })));
      expect(text).toMatch(/^1 {2}UNTRAINED {1,}\S/m);
      expect(text).not.toMatch(/UNTRAINED\w/);
    }
  });
});

describe('a circle', () => {
  /** Node names in the order of a printed path. */
  const path = (text: string) => text.split(' -> ').map(step => step.split('.')[0]!);
  it('is told as a way round that the wires take, from the first node to the last and back', () => {
    for (const name of ['doubleDqn', 'qplex', 'cwQmix', 'happo']) for (const { what, apply } of KINDS['a wire round in a circle']!.edits(subject(name, allPages[name]!))) {
      const page = edited(allPages[name]!, p => { apply(p as DraftPage); }), issue = check(page).find(i => i.code === 'CYCLE')!, round = path(issue.got!), { graph: g } = topology(page);
      for (const [i, n] of round.entries()) {
        const after = round[(i + 1) % round.length]!;
        expect(after === n || g.hasDirectedEdge(n, after), `${name}, ${what}: ${n} -> ${after} in ${issue.got}`).toBe(true);
      }
    }
  });
  it('is all that is said: what depends on it is not judged', () => {
    const page = edited(qmix, p => { Object.assign(p.nodes['agentInput']!.in, { obs: 'tdLoss.loss' }); });
    expect(check(page).map(i => i.code)).toEqual(['CYCLE']);
  });
});

// T11
describe('many mistakes at once', () => {
  const spoil = (g: Graph<typeof team>, { agentQ, chosen, ep, td }: typeof qmix.handles) => {
    g.rewire('chosen', { q: agentQ.q });                                                      // a forgotten now
    g.rewire('nextGreedy', { avail: wire('ghost.avail') });                                   // a node that is not there
    g.rewire('tdTarget', { reward: wire('data.rewrd') });                                     // a field that is not there
    g.rewire('agentInput', { state: each('agent', ep.state) });                               // the state, to act
    g.add('masked', maskedMse(), { prediction: ep.reward, target: ep.reward, mask: ep.terminated as never });   // another dtype
    g.add('half', gatherAction(), { action: ep.action } as never);                            // an input left out
    g.add('wide', sumMixer(), { agentQs: ep.reward });                                        // a dim that is missing
    g.add('left', subtract(), { a: wire('right.x') as never, b: ep.reward });                 // a circle
    g.add('right', subtract(), { a: wire('left.x') as never, b: ep.reward });
    g.add('own', per('member', rnnAgentQ()), { x: ep.obs });                                  // per over no dim
    g.set('mixer', { embd: 3 });                                                              // a setting that is not there
    g.train('again', td.loss, { optimiser: adam({ lr: Number.NaN }), after: 'ghost' });       // a rate that is none, after no rule
    g.targets({ polyak: 2 }, [agentQ]);                                                       // more than all
    g.episodes({ keep: 10, batch: 20 });                                                      // a replay smaller than its batch
    g.memory('held', { x: 0 });                                                               // nobody writes
    void chosen;
  };
  const expected: readonly (readonly [code: string, at: string])[] = [
    ['SHAPE', 'chosen.'], ['WIRE', 'nextGreedy.avail'], ['WIRE', 'tdTarget.reward'], ['ACT', ''], ['SHAPE', 'masked.mask'], ['OFFER', 'half.q'], ['SHAPE', 'wide.agentQs'], ['CYCLE', ''],
    ['PER', 'own'], ['CONFIG', 'mixer.embd'], ['RULE', 'again'], ['AFTER', 'again'], ['LAG', 'agentQ'], ['SOURCE', 'data'], ['MEMORY', 'held'],
  ];
  it('are all reported, each with its place, and nothing is built', () => {
    let page: unknown, said: GraphError | undefined;
    try { page = derive(qmix, 'spoilt', spoil); } catch (e) { said = e as GraphError; }
    expect(page).toBeUndefined();
    for (const [code, at] of expected) expect(said!.issues.some(i => i.code === code && i.at.startsWith(at)), `${code} at ${at}`).toBe(true);
    expect(said!.message).toContain(`${said!.issues.length} problems in graph spoilt`);
    expect(new Set(said!.issues.map(i => `${i.code} ${i.at} ${i.what}`)).size).toBe(said!.issues.length);
  });
  it('are reported beside a type that does not exist', () => {
    const issues = check(edited(qmix, p => {
      Object.assign(p.nodes['mixer']!, { type: 'ghostMixer' });
      Object.assign(p.nodes['chosen']!.in, { q: 'agentQ.q' });
      Object.assign(p.sources['data']!, { keep: 10, batch: 20 });
      Object.assign(p.nodes['explore']!.config!, { epsilon: 2 });
    }));
    expect(issues.map(i => [i.code, i.at])).toEqual(expect.arrayContaining([['TYPE', 'mixer'], ['SHAPE', 'chosen.avail'], ['SOURCE', 'data'], ['CONFIG', 'explore.epsilon']]));
  });
  it('of one node are one issue, with all its wires', () => {
    const issues = check(edited(qmix, p => { Object.assign(p.nodes['tdLoss']!.in, { mask: 'data.terminated', target: 'data.action' }); }));
    expect(issues.map(i => i.code)).toEqual(['SHAPE']);
    expect(issues[0]!.lines).toHaveLength(3);
  });
});

describe('sizes', () => {
  it('of a place are those of the weights that it uses', () => {
    const page = derive(coma, 'narrow', g => { g.replace('nextCriticInput', join(), { obs: next(g.data().obs) }); });       // without the others' actions: fewer features
    expect(() => plan(page, SIZES)).toThrow(GraphError);
    expect(() => plan(page, SIZES)).toThrow(/targetCritic/);
  });
  it('that a world does not give are missing by name, not by a number that is none', () => {
    const { action: _, ...rest } = SIZES;
    expect(() => plan(qmix, rest)).toThrow(/action has no size/);
  });
  it('without end are refused before anything is made of them', () => {
    expect(() => plan(derive(qmix, 'huge', g => { g.set('mixer', { embed: 1_000_000_000 }); }), SIZES)).toThrow(GraphError);
  });
});

// T14
describe('large pages', () => {
  /** DQN whose target passes through a chain of nodes. */
  const chain = (length: number): Definition => edited(dqn, p => {
    const nodes = p.nodes as Record<string, unknown>;
    for (let i = 0; i < length; i++) nodes[`link${i}`] = { type: 'multiply', role: 'add', config: {}, in: { a: i ? `link${i - 1}.x` : 'tdTarget.value', b: 'data.valid' } };
    Object.assign(p.nodes['tdLoss']!.in, { target: `link${length - 1}.x` });
    (p as { name: string }).name = 'chain';
  });
  const knowing = (d: Definition): Definition => ({ ...d, specs: registry });
  const quickly = <T>(f: () => T, ms = 2000): T => { const from = process.cpuUsage(), made = f(); expect(spent(from)).toBeLessThan(ms); return made; };
  it('a chain of 5,000 nodes is checked, drawn, saved and planned', () => {
    const page = knowing(chain(5000));
    expect(quickly(() => check(page))).toEqual([]);
    expect(quickly(() => topology(page)).order.length).toBe(5000 + Object.keys(dqn.page.nodes).length);
    expect(quickly(() => picture(page), 5000).nodes.length).toBe(5000 + Object.keys(dqn.page.nodes).length);
    expect(quickly(() => check(fromJson(toJson(page), registry)), 4000)).toEqual([]);
    expect(quickly(() => plan(page, SIZES)).boxes.size).toBe(5000 + Object.keys(dqn.page.nodes).length);
  });
  it('a chain of 5,000 nodes that is wrong at its head is one issue', () => {
    const page = knowing(edited(chain(5000), p => { Object.assign(p.nodes['link0']!.in, { a: 'data.terminated' }); }));
    expect(quickly(() => check(page)).map(i => i.at)).toEqual(['link0.a']);
  });
  it('a chain of 2,000 nodes that is wrong everywhere is told so, and soon', () => {
    const page = knowing(edited(chain(2000), p => { for (let i = 0; i < 2000; i++) Object.assign(p.nodes[`link${i}`]!.in, { b: `ghost${i}.valid` }); }));
    expect(quickly(() => check(page)).length).toBeGreaterThanOrEqual(2000);
  });
  it('a circle of 5,000 nodes is one issue of a length that can be read', () => {
    const page = knowing(edited(chain(5000), p => { Object.assign(p.nodes['link0']!.in, { a: 'link4999.x' }); })), issues = quickly(() => check(page));
    expect(issues.map(i => i.code)).toEqual(['CYCLE']);
    expect(report('graph', issues).length).toBeLessThan(5000);
  });
  it('a fan of 300 readers and a join of them all', () => {
    const page = quickly(() => graph('fan', single, g => {
      const b = g.transitions({ keep: 100, batch: 2 });
      const many = Array.from({ length: 300 }, (_, i) => [`agent${i}`, g.add(`agent${i}`, mlpAgentQ({ hidden: [4] }), { x: b.obs }).q] as const);
      const all = g.add('all', join(), Object.fromEntries(many)), q = g.add('q', mlpAgentQ({ hidden: [4] }), { x: all.x as typeof b.obs });
      const chosen = g.add('chosen', gatherAction(), { q: now(q.q), action: b.action });
      const td = g.add('td', maskedMse(), { prediction: chosen.value, target: b.reward, mask: b.valid });
      g.train('q', td.loss, { optimiser: adam({ lr: 1e-3 }) });
      g.act(g.add('explore', epsilonGreedy(), { q: q.q, avail: b.avail }));
    }));
    expect(check(page)).toEqual([]);
    expect(quickly(() => picture(page, SIZES)).nodes.length).toBe(305);
  });
  it('300 agents are no larger than three', () => expect(quickly(() => plan(qmix, { ...SIZES, agent: 300, id: 300 })).boxes.size).toBe(Object.keys(qmix.page.nodes).length));
});

describe('time', () => {
  it('a check of QMIX takes far less than 100 ms', () => {
    const one = () => { const page = edited(qmix, () => undefined), from = process.cpuUsage(); check(page); return spent(from); };
    const times = Array.from({ length: 25 }, one).sort((a, b) => a - b);
    expect(times[12]!).toBeLessThan(100);
  });
});
