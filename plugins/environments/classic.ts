/** Gymnasium's classic control: `classic/cartpole`, `classic/mountain-car`, `classic/mountain-car-continuous`, `classic/acrobot`, `classic/pendulum`. */
import { InputError } from '../../core/error.ts';
import type { EnvironmentFamily } from '../factories.ts';
import { acrobot } from './acrobot.ts';
import { cartpole } from './cartpole.ts';
import { ClassicControl, type System } from './classic-control.ts';
import { environmentId, unknownTask } from './id.ts';
import { mountainCar, mountainCarContinuous } from './mountain-car.ts';
import { completeOptions, type DeclaredOptions, type Values } from './options.ts';
import { pendulum } from './pendulum.ts';

const OPTIONS = {
  steps: { about: 'steps after which an episode is truncated; 0: as Gymnasium does (CartPole-v1 500, v0 200)', default: 0, least: 0, most: 1_000_000, whole: true },
  goalVelocity: { about: 'velocity that the mountain cars must have at their flag', default: 0, least: 0, most: 0.07 },
  gravity: { about: 'gravity of the pendulum, m/s^2', default: 10, least: 0, most: 1000 },
} as const satisfies DeclaredOptions;

interface Task { readonly about: string; readonly options: readonly (keyof typeof OPTIONS)[]; system(options: Values<typeof OPTIONS>): System }
const TASKS: Readonly<Record<string, Task>> = {
  'cartpole': { about: 'CartPole-v1: keep a pole upright by pushing its cart; at most 500', options: [], system: () => cartpole },
  'mountain-car': { about: 'MountainCar-v0: swing a weak car up a hill; -1 a step, at most 200', options: ['goalVelocity'], system: mountainCar },
  'mountain-car-continuous': { about: 'MountainCarContinuous-v0: the same with a continuous push, which costs; 100 at the flag', options: ['goalVelocity'], system: mountainCarContinuous },
  'acrobot': { about: 'Acrobot-v1: swing two links up by the joint between them; -1 a step, at most 500', options: [], system: () => acrobot },
  'pendulum': { about: 'Pendulum-v1: swing a pendulum up and hold it, continuous torque; 200 steps, costs of 0 .. 16.3', options: ['gravity'], system: pendulum },
};

export const classic: EnvironmentFamily = {
  family: 'classic',
  about: 'Gymnasium\'s classic control.',
  tasks: Object.fromEntries(Object.entries(TASKS).map(([name, { about }]) => [name, about])),
  options: OPTIONS,
  make(name, given, setting) {
    const task = Object.hasOwn(TASKS, name) ? TASKS[name]! : undefined;
    if (!task) throw unknownTask(classic, name);
    const options = completeOptions(`environment ${environmentId(classic, name, given)}`, OPTIONS, given), system = task.system(options);
    const id = environmentId(classic, name, { ...options, steps: options.steps === system.limit ? 0 : options.steps });
    for (const option of ['goalVelocity', 'gravity'] as const)           // given to another task they would do nothing
      if (options[option] !== OPTIONS[option].default && !task.options.includes(option)) {
        const owners = Object.keys(TASKS).filter(other => TASKS[other]!.options.includes(option));
        throw new InputError(`environment ${id}: option ${option} belongs to ${owners.join(' and ')}`, `leave ${option} out, or choose classic/${owners[0]}`);
      }
    return new ClassicControl(id, system, options.steps || system.limit, setting);
  },
};
