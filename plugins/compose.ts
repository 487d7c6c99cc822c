/** The composition root: the only place that makes a container and imports everything. */
import 'reflect-metadata';
import { Container, ContainerModule } from 'inversify';
import { TOKENS } from './tokens.ts';
import { pages } from '../graphs/index.ts';
import { nodeTypes } from '../nodes/index.ts';
import { Catalogue } from './catalogue.ts';
import { onnx } from './engines/onnx/engine.ts';
import { tfjs } from './engines/tfjs.ts';
import { families } from './environments/index.ts';
import { pathPlanner } from './experts/path-planner.ts';
import type { PluginRecord } from './plugin.ts';
import { episodes } from './replay/episodes.ts';
import { prioritised } from './replay/prioritised.ts';
import { rollouts } from './replay/rollouts.ts';
import { transitions } from './replay/transitions.ts';
import { JointTraining } from './joint-run.ts';
import { tensorboard } from './trackers/tensorboard.ts';
import { Training } from './training.ts';

const own = new ContainerModule(({ bind }) => {
  for (const page of Object.values(pages)) bind(TOKENS.Page).toConstantValue(page);
  for (const type of nodeTypes) bind(TOKENS.NodeType).toConstantValue(type);
  for (const family of families) bind(TOKENS.Environment).toConstantValue(family);
  for (const replay of [episodes, transitions, rollouts, prioritised]) bind(TOKENS.Replay).toConstantValue(replay);
  for (const engine of [onnx, tfjs]) bind(TOKENS.Engine).toConstantValue(engine);
  bind(TOKENS.Tracker).toConstantValue(tensorboard);
  bind(TOKENS.Expert).toConstantValue(pathPlanner);
  bind(Catalogue).toSelf().inSingletonScope();
  bind(Training).toSelf().inSingletonScope();
  bind(JointTraining).toSelf().inSingletonScope();
});

export interface Composition { readonly catalogue: Catalogue; readonly training: Training; readonly joint: JointTraining; readonly plugins: readonly PluginRecord[] }
/** Ours, and the plugins that are named: `./file.ts` or `npm:package`. */
export async function compose({ plugins = [] }: { readonly plugins?: readonly string[] } = {}): Promise<Composition> {
  const container = new Container();
  container.load(own);
  const catalogue = container.get(Catalogue);
  for (const reference of plugins) await catalogue.load(reference);
  return { catalogue, training: container.get(Training), joint: container.get(JointTraining), plugins: catalogue.records() };
}
