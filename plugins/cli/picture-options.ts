/** Options of pictures, and what may be written for them. */
import { Option, type Command } from 'commander';
import { InputError, nearest } from '../../core/error.ts';
import type { Folding, Level, Rendering } from '../../visualizer/picture.ts';

export interface PictureFlags {
  readonly output?: string; readonly level?: string; readonly expand?: readonly string[]; readonly collapse?: readonly string[]; readonly foldRepeats?: boolean; readonly path?: string;
  readonly shapes?: string; readonly edges?: string; readonly dir?: string; readonly theme?: string;
}
const several = (value: string, before: readonly string[] = []): readonly string[] => [...before, ...value.split(',').map(word => word.trim()).filter(Boolean)];
const SHAPES = ['symbolic', 'concrete', 'off'] as const, DIRECTIONS = ['LR', 'TB'] as const, THEMES = ['auto', 'light', 'dark', 'print'] as const, LINES = ['grad', 'stop', 'data', 'lag'] as const, LEVELS = ['0', '1', '2', '3'] as const;

export const output = (about: string) => new Option('-o, --output <file>', about);
/** How it looks. */
export const takesLooks = (command: Command): Command => command
  .option('--shapes <how>', 'symbolic (names of dims), concrete (sizes, with --env) or off')
  .option('--dir <LR|TB>', 'from left to right (default) or from top to bottom')
  .option('--theme <name>', "light, dark, print (grey), or auto: the reader's own (default)");
/** How deep it goes. */
export const takesFolding = (command: Command): Command => command
  .option('--level <0..3>', '0: parts of the page, 1: nodes (default), 2: layers, 3: operations (2 and 3 with --env)')
  .addOption(new Option('--expand <names>', 'nodes or parts to open, repeatable: mixer').argParser(several))
  .addOption(new Option('--collapse <names>', 'nodes or parts (data, agent, learner, targets, loss) to shut, repeatable').argParser(several))
  .option('--fold-repeats', 'boxes with the same wiring as one, with how many there are')
  .option('--path <from:to>', 'only the way from one place to another, the rest faded: obs:loss')
  .option('--edges <kinds>', 'lines to draw, of grad, stop, data and lag (default: all)');

/** One of some words, in any case. */
function oneOf<const T extends string>(written: string, words: readonly T[], subject: string): T {
  const found = words.find(w => w.toLowerCase() === written.trim().toLowerCase()), near = /^\d+$/.test(written) ? undefined : nearest(written, words);
  if (found === undefined) throw new InputError(`${subject} ${written}: it is none of ${words.join(', ')}${near ? `; did you mean ${near}?` : ''}`, `${subject} ${near ?? words[0]!}`);
  return found;
}
export function renderingOf({ shapes, dir, theme }: PictureFlags, sized: boolean): Rendering {
  const asked = shapes === undefined ? undefined : oneOf(shapes, SHAPES, '--shapes');
  if (asked === 'concrete' && !sized) throw new InputError('--shapes concrete: no environment gives the dims their sizes', '--env <id>; skein list environments shows them');
  return { shapes: asked ?? (sized ? 'concrete' : 'symbolic'), direction: dir === undefined ? 'LR' : oneOf(dir, DIRECTIONS, '--dir'), theme: theme === undefined ? 'auto' : oneOf(theme, THEMES, '--theme') };
}
/** Read as far as it can be without a page. */
export function foldingOf({ level, expand, collapse, foldRepeats, path, edges }: PictureFlags): Folding {
  const [from = '', to = '', more] = path === undefined ? [] : path.split(':');
  if (path !== undefined && (!from || !to || more !== undefined)) throw new InputError(`--path ${path}: no way from one place to another`, 'write from:to, for example obs:loss');
  return {
    level: level === undefined ? 1 : Number(oneOf(level, LEVELS, '--level')) as Level, ...(expand ? { expand } : {}), ...(collapse ? { collapse } : {}), ...(foldRepeats ? { foldRepeats: true } : {}),
    ...(path === undefined ? {} : { path: [from, to] as const }), ...(edges === undefined ? {} : { edges: edges.split(',').map(word => oneOf(word, LINES, '--edges')) }),
  };
}
