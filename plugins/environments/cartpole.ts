/** CartPole: a pole on a cart. */
import { between, type System } from './classic-control.ts';

// Metres, kilograms, seconds, radians, newtons.
const GRAVITY = 9.8, CART = 1.0, POLE = 0.1, TOTAL = POLE + CART, HALF_LENGTH = 0.5, POLE_MOMENT = POLE * HALF_LENGTH;
const FORCE = 10.0, TIME_STEP = 0.02, TRACK = 2.4, TILT = 12 * 2 * Math.PI / 360, START = 0.05;

/**
 * A pole on a cart, pushed left (0) or right (1); reward 1 every step, the last one included. Terminated when the cart leaves the track
 * or the pole leans over 12 degrees.
 *
 * obs: position (m), velocity (m/s), angle (rad), angular velocity (rad/s).
 * Source: gymnasium 1.4.0 `envs/classic_control/cartpole.py`; Barto, Sutton and Anderson 1983. Explicit Euler.
 */
export const cartpole: System = {
  state: ['position', 'velocity', 'angle', 'spin'], obs: 4, action: 2, actions: 'discrete', limit: 500,
  returns: steps => ({ least: 1, most: steps }),
  start(x, at, random) {
    this.state.forEach((name, i) => { x[at + i] = between(-START, START, random, `cartpole.${name}`); });
  },
  step(x, at, action) {
    const velocity = x[at + 1]!, angle = x[at + 2]!, spin = x[at + 3]!;
    const force = action === 1 ? FORCE : -FORCE, sin = Math.sin(angle), cos = Math.cos(angle);
    const push = (force + POLE_MOMENT * (spin * spin) * sin) / TOTAL;
    const spinRate = (GRAVITY * sin - cos * push) / (HALF_LENGTH * (4.0 / 3.0 - POLE * (cos * cos) / TOTAL));
    const acceleration = push - POLE_MOMENT * spinRate * cos / TOTAL;
    x[at] = x[at]! + TIME_STEP * velocity;
    x[at + 1] = velocity + TIME_STEP * acceleration;
    x[at + 2] = angle + TIME_STEP * spin;
    x[at + 3] = spin + TIME_STEP * spinRate;
    return 1;
  },
  terminated: (x, at) => Math.abs(x[at]!) > TRACK || Math.abs(x[at + 2]!) > TILT,
  observe(x, at, obs, to) {
    for (let i = 0; i < 4; i++) obs[to + i] = x[at + i]!;
  },
};
