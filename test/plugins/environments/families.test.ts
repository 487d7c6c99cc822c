/** What holds for every environment that needs nothing but Node. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VectorEnvironment } from '../../../core/environment.ts';
import { Random } from '../../../core/random.ts';
import { checkEnvironment } from '../../../plugins/environments/check.ts';
import { makeEnvironment } from '../../../plugins/environments/id.ts';
import { families } from '../../../plugins/environments/index.ts';
import { optionTable } from '../../../plugins/environments/options.ts';
import { actionArray, hasEnded, snapshot, type Snapshot } from '../../../plugins/environments/trace.ts';

const listed = families.flatMap(({ family, tasks }) => Object.keys(tasks).map(task => `${family}/${task}`));
const variants = ['matrix/climbing?observe=lastAction&timeoutAs=truncated', 'matrix/penalty?steps=3', 'lbf/6x9-3p-3f?sight=2&grid=true', 'lbf/5x5-1p-1f',
  'lbf/5x5-4p-2f-coop?avail=false&penalty=0.5&timeoutAs=truncated', 'lbf/6x6-2p-2f?normalise=false&observeAgentLevels=false', 'classic/cartpole?steps=20', 'classic/mountain-car?steps=500&goalVelocity=0.07',
  'classic/mountain-car-continuous?steps=30&goalVelocity=0.02', 'classic/acrobot?steps=7', 'classic/pendulum?gravity=9.81&steps=300', 'parity/line?agents=2', 'parity/ring?agents=5&steps=7',
  'partner/match?agents=1&visible=1', 'partner/match?agents=3&actions=5&change=0.2&steps=7', 'partner/cover?visible=0&noise=1',
  'mpe/simple?continuous=true', 'mpe/spread?N=5&agentNeighbours=2&landmarkNeighbours=3', 'mpe/spread?N=1&agentNeighbours=2', 'mpe/speaker-listener?continuous=true&integration=velocity-first', 'mpe/crypto?continuous=true', 'mpe/tag?terminateOnSuccess=true&curriculum=0&obstacles=0',
  'mpe/tag?good=3&agentNeighbours=2&landmarkNeighbours=1&continuous=true', 'mpe/reference?continuous=true', 'mpe/world-comm?forests=0&obstacles=0', 'mpe/world-comm?continuous=true&good=1&adversaries=1',
  'mpe/formation?N=1&terminateOnSuccess=true', 'mpe/line?N=6&continuous=true', 'mpe/collect-treasure?collectors=1&deposits=1&treasures=1', 'mpe/collect-treasure?continuous=true&steps=60',
  'mapf/10x10?agents=1&density=0&steps=30', 'mapf/7x5?agents=5&density=0.2&sight=5&steps=40&moveOrder=shuffled', 'pogema/6x6?agents=1&steps=30', 'pogema/6x5?agents=6&density=0.1&sight=2&steps=40&moveOrder=shuffled',
  'pogema/5x6?agents=5&density=0.1&sight=3&onTarget=nothing&collisionSystem=blockBoth&steps=40', 'pogema/6x6?agents=7&density=0.1&sight=2&onTarget=restart&collisionSystem=soft&agentsChannel=exact&steps=40'];
const make = async (id: string, copies: number, seed: number): Promise<VectorEnvironment> => makeEnvironment(id, families, { copies, seed });

it.each([...listed, ...variants])('%s keeps the contract', async id => {
  const { limit } = (await make(id, 1, 0)).spec, { problems, episodes } = await checkEnvironment(setting => makeEnvironment(id, families, setting), { steps: Math.max(300, limit) });
  expect(problems).toEqual([]);
  expect(episodes).toBeGreaterThan(0);
});

const some = fc.constantFrom('matrix/two-step', 'matrix/mmdp', 'quadratic/product', 'lbf/5x5-3p-2f?penalty=0.1', 'lbf/6x6-2p-2f-coop?sight=2', 'lbf/5x5-4p-1f?grid=true&sight=1', 'classic/cartpole', 'classic/mountain-car?steps=15', 'classic/mountain-car-continuous?steps=15', 'classic/acrobot',
  'classic/pendulum?steps=20', 'parity/line?steps=3', 'parity/ring?agents=3&steps=12', 'partner/match?agents=3&change=0.1&steps=9', 'partner/cover?steps=6', 'mpe/spread', 'mpe/speaker-listener?continuous=true', 'mpe/tag?terminateOnSuccess=true', 'mpe/world-comm?integration=velocity-first', 'mpe/crypto', 'mpe/adversary?agentNeighbours=1', 'mpe/line', 'mpe/collect-treasure?collectors=3&treasures=9',
  'mapf/5x5?agents=4&density=0.2&steps=20', 'mapf/5x4?agents=3&density=0-0.3&sight=4&moveOrder=shuffled', 'pogema/5x5?agents=5&density=0.1&sight=2&steps=20', 'pogema/5x5?agents=6&density=0.1&sight=2&onTarget=restart&collisionSystem=soft');
const actionsOf = (env: VectorEnvironment, random: Random) => actionArray(env, (_, width) =>
  env.spec.actions === 'discrete' ? [random.integer(env.spec.sizes['action']!)] : Array.from({ length: width }, () => 2 * random.uniform() - 1));
async function play(env: VectorEnvironment, steps: number, random: Random): Promise<readonly Snapshot[]> {
  const seen: Snapshot[] = [];
  for (let step = 0; step < steps; step++) {
    await env.step(actionsOf(env, random));
    seen.push(snapshot(env, 0));
    await env.reset(Uint8Array.from({ length: env.copies }, (_, copy) => hasEnded(env, copy) ? 1 : 0));
  }
  return seen;
}

describe('every environment', () => {
  it('does in many copies what it does in one', async () => {
    await fc.assert(fc.asyncProperty(some, fc.array(fc.nat(0xffffffff), { minLength: 2, maxLength: 5 }), fc.nat(), async (id, seeds, actionSeed) => {
      const together = await make(id, seeds.length, 0), random = Random.of(actionSeed, 'test');
      const alone = await Promise.all(seeds.map(() => make(id, 1, 99)));
      await together.reset(new Uint8Array(seeds.length).fill(1), Uint32Array.from(seeds));
      for (const [copy, env] of alone.entries()) await env.reset(Uint8Array.of(1), Uint32Array.of(seeds[copy]!));
      for (let step = 0; step < 25; step++) {
        const actions = actionsOf(together, random), each = actions.length / seeds.length;
        await together.step(actions);
        for (const [copy, env] of alone.entries()) {
          await env.step(actions.slice(copy * each, (copy + 1) * each));
          expect(snapshot(env, 0)).toEqual(snapshot(together, copy));
        }
      }
    }), { numRuns: 30 });
  });

  it('resets only the copies of the mask', async () => {
    await fc.assert(fc.asyncProperty(some, fc.nat(), fc.array(fc.nat(1), { minLength: 4, maxLength: 4 }), fc.nat(20), async (id, seed, mask, steps) => {
      const env = await make(id, 4, seed);
      await env.reset(new Uint8Array(4).fill(1));
      await play(env, steps, Random.of(seed, 'test'));
      const before = mask.map((_, copy) => [snapshot(env, copy), env.getState(copy)]);
      await env.reset(Uint8Array.from(mask));
      mask.forEach((chosen, copy) => {
        if (chosen === 0) expect([snapshot(env, copy), env.getState(copy)]).toEqual(before[copy]);
        else expect(hasEnded(env, copy)).toBe(false);
      });
    }), { numRuns: 30 });
  });

  it('has the same future in any environment that is given its state', async () => {
    await fc.assert(fc.asyncProperty(some, fc.nat(), fc.nat(30), async (id, seed, steps) => {
      const env = await make(id, 1, seed), other = await make(id, 1, seed + 1);
      await env.reset(Uint8Array.of(1));
      await play(env, steps, Random.of(seed, 'past'));
      other.setState(0, JSON.parse(JSON.stringify(env.getState(0))));
      expect(snapshot(other, 0)).toEqual(snapshot(env, 0));
      expect(await play(other, 40, Random.of(seed, 'future'))).toEqual(await play(env, 40, Random.of(seed, 'future')));
    }), { numRuns: 30 });
  });

  it('can be saved before its first episode', async () => {
    for (const id of listed) {
      const env = await make(id, 1, 7), other = await make(id, 1, 8);
      await other.reset(Uint8Array.of(1));
      other.setState(0, JSON.parse(JSON.stringify(env.getState(0))));
      await env.reset(Uint8Array.of(1));
      await other.reset(Uint8Array.of(1));
      expect(snapshot(other, 0)).toEqual(snapshot(env, 0));
    }
  });

  it('refuses masks and seeds of another length', async () => {
    for (const id of listed) {
      const env = await make(id, 2, 0);
      expect(() => env.reset(new Uint8Array(3))).toThrow(/a mask of 3 for 2 copies/);
      expect(() => env.reset(new Uint8Array(2), new Uint32Array(1))).toThrow(/1 seeds for 2 copies/);
    }
  });
});

it('the options that users see', () => {
  expect(Object.fromEntries(families.map(({ family, options }) => [family, optionTable(options)]))).toMatchInlineSnapshot(`
    {
      "classic": [
        "steps         whole number 0 .. 1000000  default 0   steps after which an episode is truncated; 0: as Gymnasium does (CartPole-v1 500, v0 200)",
        "goalVelocity  number 0 .. 0.07           default 0   velocity that the mountain cars must have at their flag",
        "gravity       number 0 .. 1000           default 10  gravity of the pendulum, m/s^2",
      ],
      "lbf": [
        "sight               whole number 0 .. 100      default 0           cells a player sees in each direction; 0: the whole field",
        "grid                true or false              default false       observations are three layers of (2 sight + 1)^2 cells (player levels, food levels, free cells), flat",
        "observeAgentLevels  true or false              default true        players see the levels of players",
        "avail               true or false              default true        offer valid actions only; false offers all, and an invalid one does nothing, as EPyMARL plays",
        "penalty             number 0 .. 1000           default 0           what each participant of a failed load loses",
        "normalise           true or false              default true        rewards are shares of all food: a perfect episode returns 1",
        "minPlayerLevel      text                       default 1           lowest level of the players, 1 .. 1000: one number, or one for each: 1,1,3",
        "maxPlayerLevel      text                       default 2           highest level of the players, written the same",
        "minFoodLevel        text                       default 1           lowest level of the foods, written the same",
        "maxFoodLevel        text                       default 0           highest level of the foods; 0: the sum of the three lowest player levels",
        "steps               whole number 1 .. 1000000  default 50          most steps of an episode",
        "timeoutAs           terminated or truncated    default terminated  the flag that the limit sets; the original says terminated",
      ],
      "mapf": [
        "agents        whole number 1 .. 1024     default 8      how many agents",
        "density       text                       default 0-0.5  chance of a wall in a cell, 0 .. 0.9: one number, or two for a triangular draw each episode",
        "sight         whole number 1 .. 100      default 10     side of the square window that an agent sees",
        "steps         whole number 1 .. 1000000  default 256    most steps of an episode",
        "moveOrder     index or shuffled          default index  who moves first in a step: the lower index, or anybody, drawn for each step",
        "blockingCost  number 0 .. 1000           default 2      what it costs to stay on the goal, for every agent whose way that blocks (the authors' code: 1)",
        "finishReward  number 0 .. 1000           default 20     what each agent gets when all stand on their goals (the authors' code pays none)",
      ],
      "matrix": [
        "steps      whole number 0 .. 10000  default 0           steps of an episode; 0: as the game is published (1, 25, mmdp 100)",
        "observe    state or lastAction      default state       state: one-hot of the game's state, a constant 1 in a repeated game; lastAction: one-hot of every agent's last action, 0 at the start",
        "k          number 0 .. 1000         default 100         penalty of \`penalty\`: what missing each other costs",
        "win        number 0 .. 1000000      default 1           reward of \`mmdp\` for (0,0)",
        "agents     whole number 2 .. 16     default 2           agents of \`halves\`, an even number",
        "timeoutAs  terminated or truncated  default terminated  the flag that the last step of a repeated game sets; the originals say terminated",
      ],
      "mpe": [
        "N                   whole number -1 .. 64             default -1              agents of spread (3, and as many landmarks), formation (4) and line (4), good agents and landmarks of adversary (2); -1: as MPE has it",
        "good                whole number -1 .. 64             default -1              good agents of tag (1) and world-comm (2); -1: as MPE has it",
        "adversaries         whole number -1 .. 64             default -1              adversaries of tag (3) and world-comm (4, the first one leads)",
        "obstacles           whole number -1 .. 64             default -1              obstacles of tag (2) and world-comm (1)",
        "food                whole number -1 .. 64             default -1              places with food of world-comm (2)",
        "collectors          whole number -1 .. 64             default -1              collectors of collect-treasure (6)",
        "deposits            whole number -1 .. 64             default -1              deposits of collect-treasure, each for a type (2)",
        "treasures           whole number -1 .. 64             default -1              treasures of collect-treasure (6)",
        "forests             whole number -1 .. 64             default -1              forests of world-comm (2)",
        "localRatio          number 0 .. 1                     default 0.5             share of an agent's own reward beside the common one, in spread and reference",
        "curriculum          whole number -1 .. 2              default -1              stage of the curriculum: spread 0 (overlaps cost nothing), 1; tag 0 (prey at half speed), 1 (at 3/4), 2; -1: the whole task",
        "terminateOnSuccess  true or false                     default false           spread, formation and line end when every place is covered, tag when all prey are caught at once",
        "agentNeighbours     whole number 0 .. 64              default 0               only so many of the other agents are observed, the nearest first, in spread, adversary and tag; 0: all",
        "landmarkNeighbours  whole number 0 .. 64              default 0               the same of landmarks",
        "continuous          true or false                     default false           numbers in [-1, 1] as actions, which stand for 0 .. 1: nothing, push to -x, +x, -y, +y, then an utterance; false: a push, times a word where an agent does both",
        "integration         position-first or velocity-first  default position-first  what moves a body: its old velocity (MPE2) or its new one (velocity-first: OpenAI's MPE and papers until 2023)",
        "steps               whole number 1 .. 1000000         default 25              steps after which an episode is truncated (max_cycles)",
      ],
      "parity": [
        "agents  whole number 2 .. 100   default 4  how many agents; a ring has 3 at least",
        "steps   whole number 1 .. 1000  default 1  steps of an episode, each with new bits",
      ],
      "partner": [
        "agents   whole number 1 .. 32    default 2    how many agents play with the partner",
        "actions  whole number 2 .. 64    default 3    actions of everybody, and types of the partner: each has an action of its own",
        "noise    number 0 .. 1           default 0.2  share of its steps in which the partner plays any action instead of its own",
        "change   number 0 .. 1           default 0    chance after each step that the partner becomes any type",
        "visible  number 0 .. 1           default 0.5  chance that an agent sees what another has just done, drawn for both ways of every two at every step",
        "steps    whole number 1 .. 1000  default 20   steps of an episode",
      ],
      "pogema": [
        "agents           whole number 1 .. 1024         default 2         how many agents",
        "density          number 0 .. 0.95               default 0.3       chance of a wall in a cell",
        "sight            whole number 1 .. 128          default 5         cells an agent sees in each direction (obs_radius)",
        "steps            whole number 1 .. 1000000      default 64        most steps of an episode",
        "onTarget         finish or nothing or restart   default finish    an agent that arrives finishes and is gone; does nothing until all stand on their targets; restarts with a new target",
        "collisionSystem  priority or blockBoth or soft  default priority  priority: one after another into free cells; blockBoth: nobody into a cell that is taken or that two want; soft: as many moves at once as do not meet",
        "moveOrder        index or shuffled              default index     who moves first with priority: the lower index, as in the original, or anybody, drawn for each step",
        "agentsChannel    original or exact              default original  with soft collisions the original leaves an agent that follows a higher index out of the agents layer for that step; exact marks it",
      ],
      "quadratic": [],
    }
  `);
});
