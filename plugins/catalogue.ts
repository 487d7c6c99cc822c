/** Everything that has a name: pages, node types, environments, engines, replays, trackers; ours and those of plugins. */
import { injectable, multiInject, optional } from 'inversify';
import type { Definition, Registry } from '../core/definition.ts';
import type { Engine, EngineFactory } from '../core/engine.ts';
import type { EnvironmentFamily, VectorEnvironment } from '../core/environment.ts';
import { InputError, nearest } from '../core/error.ts';
import type { NodeFactory } from '../core/node.ts';
import type { ReplayFactory } from '../core/replay.ts';
import { TOKENS } from '../core/tokens.ts';
import type { TrackerFactory } from '../core/tracker.ts';
import { makeEnvironment, parseEnvironmentId } from './environments/id.ts';
import { plainName } from './plain-name.ts';

/** By name; case, '-' and '_' do not matter. */
function find<T>(kind: string, name: string, all: ReadonlyMap<string, T>): T {
  const hit = all.get(name) ?? [...all].find(([k]) => plainName(k) === plainName(name))?.[1];
  if (hit !== undefined) return hit;
  const near = nearest(name, all.keys());
  throw new InputError(`no ${kind} is called ${JSON.stringify(name)}${near ? `; did you mean ${near}?` : ''}`, `skein list ${kind === 'algorithm' ? 'algorithms' : kind === 'node type' ? 'nodes' : `${kind}s`} shows them`);
}

/** Milliseconds after which a run lets signals, timers and disks have their turn. */
const BREATH = 20;
/** Backends answer at once, so a run on one would never leave the microtasks: no signal would be heard and no timer fire. */
function breathing(engine: Engine): Engine {
  let breathed = performance.now();
  return {
    info: engine.info, alive: () => engine.alive(), close: () => { engine.close(); },
    compile(program) {
      const compiled = engine.compile(program);
      return {
        dispose: () => { compiled.dispose(); },
        async run(supply) {
          if (performance.now() - breathed > BREATH) { await new Promise(resolve => { setImmediate(resolve); }); breathed = performance.now(); }
          return compiled.run(supply);
        },
      };
    },
  };
}

@injectable()
export class Catalogue {
  readonly pages: ReadonlyMap<string, Definition>;
  readonly nodes: ReadonlyMap<string, NodeFactory>;
  readonly environments: readonly EnvironmentFamily[];
  readonly engines: ReadonlyMap<string, EngineFactory>;
  readonly replays: ReadonlyMap<string, ReplayFactory>;
  readonly trackers: readonly TrackerFactory[];
  constructor(
    @multiInject(TOKENS.Page) @optional() pages: readonly Definition[] = [],
    @multiInject(TOKENS.NodeType) @optional() nodes: readonly NodeFactory[] = [],
    @multiInject(TOKENS.Environment) @optional() environments: readonly EnvironmentFamily[] = [],
    @multiInject(TOKENS.Engine) @optional() engines: readonly EngineFactory[] = [],
    @multiInject(TOKENS.Replay) @optional() replays: readonly ReplayFactory[] = [],
    @multiInject(TOKENS.Tracker) @optional() trackers: readonly TrackerFactory[] = [],
  ) {
    this.pages = new Map(pages.map(p => [p.page.name, p]));
    this.nodes = new Map(nodes.map(n => [n.spec.type, n]));
    this.environments = environments;
    this.engines = new Map(engines.map(e => [e.name, e]));
    this.replays = new Map(replays.map(r => [r.cut, r]));
    this.trackers = trackers;
  }
  /** Node types that a JSON page may name. */
  get registry(): Registry { return new Map([...this.nodes].map(([type, n]) => [type, n.spec])); }
  page(name: string): Definition { return find('algorithm', name, this.pages); }
  node(type: string): NodeFactory { return find('node type', type, this.nodes); }
  replay(cut: string): ReplayFactory {
    const made = this.replays.get(cut);
    if (!made) throw new InputError(`no replay is bound for a source that is ${cut}`, `a plugin may bind one to TOKENS.Replay; bound are ${[...this.replays.keys()].join(', ')}`);
    return made;
  }
  /** `tfjs`, `tfjs:wasm`; without a name the first engine, with the best backend that loads. */
  async engine(name?: string): Promise<Engine> {
    const [kind, backend] = (name ?? [...this.engines.keys()][0] ?? '').split(':') as [string, string?];
    const factory = find('engine', kind, this.engines);
    return breathing(await factory.open(backend === undefined ? undefined : factory.backends.find(b => plainName(b) === plainName(backend)) ?? backend));
  }
  /** Refuses a bad id with what is possible; makes nothing. */
  checkEnvironment(id: string): void { parseEnvironmentId(id, this.environments); }
  async environment(id: string, setting: { readonly copies: number; readonly seed: number }): Promise<VectorEnvironment> { return makeEnvironment(id, this.environments, setting); }
}
