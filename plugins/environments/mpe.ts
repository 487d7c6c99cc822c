/** Multi-agent particle environments by name: `mpe/spread?N=5`, `mpe/tag?good=2&continuous=true`. */
import { InputError } from '../../core/error.ts';
import type { EnvironmentFamily } from '../factories.ts';
import { environmentId, unknownTask } from './id.ts';
import { adversary } from './mpe/adversary.ts';
import { collectTreasure } from './mpe/collect-treasure.ts';
import { crypto } from './mpe/crypto.ts';
import { formation } from './mpe/formation.ts';
import { line } from './mpe/line.ts';
import { Particles } from './mpe/particles.ts';
import { push } from './mpe/push.ts';
import { reference } from './mpe/reference.ts';
import type { Scenario } from './mpe/scenario.ts';
import { simple } from './mpe/simple.ts';
import { speakerListener } from './mpe/speaker-listener.ts';
import { spread } from './mpe/spread.ts';
import { tag } from './mpe/tag.ts';
import { worldComm } from './mpe/world-comm.ts';
import { completeOptions, type DeclaredOptions, type Values } from './options.ts';

const count = { default: -1, least: -1, most: 64, whole: true } as const;
const OPTIONS = {
  N: { about: 'agents of spread (3, and as many landmarks), formation (4) and line (4), good agents and landmarks of adversary (2); -1: as MPE has it', ...count },
  good: { about: 'good agents of tag (1) and world-comm (2); -1: as MPE has it', ...count },
  adversaries: { about: 'adversaries of tag (3) and world-comm (4, the first one leads)', ...count },
  obstacles: { about: 'obstacles of tag (2) and world-comm (1)', ...count },
  food: { about: 'places with food of world-comm (2)', ...count },
  collectors: { about: 'collectors of collect-treasure (6)', ...count },
  deposits: { about: 'deposits of collect-treasure, each for a type (2)', ...count },
  treasures: { about: 'treasures of collect-treasure (6)', ...count },
  forests: { about: 'forests of world-comm (2)', ...count },
  localRatio: { about: "share of an agent's own reward beside the common one, in spread and reference", default: 0.5, least: 0, most: 1 },
  curriculum: { about: 'stage of the curriculum: spread 0 (overlaps cost nothing), 1; tag 0 (prey at half speed), 1 (at 3/4), 2; -1: the whole task', default: -1, least: -1, most: 2, whole: true },
  terminateOnSuccess: { about: 'spread, formation and line end when every place is covered, tag when all prey are caught at once', default: false },
  agentNeighbours: { about: 'only so many of the other agents are observed, the nearest first, in spread, adversary and tag; 0: all', default: 0, least: 0, most: 64, whole: true },
  landmarkNeighbours: { about: 'the same of landmarks', default: 0, least: 0, most: 64, whole: true },
  continuous: { about: 'numbers in [-1, 1] as actions, which stand for 0 .. 1: nothing, push to -x, +x, -y, +y, then an utterance; false: a push, times a word where an agent does both', default: false },
  integration: { about: 'what moves a body: its old velocity (MPE2) or its new one (velocity-first: OpenAI\'s MPE and papers until 2023)', default: 'position-first', choices: ['position-first', 'velocity-first'] },
  steps: { about: 'steps after which an episode is truncated (max_cycles)', default: 25, least: 1, most: 1_000_000, whole: true },
} as const satisfies DeclaredOptions;
type Given = Values<typeof OPTIONS>;
/** Options that some tasks have and others have not. */
type Own = Exclude<keyof typeof OPTIONS, 'continuous' | 'integration' | 'steps'>;

interface Task {
  readonly about: string;
  /** Its own options: what stands for -1, and the least that it needs; or the highest value. */
  readonly counts?: Readonly<Partial<Record<'N' | 'good' | 'adversaries' | 'obstacles' | 'food' | 'forests' | 'collectors' | 'deposits' | 'treasures', readonly [standard: number, least: number]>>>;
  readonly stages?: number;
  readonly options?: readonly Own[];
  scenario(options: Given): Scenario;
}
const NEIGHBOURS = ['agentNeighbours', 'landmarkNeighbours'] as const;
const views = ({ agentNeighbours, landmarkNeighbours }: Given) => ({ nearestAgents: agentNeighbours, nearestLandmarks: landmarkNeighbours });
const TASKS: Readonly<Record<string, Task>> = {
  'simple': { about: 'one agent goes to a landmark', scenario: simple },
  'spread': {
    about: 'N agents cover N landmarks without bumping into each other', counts: { N: [3, 1] }, stages: 2, options: ['localRatio', 'terminateOnSuccess', ...NEIGHBOURS],
    scenario: given => spread({ ...given, ...views(given), penalty: given.curriculum !== 0, ends: given.terminateOnSuccess }),
  },
  'speaker-listener': { about: 'a speaker sees the goal and says it to a listener, who walks', scenario: speakerListener },
  'reference': { about: 'two agents tell each other where to go; 5 pushes x 10 words', options: ['localRatio'], scenario: reference },
  'adversary': {
    about: 'N agents hide from an adversary which landmark is the goal', counts: { N: [2, 1] }, options: NEIGHBOURS, scenario: given => adversary({ ...given, ...views(given) }),
  },
  'crypto': { about: 'Alice tells Bob a secret that Eve, who listens, must not learn', scenario: crypto },
  'push': { about: 'an adversary pushes an agent away from its goal', scenario: push },
  'tag': {
    about: 'slow adversaries catch faster prey among obstacles', counts: { good: [1, 1], adversaries: [3, 1], obstacles: [2, 0] }, stages: 3, options: ['terminateOnSuccess', ...NEIGHBOURS],
    scenario: given => tag({ ...given, ...views(given), preySpeed: [0.5, 0.75][given.curriculum] ?? 1, ends: given.terminateOnSuccess }),
  },
  'world-comm': {
    about: 'tag with food, forests that hide, and a leader who speaks; 5 pushes x 4 words', counts: { good: [2, 1], adversaries: [4, 1], obstacles: [1, 0], food: [2, 1], forests: [2, 0] }, scenario: worldComm,
  },
  'formation': {
    about: 'agents stand evenly on a circle around a landmark', counts: { N: [4, 1] }, options: ['terminateOnSuccess'], scenario: given => formation({ ...given, ends: given.terminateOnSuccess }),
  },
  'line': {
    about: 'agents stand evenly on the line between two landmarks', counts: { N: [4, 1] }, options: ['terminateOnSuccess'], scenario: given => line({ ...given, ends: given.terminateOnSuccess }),
  },
  'collect-treasure': {
    about: 'collectors bring treasures to the deposits of their types', counts: { collectors: [6, 1], deposits: [2, 1], treasures: [6, 1] }, scenario: collectTreasure,
  },
};
const owns = ({ counts = {}, stages, options = [] }: Task): readonly string[] => [...Object.keys(counts), ...stages === undefined ? [] : ['curriculum'], ...options];

/** A task by its name here or by the original's: `simple_spread_v3` is spread. */
function taskOf(written: string): string | undefined {
  const short = written.replaceAll('_', '-').replace(/-v\d+$/, '');
  return [short, short.replace(/^simple-/, '')].find(name => Object.hasOwn(TASKS, name));
}

export const mpe: EnvironmentFamily = {
  family: 'mpe',
  about: 'Multi-agent particle environments (MPE2): bodies in the plane that move, bump into each other and speak.',
  tasks: Object.fromEntries(Object.entries(TASKS).map(([name, { about }]) => [name, about])),
  options: OPTIONS,
  make(written, given, setting) {
    const name = taskOf(written);
    if (name === undefined) throw unknownTask(mpe, written);
    const task = TASKS[name]!, complete = completeOptions(`environment ${environmentId(mpe, name, given)}`, OPTIONS, given), counts = Object.entries(task.counts ?? {});
    const id = environmentId(mpe, name, { ...complete, ...Object.fromEntries(counts.flatMap(([option, [standard]]) => complete[option as 'N'] === standard ? [[option, -1]] : [])) });
    const refuse = (what: string, fix: string): never => { throw new InputError(`environment ${id}: ${what}`, fix); };

    for (const option of Object.keys(OPTIONS) as (keyof typeof OPTIONS)[]) {               // given to another task they would do nothing
      const owners = Object.keys(TASKS).filter(other => owns(TASKS[other]!).includes(option));
      if (complete[option] !== OPTIONS[option].default && owners.length > 0 && !owners.includes(name))
        refuse(`option ${option} belongs to ${owners.join(', ')}`, `leave ${option} out, or choose mpe/${owners[0]}`);
    }
    for (const [option, [, least]] of counts) if (complete[option as 'N'] !== -1 && complete[option as 'N'] < least) refuse(`${option}=${complete[option as 'N']}`, `${name} needs ${least} at least`);
    if (task.stages !== undefined && complete.curriculum >= task.stages) refuse(`curriculum=${complete.curriculum}`, `the stages of ${name} are 0 .. ${task.stages - 1}`);
    const options = { ...complete, ...Object.fromEntries(counts.map(([option, [standard]]) => [option, complete[option as 'N'] === -1 ? standard : complete[option as 'N']])) };
    return new Particles(id, { scenario: task.scenario(options), actions: options.continuous ? 'continuous' : 'discrete', integration: options.integration, steps: options.steps }, setting);
  },
};
