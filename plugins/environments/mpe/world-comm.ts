/** World-comm: tag with food, forests that hide, and a leader of the adversaries who sees everything and speaks. */
import { agentBody, anywhere, beyond, indices, landmarkBody, nearest, several, type Scenario } from './scenario.ts';
import type { ParticleWorld } from './world.ts';

const LEADER = 0, WORDS = 4, CAUGHT = 5, FED = 2;

/**
 * Adversaries 0 .. adversaries - 1, the first their leader, then the prey ("good"); obstacles, food, forests. A prey earns -5 for each adversary it
 * touches, -2 `beyond` for each coordinate, 2 for each food it touches and -0.05 of the distance to the nearest food; an adversary earns 5 for each
 * touching pair of prey and adversary and -0.1 of its distance to the nearest prey.
 *
 * obs: velocity, place, offsets of all landmarks, offsets of the other agents, then of adversaries: velocities of the prey, 1 or -1 for each
 * forest that it is in or not, the leader's last word; of prey: those forests, velocities of the other prey. Offset and velocity of an agent are 0
 * unless both are in one forest, or both are in none, or the leader looks. Source: MPE2 1.1.1 `simple_world_comm_v3`.
 */
export function worldComm({ good, adversaries, obstacles, food, forests }:
  { readonly good: number; readonly adversaries: number; readonly obstacles: number; readonly food: number; readonly forests: number }): Scenario {
  const agents = adversaries + good, firstFood = agents + obstacles, firstForest = firstFood + food, entities = firstForest + forests;
  const sees = (world: ParticleWorld, copy: number, agent: number, other: number): boolean => {
    if (agent === LEADER) return true;
    let covered = false;
    for (let forest = firstForest; forest < entities; forest++) {
      const here = world.touch(copy, agent, forest), there = world.touch(copy, other, forest);
      if (here && there) return true;
      covered ||= here || there;
    }
    return !covered;
  };
  return {
    agents: [...several(adversaries, agentBody({ size: 0.075, force: 3, topSpeed: 1 })).map((body, i) => ({ ...body, speaks: i === LEADER })), ...several(good, agentBody({ size: 0.045, force: 4, topSpeed: 1.3 }))],
    landmarks: [...several(obstacles, landmarkBody({ size: 0.2, collides: true })), ...several(food, landmarkBody({ size: 0.03 })), ...several(forests, landmarkBody({ size: 0.3 }))],
    words: WORDS, ...anywhere([], 0.9), players: { adversaries: indices(0, adversaries), good: indices(adversaries, agents) },
    obs: indices(0, agents).map(agent => 4 + 2 * (entities - agents) + 2 * (agents - 1) + forests + (agent < adversaries ? 2 * good + WORDS : 2 * (good - 1))),
    observe(world, copy, agent, into, at) {
      const hunts = agent < adversaries, own = world.showPlace(copy, agent, into, world.showVelocity(copy, agent, into, at));
      for (let entity = agents; entity < entities; entity++) world.showOffset(copy, agent, entity, into, own + 2 * (entity - agents));
      const others = own + 2 * (entities - agents), behind = others + 2 * (agents - 1), speeds = hunts ? behind : behind + forests, flags = hunts ? behind + 2 * good : behind;
      for (let other = 0, place = others, speed = speeds; other < agents; other++) {
        if (other === agent) continue;
        const seen = sees(world, copy, agent, other);
        if (seen) world.showOffset(copy, agent, other, into, place);
        else into[place] = into[place + 1] = 0;
        place += 2;
        if (other < adversaries) continue;
        if (seen) world.showVelocity(copy, other, into, speed);
        else into[speed] = into[speed + 1] = 0;
        speed += 2;
      }
      for (let forest = 0; forest < forests; forest++) into[flags + forest] = world.touch(copy, agent, firstForest + forest) ? 1 : -1;
      if (hunts) world.showSpeech(copy, LEADER, into, flags + forests);
    },
    reward(world, copy, earned) {
      let pairs = 0;
      for (let prey = adversaries; prey < agents; prey++) {
        const at = (copy * world.entities + prey) * 2;
        let sum = 0;
        for (let hunter = 0; hunter < adversaries; hunter++) if (world.touch(copy, hunter, prey)) { sum -= CAUGHT; pairs++; }
        sum = sum - 2 * beyond(world.place[at]!) - 2 * beyond(world.place[at + 1]!);
        for (let i = firstFood; i < firstForest; i++) if (world.touch(copy, prey, i)) sum += FED;
        earned[prey] = sum - 0.05 * nearest(world, copy, prey, firstFood, firstForest);
      }
      for (let hunter = 0; hunter < adversaries; hunter++) {
        earned[hunter] = 0 - 0.1 * nearest(world, copy, hunter, adversaries, agents);
        for (let pair = 0; pair < pairs; pair++) earned[hunter] = earned[hunter]! + CAUGHT;
      }
    },
  };
}
