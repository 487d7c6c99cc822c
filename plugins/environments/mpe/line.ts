/** Line: agents stand evenly on the line between two landmarks. */
import { pattern } from './pattern.ts';
import { landmarkBody, several, type Scenario } from './scenario.ts';

/** From landmark to landmark; where the second one would fall outside of the field its direction turns on by so much. */
const LENGTH = 1.25, TURN = 5 * (Math.PI / 180);

/** `pattern` of `N` places from the first landmark to the second one. Source: MPE2 1.1.1 `simple_line_v1` (Agarwal et al. 2019, arXiv 1906.01202). */
export const line = ({ N, ends }: { readonly N: number; readonly ends: boolean }): Scenario => pattern({
  N, size: 0.03, ends, landmarks: several(2, landmarkBody({ size: 0.02 })),
  start(world, copy, random) {
    world.scatter(copy, 0, N, 1, random);
    world.scatter(copy, N, N + 1, 0.25, random);
    const { place } = world, from = (copy * world.entities + N) * 2;
    for (let angle = 2 * Math.PI * random.uniform('mpe.direction'); ; angle += TURN) {
      const x = place[from]! + LENGTH * Math.cos(angle), y = place[from + 1]! + LENGTH * Math.sin(angle);
      if (Math.abs(x) >= 1 || Math.abs(y) >= 1) continue;
      place[from + 2] = x;
      place[from + 3] = y;
      return;
    }
  },
  places(world, copy, into) {
    const { place } = world, from = (copy * world.entities + N) * 2, x = place[from]!, y = place[from + 1]!, steps = Math.max(1, N - 1);
    for (let i = 0; i < N; i++) {
      into[2 * i] = x + i * ((place[from + 2]! - x) / steps);
      into[2 * i + 1] = y + i * ((place[from + 3]! - y) / steps);
    }
  },
});
