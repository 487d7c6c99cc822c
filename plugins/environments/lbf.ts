/** Level-based foraging by name: `lbf/8x8-2p-3f-coop?sight=2`. */
import { InputError } from '../../core/error.ts';
import type { EnvironmentFamily } from '../../core/environment.ts';
import { Foraging } from './foraging.ts';
import { environmentId, unknownTask } from './id.ts';
import { formatForagingTask, parseForagingTask, TASK_GRAMMAR } from './lbf-task.ts';
import { completeOptions, type DeclaredOptions } from './options.ts';

const LEVEL = { least: 1, most: 1000, whole: true } as const;
const OPTIONS = {
  sight: { about: 'cells a player sees in each direction; 0: the whole field', default: 0, least: 0, most: 100, whole: true },
  coop: { about: 'all food has its highest level; the same as -coop in the task', default: false },
  grid: { about: 'observations are three layers of (2 sight + 1)^2 cells (player levels, food levels, free cells), flat', default: false },
  observeAgentLevels: { about: 'players see the levels of players', default: true },
  avail: { about: 'offer valid actions only; false offers all, and an invalid one does nothing, as EPyMARL plays', default: true },
  penalty: { about: 'what each participant of a failed load loses', default: 0, least: 0, most: 1000 },
  normalise: { about: 'rewards are shares of all food: a perfect episode returns 1', default: true },
  minPlayerLevel: { about: 'lowest level of a player', default: 1, ...LEVEL },
  maxPlayerLevel: { about: 'highest level of a player', default: 2, ...LEVEL },
  minFoodLevel: { about: 'lowest level of food', default: 1, ...LEVEL },
  maxFoodLevel: { about: 'highest level of food; 0: the sum of the three lowest player levels', default: 0, ...LEVEL, least: 0 },
  steps: { about: 'most steps of an episode', default: 50, least: 1, most: 1_000_000, whole: true },
  timeoutAs: { about: 'the flag that the limit sets; the original says terminated', default: 'terminated', choices: ['terminated', 'truncated'] },
} as const satisfies DeclaredOptions;

const BOUNDS = [['rows', 3, 100], ['cols', 3, 100], ['players', 1, 64], ['foods', 1, 64]] as const;

export const lbf: EnvironmentFamily = {
  family: 'lbf',
  about: 'Level-based foraging: players of different levels load food together. Any task of the grammar rows x cols - players p - foods f [-coop].',
  tasks: {
    '8x8-2p-2f-coop': 'two players must load every food together',
    '8x8-2p-3f': 'some food can be loaded alone',
    '8x8-2p-3f-coop': 'as 8x8-2p-2f-coop with three foods',
    '10x10-3p-3f': 'three players, a larger field',
    '15x15-4p-3f': 'four players, food far apart',
    '15x15-3p-5f': 'hard: much food for three players',
    '15x15-4p-5f': 'hard: much food for four players',
  },
  options: OPTIONS,
  make(text, options, setting) {
    const parsed = parseForagingTask(text);
    if (!parsed) throw unknownTask(lbf, text, TASK_GRAMMAR);
    const { coop: coopOption, grid, avail, sight, minPlayerLevel, maxPlayerLevel, minFoodLevel, maxFoodLevel, ...rules } =
      completeOptions(`environment lbf/${text}`, OPTIONS, options);
    const { rows, cols, players, foods, coop } = { ...parsed, coop: parsed.coop || coopOption };
    const task = formatForagingTask({ rows, cols, players, foods, coop }), id = environmentId(lbf, task, { ...options, coop: OPTIONS.coop.default });
    const refuse = (what: string, fix: string): never => { throw new InputError(`environment ${id}: ${what}`, fix); };

    for (const [name, least, most] of BOUNDS)
      if (parsed[name] < least || parsed[name] > most) refuse(`${parsed[name]} ${name}`, `${name} are ${least} .. ${most}`);
    if (players > rows * cols / 2) refuse(`${players} players on ${rows * cols} cells`, 'players may fill at most half of the field');
    if (minPlayerLevel > maxPlayerLevel) refuse('minPlayerLevel is above maxPlayerLevel', 'raise maxPlayerLevel or lower minPlayerLevel');
    const mostFood = maxFoodLevel || Math.min(3, players) * minPlayerLevel;
    if (minFoodLevel > mostFood)
      refuse(`minFoodLevel is above the highest level of food, which may be as low as ${mostFood}`, 'lower minFoodLevel, or give a maxFoodLevel');

    return new Foraging(id, {
      ...rules, rows, cols, coop, offerAll: !avail, observe: grid ? 'grid' : 'vector', sight: sight || Math.max(rows, cols),
      playerLevels: Array.from({ length: players }, () => ({ least: minPlayerLevel, most: maxPlayerLevel })),
      foodLevels: Array.from({ length: foods }, () => ({ least: minFoodLevel, most: maxFoodLevel || null })),
    }, setting);
  },
};
