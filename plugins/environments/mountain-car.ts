/** Mountain Car: an engine too weak for the hill, discrete and continuous. */
import { between, type System } from './classic-control.ts';

/** Bounds of the position and of the speed a step; the hill is sin(3 position). */
const LEFT = -1.2, RIGHT = 0.6, SPEED = 0.07, SLOPE = 0.0025, LOWEST_START = -0.6, HIGHEST_START = -0.4;
const within = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);

/** What both cars share; the flag is at `goal`, to be passed at `goalVelocity` at least. */
const car = (goal: number, goalVelocity: number) => ({
  state: ['position', 'velocity'], obs: 2,
  start(x, at, random) {
    x[at] = between(LOWEST_START, HIGHEST_START, random, 'mountainCar.position');
    x[at + 1] = 0;
  },
  terminated: (x, at) => x[at]! >= goal && x[at + 1]! >= goalVelocity,
  observe(x, at, obs, to) {
    obs[to] = x[at]!;
    obs[to + 1] = x[at + 1]!;
  },
} as const satisfies Partial<System>);

/**
 * A car in a valley that pushes left (0), not at all (1) or right (2); reward -1 every step, the last one included. Terminated at the flag,
 * right of 0.5, if it goes there at `goalVelocity` at least.
 *
 * obs: position, velocity (a step). Source: gymnasium 1.4.0 `envs/classic_control/mountain_car.py`; Moore 1990.
 */
export const mountainCar = ({ goalVelocity }: { readonly goalVelocity: number }): System => ({
  ...car(0.5, goalVelocity), action: 3, actions: 'discrete', limit: 200,
  returns: steps => ({ least: -steps, most: -1 }),
  step(x, at, action) {
    const speed = within(x[at + 1]! + ((action - 1) * 0.001 + Math.cos(3 * x[at]!) * -SLOPE), -SPEED, SPEED);
    const position = within(x[at]! + speed, LEFT, RIGHT);
    x[at] = position;
    x[at + 1] = position === LEFT && speed < 0 ? 0 : speed;              // a wall
    return -1;
  },
});

const { fround } = Math;
const POWER = fround(0.0015), LEFT_32 = fround(LEFT), RIGHT_32 = fround(RIGHT), SPEED_32 = fround(SPEED), GOAL_32 = fround(0.45), REACHED = 100, COST = 0.1;

/**
 * The same with a push in [-1, 1]; reward -0.1 push^2, and 100 more at the flag, right of 0.45.
 *
 * The original keeps the state as float32 and NumPy computes as exactly as its operands are: the first step from a float64 start in
 * float64, all later ones in float32.
 * obs: position, velocity (a step). Source: gymnasium 1.4.0 `envs/classic_control/continuous_mountain_car.py`.
 */
export const mountainCarContinuous = ({ goalVelocity }: { readonly goalVelocity: number }): System => {
  const hill = car(GOAL_32, fround(goalVelocity));
  return {
    ...hill, action: 1, actions: 'continuous', limit: 999,
    returns: steps => ({ least: -COST * steps, most: REACHED }),
    step(x, at, action, done) {
      const first = done === 0, here = x[at]!, angle = 3 * here;
      const change = fround(fround(action * POWER) - fround(SLOPE * Math.cos(first ? angle : fround(angle)))), pushed = x[at + 1]! + change;
      const speed = within(first ? pushed : fround(pushed), -SPEED_32, SPEED_32), moved = here + speed;
      const position = within(first ? moved : fround(moved), LEFT_32, RIGHT_32);
      x[at] = fround(position);
      x[at + 1] = position === LEFT_32 && speed < 0 ? 0 : fround(speed);
      return (hill.terminated(x, at) ? REACHED : 0) - action * action * COST;
    },
  };
};
