/** Pendulum: swing it up and hold it there. */
import { between, type System } from './classic-control.ts';

const { fround } = Math;
/** Seconds a step, N m, rad/s; 1 kg at 1 m. */
const TIME_STEP = 0.05, TORQUE = 2, SPEED = 8, START_SPEED = 1, SPEED_COST = 0.1, TORQUE_COST = fround(0.001);
const MOST_COST = Math.PI ** 2 + SPEED_COST * SPEED ** 2 + TORQUE_COST * TORQUE ** 2;

/** In [-pi, pi): the remainder has the sign of the divisor, as in Python. */
function upright(angle: number): number {
  const rest = (angle + Math.PI) % (2 * Math.PI);
  return (rest < 0 ? rest + 2 * Math.PI : rest) - Math.PI;
}

/**
 * A pendulum with a motor of at most 2 N m: the action in [-1, 1] is a share of it. Reward -(angle^2 + 0.1 spin^2 + 0.001 torque^2) of
 * the state before the step, angle 0 upright. Nothing terminates it. Terms of the torque alone are float32 in the original, whose actions are.
 *
 * obs: cos and sin of the angle, angular velocity (rad/s). `gravity` in m/s^2.
 * Source: gymnasium 1.4.0 `envs/classic_control/pendulum.py`. Semi-implicit Euler.
 */
export const pendulum = ({ gravity }: { readonly gravity: number }): System => ({
  state: ['angle', 'spin'], obs: 3, action: 1, actions: 'continuous', limit: 200,
  returns: steps => ({ least: -steps * MOST_COST, most: 0 }),
  start(x, at, random) {
    x[at] = between(-Math.PI, Math.PI, random, 'pendulum.angle');
    x[at + 1] = between(-START_SPEED, START_SPEED, random, 'pendulum.spin');
  },
  step(x, at, action) {
    const angle = x[at]!, spin = x[at + 1]!, torque = TORQUE * action, lean = upright(angle);
    const faster = spin + (3 * gravity / 2 * Math.sin(angle) + fround(3 * torque)) * TIME_STEP, next = Math.min(Math.max(faster, -SPEED), SPEED);
    x[at] = angle + next * TIME_STEP;
    x[at + 1] = next;
    return -(lean * lean + SPEED_COST * (spin * spin) + fround(TORQUE_COST * fround(torque * torque)));
  },
  terminated: () => false,
  observe(x, at, obs, to) {
    obs[to] = Math.cos(x[at]!);
    obs[to + 1] = Math.sin(x[at]!);
    obs[to + 2] = x[at + 1]!;
  },
});
