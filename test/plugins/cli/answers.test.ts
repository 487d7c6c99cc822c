/** Commands that answer at once: list, check, table, env check. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { toJson } from '../../../core/definition.ts';
import { describe as describePage } from '../../../core/describe.ts';
import { plan } from '../../../core/plan.ts';
import { nodeTypes } from '../../../nodes/index.ts';
import { pages, qmix } from '../../../graphs/index.ts';
import { workOf } from '../../../plugins/cli/multiply-adds.ts';
import { scratch, skein, skeinWith } from './skein.ts';

const folder = scratch();
afterAll(folder.remove);
const PLUGINS = './test/fixtures/plugins';
const json = async (...argv: readonly string[]): Promise<unknown> => {
  const { stdout, stderr } = await skein(...argv, '--json');
  expect(stderr).toBe('');
  return JSON.parse(stdout);
};

describe('list', () => {
  it('names everything', async () => {
    const { code, stdout, stderr } = await skein('list');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of [...Object.keys(pages), ...nodeTypes.map(n => n.spec.type), 'matrix/two-step', 'lbf/8x8-2p-2f-coop', 'classic/cartpole', 'tfjs']) expect(stdout).toMatch(new RegExp(`^  ${name}(  |$)`, 'm'));
  });
  it('shows an algorithm, a node and an environment with what is to know', async () => {
    const part = async (kind: string, from: string, lines: number) => { const all = (await skein('list', kind)).stdout.split('\n'), at = all.findIndex(line => line.startsWith(`  ${from} `)); return all.slice(at, at + lines).map(line => line.trim().replace(/ {2,}/, '  ')); };
    expect(await part('algorithms', 'qmix', 4)).toMatchInlineSnapshot(`
      [
        "qmix  Monotonic, state-conditioned mix of recurrent agents, trained on the joint",
        "value",
        "Rashid et al. 2018, arXiv 1803.11485",
        "slots agentQ, mixer, tdTarget, tdLoss, explore",
      ]
    `);
    expect(await part('nodes', 'monotonicMixer', 4)).toMatchInlineSnapshot(`
      [
        "monotonicMixer  Monotonic mix of the agents' values with weights made from the state",
        "Rashid et al. 2018, arXiv 1803.11485",
        "agentQs f32 [... agent], state f32 [... state] -> qTot f32 [...]",
        "settings embed = 32, hypernet = [64]",
      ]
    `);
    expect(await part('environments', 'lbf/8x8-2p-2f-coop', 2)).toMatchInlineSnapshot(`
      [
        "lbf/8x8-2p-2f-coop  two players must load every food together",
        "2 agents, 6 actions, obs 12, state 24",
      ]
    `);
  });
  it('has full specs as JSON', async () => {
    const all = await json('list') as Record<string, readonly Record<string, unknown>[]>, nodes = await json('list', 'nodes') as readonly Record<string, unknown>[];
    expect(Object.keys(all)).toEqual(['algorithms', 'nodes', 'environments', 'engines']);
    expect(all['algorithms']!.map(a => a['name'])).toEqual(Object.keys(pages));
    expect(nodes).toEqual(all['nodes']);
    expect(nodes.find(n => n['type'] === 'monotonicMixer')).toMatchObject({ kind: 'mixers', config: { embed: 32, hypernet: [64] }, in: { state: { dtype: 'f32', spec: '... state' } }, out: { qTot: { dtype: 'f32', spec: '...' } } });
    expect(all['environments']!.find(e => e['family'] === 'lbf')).toMatchObject({ options: { sight: { default: 0 } } });
  });
  it('takes one of a kind, and a plugin', async () => {
    expect((await skein('list', 'node')).stdout).toBe((await skein('list', 'nodes')).stdout);
    expect(await skein('list', 'enviroments')).toEqual({ code: 2, stdout: '', stderr: 'error: there is no list of "enviroments"; did you mean environments?\n  fix: skein list, or skein list algorithms | nodes | environments | engines\n' });
    expect((await skein('list', 'environments', '--plugin', `${PLUGINS}/pair.ts`)).stdout).toContain('  pair/alike  three choices of 0 or 1\n              2 agents, 2 actions, obs 1, state 1\n');
  });
  it('fits every terminal', async () => {
    for (const columns of [60, 80, 120]) expect((await skeinWith({ columns, environment: { NO_COLOR: '1' } }, 'list', 'nodes')).stdout.split('\n').filter(line => line.length > columns)).toEqual([]);
  });
  it('engines tries every backend, and says which is taken (T44)', async () => {
    const found = await json('list', 'engines', '--plugin', `${PLUGINS}/relay.ts`) as readonly { readonly name: string; readonly default: boolean; readonly taken: string; readonly backends: readonly { readonly name: string; readonly loads: boolean; readonly what: string }[] }[];
    expect(found.map(e => [e.name, e.default])).toEqual([['onnx', true], ['tfjs', false], ['relay', false]]);
    expect(found[2]).toEqual({ name: 'relay', about: 'hands every program to tfjs on cpu', default: false, taken: 'relay 9.0.0 on script', backends: [{ name: 'native', loads: false, what: 'librelay.so.2: cannot open shared object file' }, { name: 'script', loads: true, what: 'relay 9.0.0 on script' }] });
    const tfjs = new Map(found[1]!.backends.map(b => [b.name, b]));
    expect(tfjs.get('cpu')).toMatchObject({ loads: true, what: expect.stringMatching(/^tfjs [\d.]+ on cpu/) as string });
    expect(found[0]!.taken).toBe(found[0]!.backends.find(b => b.loads)!.what);
    for (const { loads, what } of found[0]!.backends) if (!loads) expect(what).toMatch(/^[^\n]{5,200}$/);
  });
});

describe('check', () => {
  const wrong = (change: (page: { nodes: Record<string, { in: Record<string, string>; config?: Record<string, unknown> }> }) => void): string => {
    const page = JSON.parse(JSON.stringify(toJson(qmix))) as Parameters<typeof change>[0];
    change(page);
    writeFileSync(folder.in('wrong.json'), JSON.stringify(page));
    return folder.in('wrong.json');
  };
  it('says that a page fits, and with an environment its sizes', async () => {
    expect((await skein('check', 'qmix')).stdout).toMatchInlineSnapshot(`
      "qmix fits together: 11 nodes, 5 slots, 1 train rule
      "
    `);
    expect((await skein('check', 'qmix', '--env', 'lbf/8x8-2p-2f-coop')).stdout).toMatchInlineSnapshot(`
      "qmix fits together: 11 nodes, 5 slots, 1 train rule
        in  lbf/8x8-2p-2f-coop: 2 agents, 6 actions, obs 12, state 24, at most 50 steps an episode; 37,767
            weights
      "
    `);
    expect(await json('check', 'qmix', '--env', 'matrix/two-step')).toMatchObject({ page: 'qmix', environment: 'matrix/two-step', sizes: { agent: 2, action: 2, obs: 3, state: 3 }, weights: plan(qmix, { agent: 2, action: 2, obs: 3, state: 3, id: 2 }).total, problems: [] });
  });
  it('shows all problems at once, with exit code 1', async () => {
    const file = wrong(({ nodes }) => { nodes['chosen']!.in['q'] = 'agentQ.q'; nodes['mixer']!.config = { embedd: 3 }; nodes['tdTarget']!.in['nextValue'] = 'targetMixer.qTt'; }), { code, stdout, stderr } = await skein('check', file);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatchInlineSnapshot(`
      "3 problems in graph qmix

      1  CONFIG   mixer: monotonicMixer has no setting embedd
           settings  embed = 32, hypernet = [64]
           fix      did you mean embed?

      2  SHAPE    the inputs of chosen do not agree on the leading dims
           q            f32 [batch time+1 agent action]          from agentQ.q
           avail        bool [batch time agent action]           from data.avail | now
           action       i32 [batch time agent]                   from data.action
           q still holds the bootstrap slot
           fix      q: now(agentQ.q), or next(...)

      3  WIRE     tdTarget.nextValue: targetMixer has no output qTt; did you mean qTot?
           wire     targetMixer.qTt
           wants    f32 [...]
           fix      nextValue: targetMixer.qTot
      "
    `);
    const { problems } = JSON.parse((await skein('check', file, '--json')).stdout) as { problems: readonly { readonly code: string; readonly at: string }[] };
    expect(problems.map(p => p.code).sort()).toEqual(['CONFIG', 'SHAPE', 'WIRE']);
  });
  it('with an environment shows the sizes that it gives, also in JSON and in a picture', async () => {
    const file = wrong(({ nodes }) => { nodes['chosen']!.in['q'] = 'agentQ.q'; nodes['tdTarget']!.in['nextValue'] = 'data.obs'; }), argv = ['check', file, '--env', 'lbf/8x8-2p-2f-coop'];
    expect((await skein(...argv)).stdout).toMatchInlineSnapshot(`
      "2 problems in graph qmix

      1  SHAPE    the inputs of tdTarget do not agree on the leading dims
           reward       f32 [batch time]                         from data.reward
           terminated   bool [batch time]                        from data.terminated
           nextValue    f32 [batch time+1 agent:2 obs:12]        from data.obs
           nextValue still holds the bootstrap slot
           fix      nextValue: now(data.obs), or next(...)

      2  SHAPE    the inputs of chosen do not agree on the leading dims
           q            f32 [batch time+1 agent:2 action:6]      from agentQ.q
           avail        bool [batch time agent:2 action:6]       from data.avail | now
           action       i32 [batch time agent:2]                 from data.action
           q still holds the bootstrap slot
           fix      q: now(agentQ.q), or next(...)
      "
    `);
    const { problems, sizes } = JSON.parse((await skein(...argv, '--json')).stdout) as { sizes: Record<string, number>; problems: readonly { readonly lines: readonly string[]; readonly got: string }[] };
    expect(sizes).toMatchObject({ agent: 2, action: 6, obs: 12 });
    expect(problems.map(p => p.got)).toContain('f32 [batch time+1 agent:2 obs:12]');
    expect((await skein(...argv, '-o', '-')).stdout).toContain('agent:2');
    expect((await skein('check', file, '--env', 'classic/cartpole')).stdout).toContain('f32 [batch time+1 agent:1 action:2]');
    expect((await skein('check', file)).stdout).not.toContain('agent:');
  });
  it('judges edits and environments too', async () => {
    expect(await skein('check', 'vdn', '--swap', 'mixer=duplexMixer:{"hedas":4}')).toMatchObject({ code: 1, stdout: expect.stringContaining('did you mean heads?') as string });
    expect(await skein('check', 'dqn', '--env', 'matrix/two-step')).toMatchObject({ code: 1, stdout: '1 problem in dqn\n\n1  PAGE     dqn is for one agent, and matrix/two-step has 2\n     fix      a page for teams: skein list algorithms\n' });
  });
  it('places the problems of a document', async () => {
    expect((await skein('check', wrong(({ nodes }) => { nodes['mixer']!.in = { 'agent Qs': 'x' }; Object.assign(nodes['chosen']!, { typ: 'x' }); }))).stdout.replaceAll(folder.path, '.')).toMatchInlineSnapshot(`
      "2 problems in ./wrong.json

      1  PAGE     nodes.chosen: Unrecognized key: "typ"
           fix      see docs/page.schema.json

      2  PAGE     nodes.mixer.in.agent Qs: Invalid key in record
           fix      see docs/page.schema.json
      "
    `);
    expect((await skein('check', wrong(({ nodes }) => { Object.assign(nodes['mixer']!, { type: 'monotonicMixr' }); Object.assign(nodes['chosen']!, { type: 'toString' }); }))).stdout.replaceAll(folder.path, '.')).toMatchInlineSnapshot(`
      "2 problems in ./wrong.json

      1  PAGE     nodes.chosen.type: no node type toString
           fix      skein list nodes shows them all; a third party's comes with --plugin

      2  PAGE     nodes.mixer.type: no node type monotonicMixr; did you mean monotonicMixer?
           fix      skein list nodes shows them all; a third party's comes with --plugin
      "
    `);
    writeFileSync(folder.in('cut.json'), '{ "format": 1,');
    expect(await skein('check', folder.in('cut.json'))).toMatchObject({ code: 1, stdout: expect.stringContaining(':1: the end where') as string });
  });
  it('of what nobody can ask is bad usage: edits of what is not there, a module with several pages', async () => {
    expect(await skein('check', 'qmix', '--set', 'nonsense=1')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--set nonsense: write name.setting=value') as string });
    expect(await skein('check', 'qmix', '--set', 'data.batch=0.5', '--json')).toMatchObject({ code: 2, stdout: '' });
    expect(await skein('check', 'qmix', '--swap', 'mixer=nosuch')).toEqual({ code: 2, stdout: '', stderr: 'error: no node type is called "nosuch"\n  fix: skein list nodes shows them\n' });
    expect(await skein('check', 'qmix', '--swap', 'mixr=sumMixer')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('did you mean mixer?') as string });
    expect(await skein('check', './graphs/index.ts')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^error: \.\/graphs\/index\.ts exports several pages\n {2}fix: pages are /) as string });
    expect(await skein('check', './graphs/index.ts#qmx')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('did you mean qmix?') as string });
  });
  it('of a file that holds no page is an answer', async () => {
    writeFileSync(folder.in('list.json'), '[]');
    expect(await skein('check', folder.in('list.json'))).toMatchObject({ code: 1, stderr: '' });
    writeFileSync(folder.in('none.ts'), 'export const x = 1;');
    expect(await skein('check', folder.in('none.ts'))).toMatchObject({ code: 1, stderr: '' });
  });
  it('of something that is not there is bad usage', async () => {
    expect(await skein('check', 'qmx')).toEqual({ code: 2, stdout: '', stderr: 'error: no algorithm is called "qmx"; did you mean qmix?\n  fix: skein list algorithms shows them\n' });
    expect(await skein('check', './absent.json', '--json')).toMatchObject({ code: 2, stdout: '' });
    expect(await skein('check', 'qmix', '--env', 'lfb/8x8')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('did you mean lbf?') as string });
  });
});

describe('table', () => {
  it('fits in 100 columns', async () => {
    for (const page of Object.keys(pages)) for (const world of [[], ['--env', 'lbf/15x15-4p-5f'], ['--env', 'classic/cartpole']]) {
      const { code, stdout, stderr } = await skein('table', page, ...world);
      expect(code === 0 || /^error: .* (is for|chooses|reads) /.test(stderr)).toBe(true);
      expect(stdout.split('\n').filter(line => line.length > 100)).toEqual([]);
    }
  });
  it('is a page node by node', async () => { expect((await skein('table', 'qmix', '--env', 'lbf/8x8-2p-2f-coop')).stdout).toMatchInlineSnapshot(`
    "qmix
    Monotonic, state-conditioned mix of recurrent agents, trained on the joint value
    Rashid et al. 2018, arXiv 1803.11485
    in lbf/8x8-2p-2f-coop: 2 agents, 6 actions, obs 12, state 24, at most 50 steps an episode

    node, type and role                                                             weights    mult-adds
    agentInput  join
      in   obs   f32   batch time+1 agent:2 obs:12
           last  f32   batch time+1 agent:2 action:6
           id    f32   batch time+1 agent:2 id:2
      out  x     f32   batch time+1 agent:2 feature:20

    agentQ  rnnAgentQ, slot                                                          26,694   26,240 x 2
      in   x       f32   batch time+1 agent:2 feature:20
      out  q       f32   batch time+1 agent:2 action:6
           hidden  f32   batch time+1 agent:2 hidden:64

    targetAgentQ  rnnAgentQ, target of agentQ                                                 26,240 x 2
      in   x       f32   batch time+1 agent:2 feature:20
      out  q       f32   batch time+1 agent:2 action:6
           hidden  f32   batch time+1 agent:2 hidden:64

    chosen  chosenAction
      in   q         f32   batch time agent:2 action:6
           avail     bool  batch time agent:2 action:6
           action    i32   batch time agent:2
      out  value     f32   batch time agent:2
           best      f32   batch time agent:2
           greedy    i32   batch time agent:2
           isGreedy  f32   batch time agent:2

    nextGreedy  greedyAction
      in   q       f32   batch time agent:2 action:6
           avail   bool  batch time agent:2 action:6
      out  action  i32   batch time agent:2
           value   f32   batch time agent:2

    explore  epsilonGreedy, slot
      in   q       f32   batch time+1 agent:2 action:6
           avail   bool  batch time+1 agent:2 action:6
      out  action  i32   batch time+1 agent:2
           best    i32   batch time+1 agent:2

    mixer  monotonicMixer, slot                                                      11,073       10,784
      in   agentQs  f32   batch time agent:2
           state    f32   batch time state:24
      out  qTot     f32   batch time
      offered and not taken: maxAgentQs, isGreedy, action, unitState, mask

    nextChosen  chosenAction
      in   q         f32   batch time agent:2 action:6
           avail     bool  batch time agent:2 action:6
           action    i32   batch time agent:2
      out  value     f32   batch time agent:2
           best      f32   batch time agent:2
           greedy    i32   batch time agent:2
           isGreedy  f32   batch time agent:2

    targetMixer  monotonicMixer, target of mixer                                                  10,784
      in   agentQs  f32   batch time agent:2
           state    f32   batch time state:24
      out  qTot     f32   batch time
      offered and not taken: maxAgentQs, isGreedy, action, unitState, mask

    tdTarget  tdTarget, slot
      in   reward      f32   batch time
           terminated  bool  batch time
           nextValue   f32   batch time
      out  value       f32   batch time
      offered and not taken: truncated, valid

    tdLoss  maskedMse, slot
      in   prediction  f32   batch time
           target      f32   batch time
           mask        f32   batch time
      out  loss        f32   one number

    rule q    trains agentQ, mixer; rmsprop, lr 0.0005; clipNorm 10
    weights   37,767, and lagged copies for the targets
    acting    52,480 multiply-adds a time step, all agents
    learning  126,528 multiply-adds a time step forward, targets included

    mult-adds are those of dense, gru, lstm and convolution kernels, for one row x rows of a time step
    (a convolution: for one place of its output); products without weights are not counted.
    "
  `); });
  it('without an environment has dims by name', async () => {
    const { stdout } = await skein('table', 'qmix');
    expect(stdout).toContain('  out  q       f32   batch time+1 agent action\n');
    expect(stdout).not.toMatch(/:\d/);
  });
  it('is the description as JSON', async () => {
    const sizes = { agent: 2, action: 2, obs: 3, state: 3, id: 2, neighbour: 2, other: 1 };
    const { nodes, ...rest } = await json('table', 'qmix', '--env', 'matrix/two-step') as { nodes: { name: string; multiplyAdds: unknown }[] }, sized = plan(qmix, sizes);
    expect({ ...rest, nodes: nodes.map(({ multiplyAdds: _, ...n }) => n) }).toEqual(JSON.parse(JSON.stringify(describePage(qmix, sizes))));
    expect(nodes.map(n => n.multiplyAdds)).toEqual(nodes.map(n => workOf(sized, n.name)));
    expect(await json('table', 'qmix')).toEqual(JSON.parse(JSON.stringify(describePage(qmix))));
  });
  it('counts one multiply-add for every number of a kernel', () => {
    const sized = plan(qmix, { agent: 3, action: 5, obs: 7, state: 11, id: 3 });
    // first 15 x 64 (7 obs, 5 last action, 3 id), gru 3 gates of 64 x 64 from the input and from the carry, q 64 x 5
    expect(workOf(sized, 'agentQ')).toEqual({ perRow: 15 * 64 + 2 * 3 * 64 * 64 + 64 * 5, rows: 3 });
    // w1 11 x 64 and 64 x (3 x 32), b1 11 x 32, w2 11 x 64 and 64 x 32, v 11 x 32 and 32 x 1
    expect(workOf(sized, 'targetMixer')).toEqual({ perRow: 11 * 64 + 64 * 96 + 11 * 32 + 11 * 64 + 64 * 32 + 11 * 32 + 32, rows: 1 });
    expect(workOf(sized, 'chosen')).toEqual({ perRow: 0, rows: 3 });
  });
});

describe('env check', () => {
  it('says that an environment keeps the contract', async () => {
    const { code, stdout } = await skein('env', 'check', 'matrix/two-step', '--steps', '40');
    expect(code).toBe(0);
    expect(stdout.replace(/[\d,]+ steps\/s/, 'N steps/s')).toMatchInlineSnapshot(`
      "matrix/two-step keeps the contract
        played  158 steps, 78 whole episodes, 4 copies, random actions
        speed   N steps/s, those of all copies added up
        world   2 agents, 2 actions, obs 3, state 3, at most 2 steps an episode
        return  0 .. 8 an episode
        fields  obs f32 [agent obs], state f32 [state], avail bool [agent action], seenAction i32 [agent
                other], seen bool [agent other], reward f32, agentReward f32 [agent], terminated bool,
                truncated bool
      "
    `);
  });
  it('of a plugin', async () => { expect(await json('env', 'check', 'pair/alike', '--steps', '40', '--plugin', `${PLUGINS}/pair.ts`)).toMatchObject({ environment: 'pair/alike', copies: 4, problems: [], spec: { limit: 3, sizes: { agent: 2 } } }); });
  it('names every breach, with exit code 1', async () => {
    mkdirSync(folder.in('env'));
    writeFileSync(folder.in('env/sloppy.ts'), `
import { ContainerModule } from 'inversify';
const make = (_task: string, _options: unknown, { copies }: { copies: number }) => {
  const fields = { obs: new Float32Array(copies), reward: new Float32Array(copies), terminated: new Uint8Array(copies).fill(1), truncated: new Uint8Array(copies) };
  const f32 = { dtype: 'f32', dims: '' }, bool = { dtype: 'bool', dims: '' };
  return {
    spec: { id: 'sloppy/x', sizes: { agent: 1, action: 2, obs: 1 }, actions: 'discrete', limit: 3, reward: 'common', fields: { obs: { dtype: 'f32', dims: 'obs' }, reward: f32, terminated: bool, truncated: bool } }, copies, fields,
    step() { fields.obs.fill(NaN); fields.terminated.fill(7); }, reset() { fields.terminated.fill(0); }, getState: () => 0, setState() { /* nothing */ }, close() { /* nothing */ },
  };
};
export const plugin = { name: 'sloppy', version: '0.0.1', api: 1 };
export default new ContainerModule(({ bind }) => { bind(Symbol.for('skein.Environment')).toConstantValue({ family: 'sloppy', about: 'breaks its word', tasks: { x: 'x' }, options: {}, make }); });
`);
    const { code, stdout, stderr } = await skein('env', 'check', 'sloppy/x', '--plugin', folder.in('env/sloppy.ts'), '--steps', '20');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toContain('3 problems in environment sloppy/x\n\n1  FINITE   obs[0] of copy 0 in step 1 is NaN\n     fix      end the episode, or throw, before a number stops being one\n\n2  BOOL     terminated[0]');
    expect(JSON.parse((await skein('env', 'check', 'sloppy/x', '--plugin', folder.in('env/sloppy.ts'), '--steps', '20', '--json')).stdout)).toMatchObject({ problems: [{ code: 'FINITE' }, { code: 'BOOL' }, { code: 'LIMIT' }] });
  });
  it('of one that is not there is bad usage', async () => { expect(await skein('env', 'check', 'matrix/m9')).toMatchObject({ code: 2, stdout: '' }); });
});

describe('every command', () => {
  it.each([['list', 'algorithms'], ['table', 'qmix'], ['check', 'qmix'], ['diff', 'vdn', 'vdn'], ['env', 'check', 'matrix/m1', '--steps', '20']])('%s %s takes --quiet and --ascii, and keeps to ASCII', async (...argv) => {
    const { code, stdout, stderr } = await skein(...argv, '--quiet', '--ascii');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^[\n -~]+$/);
  });
  it('writes signs outside ASCII as near as it can', async () => {
    expect((await skein('diff', 'vdn', 'qmix')).stdout).toContain('vdn → qmix');
    expect((await skein('diff', 'vdn', 'qmix', '--ascii')).stdout).toContain('vdn -> qmix');
  });
});
