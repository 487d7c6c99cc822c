/** Collect-treasure: collectors pick up treasures and bring each to the deposit of its type; deposits move, too. */
import type { RandomSource } from '../../../core/random.ts';
import { agentBody, indices, landmarkBody, several, View, type Scenario } from './scenario.ts';
import type { ParticleWorld } from './world.ts';

const FOUND = 5, OVERLAP = 5, SHAPE = 0.1, FIELD = 0.95;
/** Where the original puts a treasure that was picked up; it comes back in the next step. */
const GONE = -999;

/**
 * Collectors 0 .. collectors - 1, then a deposit for each type of treasure; bodies do not collide. A free collector that touches a treasure holds it,
 * and one that touches the deposit of what it holds is free again; each of these pays 5 to everybody. A collector loses 5 for every collector that
 * it overlaps, and 0.1 of its distance to the nearest treasure, or to the deposit of what it holds; a deposit 0.1 of its distance to the nearest
 * collector that holds its type, or to the middle of all collectors where none does.
 *
 * obs: place, velocity, of a collector what it holds (one-hot); then of the other agents, the nearest first: offset, velocity, type of a deposit,
 * type held; then of the treasures, the nearest first: offset, type. 0 of a treasure that is gone.
 * Source: MPE2 1.1.1 `collect_treasure_v1` (Iqbal and Sha 2019, arXiv 1810.02912).
 */
export function collectTreasure({ collectors, deposits, treasures }: { readonly collectors: number; readonly deposits: number; readonly treasures: number }): Scenario {
  const agents = collectors + deposits, others = new View(agents - 1, agents - 1), found = new View(treasures, treasures);
  // What a copy remembers, as whole numbers: the type of each treasure; whether it is there; what each collector holds, 0 nothing.
  const THERE = treasures, HELD = 2 * treasures;
  const holds = (world: ParticleWorld, copy: number, collector: number): number => world.chosen(copy, HELD + collector);
  const bury = (world: ParticleWorld, copy: number, treasure: number, random: RandomSource): void => {
    world.choose(copy, treasure, random.integer(deposits, 'mpe.type'));
    world.choose(copy, THERE + treasure, 1);
    world.scatter(copy, agents + treasure, agents + treasure + 1, FIELD, random);
  };
  const oneHot = (which: number, into: Float32Array, at: number): number => {
    for (let i = 0; i < deposits; i++) into[at + i] = i === which ? 1 : 0;
    return at + deposits;
  };
  /** What everybody earns in this step, between `settle` and `reward` of one copy. */
  let paid = 0;
  return {
    agents: [...several(collectors, agentBody({ collides: false, force: 1.5, topSpeed: 1 })), ...several(deposits, agentBody({ size: 0.075, collides: false, force: 1.5, topSpeed: 1, mass: 2.25 }))],
    landmarks: several(treasures, landmarkBody({ size: 0.025 })), words: 0,
    choices: [...several(treasures, deposits), ...several(treasures, 2), ...several(collectors, deposits + 1)],
    obs: indices(0, agents).map(agent => 4 + (agent < collectors ? deposits : 0) + (agents - 1) * (4 + 2 * deposits) + treasures * (2 + deposits)),
    start(world, copy, random) {
      world.scatter(copy, 0, agents, 1, random);
      for (let treasure = 0; treasure < treasures; treasure++) bury(world, copy, treasure, random);
      for (let collector = 0; collector < collectors; collector++) world.choose(copy, HELD + collector, 0);
    },
    settle(world, copy, random) {
      paid = 0;
      for (let treasure = 0; treasure < treasures; treasure++) {
        if (world.chosen(copy, THERE + treasure) === 0) { bury(world, copy, treasure, random); continue; }
        for (let collector = 0; collector < collectors; collector++) {
          if (holds(world, copy, collector) !== 0 || !world.touch(copy, agents + treasure, collector)) continue;
          paid += FOUND;
          world.choose(copy, HELD + collector, 1 + world.chosen(copy, treasure));
          world.choose(copy, THERE + treasure, 0);
          const at = (copy * world.entities + agents + treasure) * 2;
          world.place[at] = world.place[at + 1] = GONE;
          break;
        }
      }
      for (let collector = 0; collector < collectors; collector++) {
        const held = holds(world, copy, collector);
        if (held === 0 || !world.touch(copy, collector, collectors + held - 1)) continue;
        paid += FOUND;
        world.choose(copy, HELD + collector, 0);
      }
    },
    observe(world, copy, agent, into, at) {
      let next = world.showVelocity(copy, agent, into, world.showPlace(copy, agent, into, at));
      if (agent < collectors) next = oneHot(holds(world, copy, agent) - 1, into, next);
      const count = others.look(world, copy, agent, 0, agents);
      for (let slot = 0; slot < count; slot++) {
        const other = others.seen[slot]!;
        next = world.showVelocity(copy, other, into, world.showOffset(copy, agent, other, into, next));
        next = oneHot(other < collectors ? -1 : other - collectors, into, next);
        next = oneHot(other < collectors ? holds(world, copy, other) - 1 : -1, into, next);
      }
      found.look(world, copy, agent, agents, agents + treasures);
      const end = next + treasures * (2 + deposits);
      for (let slot = 0; slot < treasures; slot++) {
        const treasure = found.seen[slot]! - agents;
        if (world.chosen(copy, THERE + treasure) === 1) next = oneHot(world.chosen(copy, treasure), into, world.showOffset(copy, agent, agents + treasure, into, next));
      }
      into.fill(0, next, end);
    },
    reward(world, copy, earned) {
      for (let collector = 0; collector < collectors; collector++) {
        const held = holds(world, copy, collector);
        let sum = 0, far = Infinity;
        for (let other = 0; other < collectors; other++) if (other !== collector && world.touch(copy, collector, other)) sum -= OVERLAP;
        if (held !== 0) far = world.distance(copy, collector, collectors + held - 1);
        else for (let treasure = 0; treasure < treasures; treasure++) if (world.chosen(copy, THERE + treasure) === 1) far = Math.min(far, world.distance(copy, collector, agents + treasure));
        earned[collector] = (far === Infinity ? sum : sum - SHAPE * far) + paid;
      }
      for (let deposit = 0; deposit < deposits; deposit++) {
        let far = Infinity, x = 0, y = 0;
        for (let collector = 0; collector < collectors; collector++) {
          const at = (copy * world.entities + collector) * 2;
          if (holds(world, copy, collector) === deposit + 1) far = Math.min(far, world.distance(copy, collectors + deposit, collector));
          x += world.place[at]!; y += world.place[at + 1]!;
        }
        const at = (copy * world.entities + collectors + deposit) * 2, dx = x / collectors - world.place[at]!, dy = y / collectors - world.place[at + 1]!;
        earned[collectors + deposit] = 0 - SHAPE * (far === Infinity ? Math.sqrt(dx * dx + dy * dy) : far) + paid;
      }
    },
  };
}
