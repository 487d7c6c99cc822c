/** Tag: slow adversaries hunt faster prey among obstacles. */
import { agentBody, anywhere, beyond, indices, landmarkBody, several, View, type Scenario } from './scenario.ts';
import type { ParticleWorld } from './world.ts';

const CAUGHT = 10;

/**
 * Adversaries 0 .. adversaries - 1, then the prey ("good"). For each touching pair of prey and adversary every adversary earns 10 and the prey
 * of the pair loses 10. A prey loses by `beyond` for each coordinate near the border, too.
 *
 * obs: velocity, place, offsets of obstacles, offsets of the other agents, velocities of the other prey; where only the nearest are seen,
 * velocities of those (0 of adversaries) in the order of their offsets.
 * `preySpeed` scales force and top speed of the prey (the original's curriculum: 0.5, 0.75, 1). Source: MPE2 1.1.1 `simple_tag_v3`.
 */
export function tag({ good, adversaries, obstacles, preySpeed, ends, nearestAgents, nearestLandmarks }: {
  readonly good: number; readonly adversaries: number; readonly obstacles: number; readonly preySpeed: number; readonly ends: boolean;
  readonly nearestAgents: number; readonly nearestLandmarks: number;
}): Scenario {
  const agents = adversaries + good, landmarks = new View(nearestLandmarks, obstacles), others = new View(nearestAgents, agents - 1);
  const caught = (world: ParticleWorld, copy: number, prey: number): number => {
    let touching = 0;
    for (let hunter = 0; hunter < adversaries; hunter++) if (world.touch(copy, hunter, prey)) touching++;
    return touching;
  };
  return {
    agents: [...several(adversaries, agentBody({ size: 0.075, force: 3, topSpeed: 1 })), ...several(good, agentBody({ force: 4 * preySpeed, topSpeed: 1.3 * preySpeed }))],
    landmarks: several(obstacles, landmarkBody({ size: 0.2, collides: true })), words: 0, ...anywhere([], 0.9),
    players: { adversaries: indices(0, adversaries), good: indices(adversaries, agents) },
    obs: indices(0, agents).map(agent => 4 + 2 * landmarks.slots + 2 * others.slots + 2 * (nearestAgents || good - (agent < adversaries ? 0 : 1))),
    observe(world, copy, agent, into, at) {
      const own = world.showPlace(copy, agent, into, world.showVelocity(copy, agent, into, at));
      const places = landmarks.show(world, copy, agent, agents, agents + obstacles, into, own), speeds = others.show(world, copy, agent, 0, agents, into, places);
      if (nearestAgents === 0) {
        for (let prey = adversaries, next = speeds; prey < agents; prey++) if (prey !== agent) next = world.showVelocity(copy, prey, into, next);
      } else for (let slot = 0; slot < Math.min(nearestAgents, agents - 1); slot++) {
        const other = others.seen[slot]!, next = speeds + 2 * slot;
        if (other >= adversaries) world.showVelocity(copy, other, into, next);
        else into[next] = into[next + 1] = 0;
      }
    },
    reward(world, copy, earned) {
      let pairs = 0;
      for (let prey = adversaries; prey < agents; prey++) {
        const touching = caught(world, copy, prey), at = (copy * world.entities + prey) * 2;
        pairs += touching;
        earned[prey] = 0 - CAUGHT * touching - beyond(world.place[at]!) - beyond(world.place[at + 1]!);
      }
      for (let hunter = 0; hunter < adversaries; hunter++) earned[hunter] = CAUGHT * pairs;
    },
    ...ends ? {
      succeeded(world, copy) {
        for (let prey = adversaries; prey < agents; prey++) if (caught(world, copy, prey) === 0) return false;
        return true;
      },
    } : {},
  };
}
