/** Formation: agents stand evenly on a circle around a landmark. */
import { pattern } from './pattern.ts';
import { landmarkBody, type Scenario } from './scenario.ts';

const RADIUS = 0.5, TURN = 2 * Math.PI;

/**
 * `pattern` of `N` places on a circle of radius 0.5, the first of them in the direction of the agent whose angle, in [0, 2 pi), is the least.
 * Source: MPE2 1.1.1 `simple_formation_v1` (Agarwal et al. 2019, arXiv 1906.01202).
 */
export const formation = ({ N, ends }: { readonly N: number; readonly ends: boolean }): Scenario => pattern({
  N, size: 0.05, ends, landmarks: [landmarkBody({ size: 0.03 })],
  start(world, copy, random) {
    world.scatter(copy, 0, N, 1, random);
    world.scatter(copy, N, N + 1, 0.5, random);
  },
  places(world, copy, into) {
    const { place } = world, base = copy * world.entities * 2, x = place[base + 2 * N]!, y = place[base + 2 * N + 1]!;
    let first = Infinity;
    for (let agent = 0; agent < N; agent++) {
      const angle = Math.atan2(place[base + 2 * agent + 1]! - y, place[base + 2 * agent]! - x);
      first = Math.min(first, angle < 0 ? angle + TURN : angle);
    }
    for (let i = 0; i < N; i++) {
      const angle = first + i * (TURN / N);
      into[2 * i] = x + RADIUS * Math.cos(angle);
      into[2 * i + 1] = y + RADIUS * Math.sin(angle);
    }
  },
});
