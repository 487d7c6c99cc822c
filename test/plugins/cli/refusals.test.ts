/** Numbers and wiring that make no sense are refused before a run begins, by place and with the remedy; its folder is never made. */
import { existsSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { scratch, skein } from './skein.ts';

const folder = scratch();
afterAll(folder.remove);
const PLUGIN = './test/fixtures/plugins/unlike.ts', SHORT = ['--steps', '40', '--engine', 'tfjs:cpu'], M1 = ['--env', 'matrix/m1'];
const CASES: Readonly<Record<string, readonly string[]>> = {
  'a slot offered too little': ['vdn', ...M1, '--swap', 'tdTarget=qLambda'],
  'a discount above 1': ['qmix', ...M1, '--set', 'tdTarget.gamma=1.5'],
  'a discount below 0': ['qmix', ...M1, '--set', 'tdTarget.gamma=-0.1'],
  'a discount that grows beyond 1': ['qmix', ...M1, '--set', 'tdTarget.gamma={"schedule":"linear","from":0.9,"to":1.1,"over":10,"clock":"steps"}'],
  'a replay that would stay empty': ['dqn', '--env', 'classic/cartpole', '--set', 'data.start=20000'],
  'a replay of nothing': ['qmix', ...M1, '--set', 'data.keep=0'],
  'a replay smaller than a batch': ['qmix', ...M1, '--set', 'data.keep=16'],
  'priorities to a power below 0': ['prioritisedDqn', '--env', 'classic/cartpole', '--set', 'data.prioritised={"alpha":-1,"beta":0.4}'],
  'weights of priorities beyond 1': ['prioritisedDqn', '--env', 'classic/cartpole', '--set', 'data.prioritised={"alpha":0.6,"beta":2}'],
  'choices where actions are continuous': ['dqn', '--env', 'classic/pendulum'],
  'agents with numbers of actions of their own': ['qplex', '--env', 'unlike/counts', '--plugin', PLUGIN],
  'fields of fewer actions than there are': ['qplex', '--env', 'unlike/narrow', '--plugin', PLUGIN],
};
describe('train', () => {
  it('refuses what makes no sense, by place and with the remedy, and makes no folder', async () => {
    const said: Record<string, string> = {};
    for (const [what, argv] of Object.entries(CASES)) {
      const out = folder.in(what.replaceAll(' ', '-')), { code, stdout, stderr } = await skein('train', ...argv, ...SHORT, '--out', out);
      expect({ code, stdout }, what).toEqual({ code: 2, stdout: '' });
      expect(existsSync(out)).toBe(false);
      said[what] = stderr;
    }
    expect(Object.values(said).join('\n')).toMatchInlineSnapshot(`
      "error: 1 problem in graph vdn

      1  OFFER    slot tdTarget: qLambda asks for nextTaken
           asks     nextTaken f32 [... time]
           offered  reward, terminated, truncated, valid, nextValue
           fix      offer nextTaken at tdTarget, or choose a node whose ports are among those offered

      error: 1 problem in graph qmix

      1  CONFIG   tdTarget.gamma: 1.5 is outside 0 to 1
           settings  gamma = 0.99
           fix      gamma is a number or a schedule within 0 to 1, 0.99 by default

      error: 1 problem in graph qmix

      1  CONFIG   tdTarget.gamma: -0.1 is outside 0 to 1
           settings  gamma = 0.99
           fix      gamma is a number or a schedule within 0 to 1, 0.99 by default

      error: 1 problem in graph qmix

      1  CONFIG   tdTarget.gamma: a schedule from 0.9 to 1.1 leaves 0 to 1
           settings  gamma = 0.99
           fix      gamma is a number or a schedule within 0 to 1, 0.99 by default

      error: 1 problem in graph dqn

      1  SOURCE   source data: start is 20000 and it keeps 10000, so learning would never begin
           fix      start at or below keep

      error: page qmix with the settings given: not a page
        sources.data.keep: a whole number above 0
        fix: see docs/page.schema.json

      error: 1 problem in graph qmix

      1  SOURCE   source data: a batch of 32 cannot be drawn from the 16 it keeps
           fix      keep at least one batch

      error: page prioritisedDqn with the settings given: not a page
        sources.data.prioritised.alpha: a number, 0 or above
        fix: see docs/page.schema.json

      error: 1 problem in graph prioritisedDqn

      1  SOURCE   source data: prioritised: beta: 2 is outside 0 to 1
           fix      alpha 0 or more, beta between 0 and 1

      error: dqn chooses discrete actions, and those of classic/pendulum are continuous
        fix: an environment with discrete actions, or another page: skein list

      error: unlike/counts: sizes.action is [2,3]
        fix: one whole number above 0 for all agents: pad those that have fewer actions or observe less, and let avail forbid what they do not have

      error: unlike/narrow offers avail with 4 values a copy, and qplex reads [agent action] of 6
        fix: skein env check unlike/narrow says what is wrong with it
      "
    `);
  });
  it.each([
    ['q.lrr=1e-3', 'rule q of qmix has no setting lrr; did you mean lr?'],
    ['q.clipnorm=5', 'rule q of qmix has no setting clipnorm; did you mean clipNorm?'],
    ['data.bach=16', 'source data of qmix has no setting bach; did you mean batch?'],
    ['targets.poliak=0.1', 'targets of qmix has no setting poliak; did you mean polyak?'],
    ['act.seez=all', 'act of qmix has no setting seez; did you mean sees?'],
    ['agentq.hidden=32', 'the page qmix has no agentq; did you mean agentQ?'],
  ])('knows what was meant by --set %s', async (written, why) => {
    const { code, stdout, stderr } = await skein('train', 'qmix', ...M1, '--set', written, ...SHORT);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split('\n')[0]).toBe(`error: --set ${written.split('=')[0]}: ${why}`);
    expect(stderr).toMatch(/\n {2}fix: (its settings are .*\w|nodes .*; targets; act)\n$/);
  });
  it('says before it begins that a run is too short to learn, and makes it', async () => {
    const { code, stdout } = await skein('train', 'dqn', '--env', 'classic/cartpole', ...SHORT, '--evaluate', '40:1', '--out', folder.in('short'));
    expect(code).toBe(0);
    expect(stdout).toContain('  note     nothing will be learned: the first update waits for 10,000 steps, and the run has 40\n           steps; more --steps, or --set data.start=...\n');
    expect((await skein('train', 'dqn', '--env', 'classic/cartpole', ...SHORT, '--set', 'data.batch=2', '--set', 'data.start=40', '--evaluate', '40:1', '--out', folder.in('enough'))).stdout).not.toContain('nothing will be learned');
  });
});
