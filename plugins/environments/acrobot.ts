/** Acrobot: two links, and a motor between them. */
import { between, type System } from './classic-control.ts';

/** Seconds a step, N m of actions 1 and 2 against 0, bounds of the angular velocities (rad/s). */
const TIME_STEP = 0.2, MOST_SPIN_1 = 4 * Math.PI, MOST_SPIN_2 = 9 * Math.PI, GRAVITY = 9.8, START = 0.1;

const wrapped = (angle: number) => {
  while (angle > Math.PI) angle -= 2 * Math.PI;
  while (angle < -Math.PI) angle += 2 * Math.PI;
  return angle;
};
const within = (value: number, most: number) => Math.min(Math.max(value, -most), most);
const above = (angle1: number, angle2: number) => -Math.cos(angle1) - Math.cos(angle2 + angle1) > 1;

/** Rates of the four numbers at y, written to k. Both links: 1 m, 1 kg, centre of mass at 0.5 m, moment of inertia 1 kg m^2 (in the book's form of the equations). */
function rates(y: Float64Array, torque: number, k: Float64Array): void {
  const angle1 = y[0]!, angle2 = y[1]!, spin1 = y[2]!, spin2 = y[3]!, sin2 = Math.sin(angle2), cos2 = Math.cos(angle2);
  const d1 = 0.25 + (1.25 + cos2) + 1 + 1, d2 = 0.25 + 0.5 * cos2 + 1;
  const phi2 = 0.5 * GRAVITY * Math.cos(angle1 + angle2 - Math.PI / 2);
  const phi1 = -0.5 * (spin2 * spin2) * sin2 - spin2 * spin1 * sin2 + 1.5 * GRAVITY * Math.cos(angle1 - Math.PI / 2) + phi2;
  const rate2 = (torque + d2 / d1 * phi1 - 0.5 * (spin1 * spin1) * sin2 - phi2) / (1.25 - d2 * d2 / d1);
  k[0] = spin1;
  k[1] = spin2;
  k[2] = -(d2 * rate2 + phi1) / d1;
  k[3] = rate2;
}

const now = new Float64Array(4), k1 = new Float64Array(4), k2 = new Float64Array(4), k3 = new Float64Array(4), k4 = new Float64Array(4), y = new Float64Array(4);
/** y = now + h k */
function ahead(h: number, k: Float64Array): void {
  for (let i = 0; i < 4; i++) y[i] = now[i]! + h * k[i]!;
}

/**
 * Two links that hang from a fixed joint; a motor between them turns with torque -1, 0 or 1 N m (actions 0, 1, 2). Reward -1 every step but
 * the one that terminates: the free end more than one link above the fixed joint.
 *
 * obs: cos and sin of the first angle (0: hanging) and of the second one (against the first), both angular velocities (rad/s).
 * Source: gymnasium 1.4.0 `envs/classic_control/acrobot.py`; Sutton 1996 (NIPS 8), with the equations of Sutton and Barto's book. Runge-Kutta of fourth order.
 */
export const acrobot: System = {
  state: ['angle1', 'angle2', 'spin1', 'spin2'], obs: 6, action: 3, actions: 'discrete', limit: 500,
  returns: steps => ({ least: -steps, most: 0 }),
  start(x, at, random) {
    this.state.forEach((name, i) => { x[at + i] = Math.fround(between(-START, START, random, `acrobot.${name}`)); });
  },
  step(x, at, action) {
    const torque = action - 1, half = TIME_STEP / 2;
    for (let i = 0; i < 4; i++) now[i] = x[at + i]!;
    rates(now, torque, k1);
    ahead(half, k1);
    rates(y, torque, k2);
    ahead(half, k2);
    rates(y, torque, k3);
    ahead(TIME_STEP, k3);
    rates(y, torque, k4);
    for (let i = 0; i < 4; i++) y[i] = now[i]! + TIME_STEP / 6 * (k1[i]! + 2 * k2[i]! + 2 * k3[i]! + k4[i]!);
    x[at] = wrapped(y[0]!);
    x[at + 1] = wrapped(y[1]!);
    x[at + 2] = within(y[2]!, MOST_SPIN_1);
    x[at + 3] = within(y[3]!, MOST_SPIN_2);
    return above(x[at]!, x[at + 1]!) ? 0 : -1;
  },
  terminated: (x, at) => above(x[at]!, x[at + 1]!),
  observe(x, at, obs, to) {
    obs[to] = Math.cos(x[at]!);
    obs[to + 1] = Math.sin(x[at]!);
    obs[to + 2] = Math.cos(x[at + 1]!);
    obs[to + 3] = Math.sin(x[at + 1]!);
    obs[to + 4] = x[at + 2]!;
    obs[to + 5] = x[at + 3]!;
  },
};
