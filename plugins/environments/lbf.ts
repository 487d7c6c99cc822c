/** Level-based foraging by name: `lbf/8x8-2p-3f-coop?sight=2`. */
import { InputError } from '../../core/error.ts';
import type { EnvironmentFamily } from '../factories.ts';
import { Foraging } from './foraging.ts';
import { environmentId, unknownTask } from './id.ts';
import { formatForagingTask, parseForagingTask, TASK_GRAMMAR } from './lbf-task.ts';
import { completeOptions, type DeclaredOptions } from './options.ts';

/** Levels are written as one number for all, or as one for each: `2` or `1,1,3`. */
const HIGHEST = 1000;
const OPTIONS = {
  sight: { about: 'cells a player sees in each direction; 0: the whole field', default: 0, least: 0, most: 100, whole: true },
  grid: { about: 'observations are three layers of (2 sight + 1)^2 cells (player levels, food levels, free cells), flat', default: false },
  observeAgentLevels: { about: 'players see the levels of players', default: true },
  avail: { about: 'offer valid actions only; false offers all, and an invalid one does nothing, as EPyMARL plays', default: true },
  penalty: { about: 'what each participant of a failed load loses', default: 0, least: 0, most: 1000 },
  normalise: { about: 'rewards are shares of all food: a perfect episode returns 1', default: true },
  minPlayerLevel: { about: 'lowest level of the players, 1 .. 1000: one number, or one for each: 1,1,3', default: '1' },
  maxPlayerLevel: { about: 'highest level of the players, written the same', default: '2' },
  minFoodLevel: { about: 'lowest level of the foods, written the same', default: '1' },
  maxFoodLevel: { about: 'highest level of the foods; 0: the sum of the three lowest player levels', default: '0' },
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
    const { grid, avail, sight, minPlayerLevel, maxPlayerLevel, minFoodLevel, maxFoodLevel, ...rules } =
      completeOptions(`environment lbf/${text}`, OPTIONS, options);
    const { rows, cols, players, foods, coop } = parsed, id = environmentId(lbf, formatForagingTask(parsed), options);
    const refuse = (what: string, fix: string): never => { throw new InputError(`environment ${id}: ${what}`, fix); };

    for (const [name, least, most] of BOUNDS)
      if (parsed[name] < least || parsed[name] > most) refuse(`${parsed[name]} ${name}`, `${name} are ${least} .. ${most}`);
    if (players > rows * cols / 2) refuse(`${players} players on ${rows * cols} cells`, 'players may fill at most half of the field');
    const levels = (option: string, written: string, count: number, of: string, least = 1): readonly number[] => {
      const each = written.split(',').map(level => (/^\d+$/.test(level) ? Number(level) : NaN)), all = each.length === 1 ? new Array<number>(count).fill(each[0]!) : each;
      if (all.length !== count || all.some(x => !(x >= least && x <= HIGHEST)))
        refuse(`${option}=${written} is no level, nor one for each of ${count} ${of}`, `write a whole number ${least} .. ${HIGHEST}, or ${count} of them with commas between`);
      return all;
    };
    if (coop && minFoodLevel !== OPTIONS.minFoodLevel.default) refuse('minFoodLevel does nothing in a -coop task, where all food has its highest level', 'leave minFoodLevel out, or -coop');
    const lowest = levels('minPlayerLevel', minPlayerLevel, players, 'players'), highest = levels('maxPlayerLevel', maxPlayerLevel, players, 'players');
    const least = levels('minFoodLevel', minFoodLevel, foods, 'foods'), most = levels('maxFoodLevel', maxFoodLevel, foods, 'foods', 0);
    if (lowest.some((level, i) => level > highest[i]!)) refuse('minPlayerLevel is above maxPlayerLevel', 'raise maxPlayerLevel or lower minPlayerLevel');
    const together = [...lowest].sort((a, b) => a - b).slice(0, 3).reduce((sum, level) => sum + level, 0), over = least.findIndex((level, i) => level > (most[i]! || together));
    if (over >= 0)
      refuse(`minFoodLevel is above the highest level of food, which may be as low as ${most[over]! || together}`, 'lower minFoodLevel, or give a maxFoodLevel');

    return new Foraging(id, {
      ...rules, rows, cols, coop, offerAll: !avail, observe: grid ? 'grid' : 'vector', sight: sight || Math.max(rows, cols),
      playerLevels: lowest.map((level, i) => ({ least: level, most: highest[i]! })),
      foodLevels: least.map((level, i) => ({ least: level, most: most[i]! || null })),
    }, setting);
  },
};
