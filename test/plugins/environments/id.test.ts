import { describe, expect, it } from 'vitest';
import { InputError } from '../../../core/error.ts';
import { makeEnvironment, parseEnvironmentId } from '../../../plugins/environments/id.ts';
import { families } from '../../../plugins/environments/index.ts';

const setting = { copies: 1, seed: 0 };
const idOf = async (text: string) => (await makeEnvironment(text, families, setting)).spec.id;
const errorOf = (text: string): string => {
  try { makeEnvironment(text, families, setting); } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).message;
  }
  throw new Error(`${text} was accepted`);
};

describe('environment ids', () => {
  it.each([
    ['matrix/m1', 'matrix/m1'],
    ['matrix/two_step', 'matrix/two-step'],
    ['MATRIX/TwoStep', 'matrix/two-step'],
    ['matrix/penalty?k=25&steps=10', 'matrix/penalty?steps=10&k=25'],
    ['matrix/penalty?k=1e2', 'matrix/penalty'],
    ['lbf/8x8-2p-3f-coop?sight=2', 'lbf/8x8-2p-3f-coop?sight=2'],
    ['lbf/8X8-2P-3F-Coop', 'lbf/8x8-2p-3f-coop'],
    ['lbf/8x8-3p-2f?maxplayerlevel=1,2,3&minFoodLevel=1&maxFoodLevel=0,3', 'lbf/8x8-3p-2f?maxPlayerLevel=1,2,3&maxFoodLevel=0,3'],
    ['lbf/7x9-3p-2f?timeout_as=Truncated&observe-agent-levels=false', 'lbf/7x9-3p-2f?observeAgentLevels=false&timeoutAs=truncated'],
    ['lbf/8x8-2p-3f?penalty=.5', 'lbf/8x8-2p-3f?penalty=0.5'],
    ['classic/cartpole?', 'classic/cartpole'],
    ['classic/CartPole?steps=200', 'classic/cartpole?steps=200'],
  ])('%s is %s', async (text, id) => {
    expect(await idOf(text)).toBe(id);
    expect(await idOf(id)).toBe(id);
  });

  it('keep apart what was given and what is default', () => {
    expect(parseEnvironmentId('lbf/8x8-2p-3f?steps=50&sight=2', families)).toMatchObject({ task: '8x8-2p-3f', options: { steps: 50, sight: 2 } });
  });

  it('with an unknown family name the near one', () => expect(errorOf('matrx/m1')).toMatchInlineSnapshot(`
    "environment matrx/m1: no family "matrx"; did you mean matrix?
      fix: families are matrix, quadratic, parity, partner, lbf, mpe, mapf, pogema, classic; write family/task?option=value"
  `));
  it('without a near family list them', () => expect(errorOf('starcraft/3m')).toMatchInlineSnapshot(`
    "environment starcraft/3m: no family "starcraft"
      fix: families are matrix, quadratic, parity, partner, lbf, mpe, mapf, pogema, classic; write family/task?option=value"
  `));
  it('without a task list them', () => expect(errorOf('matrix')).toMatchInlineSnapshot(`
    "environment matrix/: the task is missing
      fix: tasks are m1, m2, m3, m4, climbing, penalty, trivial, linear, nonlinear, prisoners, climbing-3p, parts, halves, two-step, mmdp"
  `));
  it('with an unknown task name the near one', () => expect(errorOf('matrix/climbin')).toMatchInlineSnapshot(`
    "environment matrix/climbin: no task "climbin"; did you mean matrix/climbing?
      fix: tasks are m1, m2, m3, m4, climbing, penalty, trivial, linear, nonlinear, prisoners, climbing-3p, parts, halves, two-step, mmdp"
  `));
  it('with a task outside the grammar say the grammar', () => expect(errorOf('lbf/Foraging-8x8-2p-3f-v3')).toMatchInlineSnapshot(`
    "environment lbf/foraging-8x8-2p-3f-v3: no task "foraging-8x8-2p-3f-v3"
      fix: write {rows}x{cols}-{players}p-{foods}f, with -coop behind it if need be (2s- of other names is option sight=2), for example 8x8-2p-2f-coop, 8x8-2p-3f, 8x8-2p-3f-coop, 10x10-3p-3f, 15x15-4p-3f, 15x15-3p-5f, 15x15-4p-5f"
  `));
  it('with an unknown option list them with their ranges', () => expect(errorOf('classic/cartpole?step=200')).toMatchInlineSnapshot(`
    "environment classic/cartpole?step=200: no option step; did you mean steps?
      options:
        steps         whole number 0 .. 1000000  default 0   steps after which an episode is truncated; 0: as Gymnasium does (CartPole-v1 500, v0 200)
        goalVelocity  number 0 .. 0.07           default 0   velocity that the mountain cars must have at their flag
        gravity       number 0 .. 1000           default 10  gravity of the pendulum, m/s^2
      fix: give an option of this list, in its range"
  `));
  it('with an option out of range', () => expect(errorOf('matrix/m1?steps=-1')).toMatchInlineSnapshot(`
    "environment matrix/m1?steps=-1: steps=-1 is not in its range: whole number 0 .. 10000
      options:
        steps      whole number 0 .. 10000  default 0           steps of an episode; 0: as the game is published (1, 25, mmdp 100)
        observe    state or lastAction      default state       state: one-hot of the game's state, a constant 1 in a repeated game; lastAction: one-hot of every agent's last action, 0 at the start
        k          number 0 .. 1000         default 100         penalty of \`penalty\`: what missing each other costs
        win        number 0 .. 1000000      default 1           reward of \`mmdp\` for (0,0)
        agents     whole number 2 .. 16     default 2           agents of \`halves\`, an even number
        timeoutAs  terminated or truncated  default terminated  the flag that the last step of a repeated game sets; the originals say terminated
      fix: give an option of this list, in its range"
  `));

  it.each([
    ['lbf/8x8-2p-3f?sight=2.5', 'sight=2.5 is not in its range: whole number 0 .. 100'],
    ['lbf/8x8-2p-3f?sight=two', 'sight=two is not in its range: whole number 0 .. 100'],
    ['lbf/8x8-2p-3f?sight=0x2', 'sight=0x2 is not in its range: whole number 0 .. 100'],
    ['lbf/8x8-2p-3f?sight=', 'sight= is not in its range: whole number 0 .. 100'],
    ['lbf/8x8-2p-3f?penalty=1e999', 'penalty=Infinity is not in its range: number 0 .. 1000'],
    ['lbf/8x8-2p-3f?grid=1', 'grid=1 is not in its range: true or false'],
    ['lbf/8x8-2p-3f?grid', 'grid has no value: true or false'],
    ['lbf/8x8-2p-3f-coop?coop=false', 'no option coop'],
    ['lbf/8x8-2p-3f-coop?minFoodLevel=2', 'minFoodLevel does nothing in a -coop task'],
    ['lbf/8x8-2p-3f?maxPlayerLevel=1,2,3', 'maxPlayerLevel=1,2,3 is no level, nor one for each of 2 players'],
    ['lbf/8x8-2p-3f?minPlayerLevel=0', 'minPlayerLevel=0 is no level'],
    ['lbf/8x8-2p-3f?maxFoodLevel=', 'maxFoodLevel= is no level'],
    ['lbf/8x8-2p-3f?minPlayerLevel=1,3', 'minPlayerLevel is above maxPlayerLevel'],
    ['matrix/two-step?timeoutAs=truncated', 'two-step ends by itself'],
    ['lbf/8x8-2p-3f?timeoutAs=done', 'timeoutAs=done is not in its range: terminated or truncated'],
    ['lbf/8x8-2p-3f?sight=2&sight=3', 'sight is given twice'],
    ['lbf/8x8-2p-3f?__proto__=1', 'no option __proto__'],
    ['lbf/8x8-2p-3f?constructor=1', 'no option constructor'],
    ['constructor/x', 'no family "constructor"'],
    ['lbf/2s-8x8-2p-2f-coop', 'option sight=2'],
    ['matrix/constructor', 'no task "constructor"'],
    ['matrix/m1?k=3', 'option k belongs to penalty'],
    ['matrix/two-step?steps=3', 'two-step always lasts 2 steps'],
    ['lbf/2x8-2p-1f', '2 rows'],
    ['lbf/3x3-5p-1f', '5 players on 9 cells'],
    ['lbf/8x8-2p-3f?minPlayerLevel=3', 'minPlayerLevel is above maxPlayerLevel'],
    ['lbf/8x8-2p-3f?minFoodLevel=3', 'minFoodLevel is above the highest level of food, which may be as low as 2'],
  ])('%s is refused: %s', (text, message) => expect(errorOf(text)).toContain(message));

  it('copies are 1 or more', () => expect(() => makeEnvironment('matrix/m1', families, { copies: 0, seed: 0 })).toThrow(/0 copies/));
});
