/** Everything that has a name: pages, node types, environments, engines, replays, trackers; ours and those of plugins, which may come while a run is under way. */
import { injectable, multiInject, optional } from 'inversify';
import type { Definition, Registry } from '../core/definition.ts';
import type { Engine, EngineFactory } from '../core/engine.ts';
import type { EnvironmentSpec, VectorEnvironment } from '../core/environment.ts';
import { InputError, nearest } from '../core/error.ts';
import type { EnvironmentFamily, ExpertFactory, ReplayFactory, TrackerFactory } from './factories.ts';
import type { NodeFactory } from '../core/node.ts';
import { TOKENS } from './tokens.ts';
import type { Timeable } from './engines/program.ts';
import { makeEnvironment, parseEnvironmentId } from './environments/id.ts';
import { plainName } from './plain-name.ts';
import { KINDS, loadPlugin, nameOf, type Kind, type LoadedPlugin, type LoadSetting, type Offer, type PluginFile, type PluginRecord } from './plugin.ts';
import { chosen, referenceOf } from './reference.ts';

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
function breathing(engine: Engine): Engine & Partial<Timeable> {
  let breathed = performance.now();
  return {
    ...('timed' in engine ? { timed: () => { const within = (engine as Timeable).timed(); return { ...breathing(within), times: () => within.times() }; } } : {}),
    info: engine.info, ...(engine.beside ? { beside: true } : {}), alive: () => engine.alive(), close: () => { engine.close(); },
    compile(program, beside) {
      const compiled = engine.compile(program, beside);
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

interface Found<T> { readonly thing: T; readonly behind: string }
const an = (kind: string) => `${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`;
/** A node type is what its spec is: pages bring specs, files what `defineNode` gives. */
const identity = (x: object): unknown => ('spec' in x ? x.spec : x);

@injectable()
export class Catalogue {
  readonly #shelves: ReadonlyMap<symbol, Map<string, object>>;
  readonly #plugins: (LoadedPlugin & { readonly brought: readonly Offer[] })[] = [];
  /** One plugin is loaded at a time, whoever asks. */
  #loading: Promise<unknown> = Promise.resolve();
  /** Why each engine does not load that comes before the one that was last taken without a name. */
  readonly passedOver: string[] = [];
  constructor(
    @multiInject(TOKENS.Page) @optional() pages: readonly Definition[] = [],
    @multiInject(TOKENS.NodeType) @optional() nodes: readonly NodeFactory[] = [],
    @multiInject(TOKENS.Environment) @optional() environments: readonly EnvironmentFamily[] = [],
    @multiInject(TOKENS.Engine) @optional() engines: readonly EngineFactory[] = [],
    @multiInject(TOKENS.Replay) @optional() replays: readonly ReplayFactory[] = [],
    @multiInject(TOKENS.Tracker) @optional() trackers: readonly TrackerFactory[] = [],
    @multiInject(TOKENS.Expert) @optional() experts: readonly ExpertFactory[] = [],
  ) {
    const ours: Readonly<Record<keyof typeof KINDS, readonly object[]>> = { page: pages, nodeType: nodes, environment: environments, engine: engines, replay: replays, tracker: trackers, expert: experts };
    this.#shelves = new Map((Object.keys(KINDS) as (keyof typeof KINDS)[]).map(key => [KINDS[key].token, new Map(ours[key].map(thing => [String(nameOf({ kind: KINDS[key], thing })), thing]))]));
  }
  #shelf<T>({ token }: Kind): ReadonlyMap<string, T> { return this.#shelves.get(token) as unknown as ReadonlyMap<string, T>; }
  get pages(): ReadonlyMap<string, Definition> { return this.#shelf(KINDS.page); }
  get nodes(): ReadonlyMap<string, NodeFactory> { return this.#shelf(KINDS.nodeType); }
  get environments(): readonly EnvironmentFamily[] { return [...this.#shelf<EnvironmentFamily>(KINDS.environment).values()]; }
  get engines(): ReadonlyMap<string, EngineFactory> { return this.#shelf(KINDS.engine); }
  get replays(): ReadonlyMap<string, ReplayFactory> { return this.#shelf(KINDS.replay); }
  get trackers(): readonly TrackerFactory[] { return [...this.#shelf<TrackerFactory>(KINDS.tracker).values()]; }

  /** Of each plugin what goes into the record of a run; of those alone that bring a node type of these, where they are given. */
  records(types?: Registry): readonly PluginRecord[] {
    return this.#plugins.filter(({ brought }) => !types || brought.some(o => o.kind === KINDS.nodeType && types.has(String(nameOf(o))))).map(({ name, version, from, hash }) => ({ name, version, from, hash }));
  }
  /** Where the files of plugins are, for a process that is to load the same. */
  get files(): readonly PluginFile[] { return this.#plugins.map(({ from, file }) => ({ from, file })); }
  /** What a plugin brings is from now on beside what is there: all of it, or, where it cannot be, none. A file that is named twice is loaded once. */
  load(reference: string, setting: LoadSetting = {}): Promise<readonly Offer[]> {
    const loaded = this.#loading.then(() => this.#load(reference, setting));
    this.#loading = loaded.catch(() => undefined);
    return loaded;
  }
  async #load(reference: string, setting: LoadSetting): Promise<readonly Offer[]> {
    const plugin = await loadPlugin(reference, setting), before = this.#plugins.find(p => p.file === plugin.file), refuse = (why: string, fix: string): never => { throw new InputError(`${setting.kind ?? 'plugin'} ${reference}: ${why}`, fix); };
    if (before && before.hash !== plugin.hash) refuse('the file has changed since it was loaded here', 'give what is new a file of its own; or stop what has loaded it, a run or this command, and start that again');
    if (before) return before.brought;
    const twin = this.#plugins.find(p => p.name === plugin.name);
    if (twin) refuse(`there is a plugin called ${plugin.name} already, from ${twin.from}`, 'give one of the files another name');
    const brought = await plugin.offers(), fresh = new Map([...this.#shelves].map(([token, shelf]) => [token, new Map(shelf)] as const));
    for (const { kind, thing, spare } of brought) {
      const name = kind.nameOf(thing as never), shelf = fresh.get(kind.token)!;
      if (typeof name !== 'string' || name === '') refuse(`what it binds as ${an(kind.kind)} has no name`, `bind ${kind.made}`);
      const taken = [...shelf.keys()].find(other => plainName(other) === plainName(name as string));
      if (taken !== undefined && !spare && identity(shelf.get(taken)!) !== identity(thing)) refuse(`there is ${an(kind.kind)} called ${taken} already`, `give ${taken === name ? 'it' : String(name)} another name`);
      if (taken === undefined) shelf.set(name as string, thing);
    }
    for (const [token, shelf] of this.#shelves) for (const [name, thing] of fresh.get(token)!) shelf.set(name, thing);
    this.#plugins.push({ ...plugin, brought });
    return brought;
  }
  /**
   * What a user writes is a name, or a file or package whose export is meant: that is loaded, and its name is the answer. Only what was typed, or
   * stands in a file of options, is ever asked here; a page or a record has names.
   */
  async #brought<T extends object>(kind: Kind, word: string, written: string, behind: RegExp): Promise<Found<T> | undefined> {
    const reference = referenceOf(written);
    if (!reference) return undefined;
    if (!behind.test(reference.behind)) throw new InputError(`${word} ${written}: ${JSON.stringify(reference.behind)} stands behind the export`, `${reference.module}#export${word === 'environment' ? '/task?option=value' : word === 'engine' ? ':backend' : ''}`);
    const offers = await this.load(reference.module, { kind: word }), own = offers.filter(o => o.kind === kind && !o.spare), others = offers.filter(o => o.kind !== kind && !o.spare);
    const all = own.map(o => ({ name: o.exported ?? String(nameOf(o)), own: String(nameOf(o)), thing: o.thing as T }));
    return { thing: chosen({ ...reference, written: `${word} ${written}` }, word, all, kind.example, others.length ? `; it has ${others.map(o => `${o.kind.kind} ${String(nameOf(o))}`).join(', ')}` : ''), behind: reference.behind };
  }
  /** `./file.ts#family/task?option=value`; what there is only one of may be left out. */
  async environmentId(written: string): Promise<string> {
    const found = await this.#brought<EnvironmentFamily>(KINDS.environment, 'environment', written, /^([/?]|$)/);
    if (!found) return written;
    const { thing: { family, tasks }, behind } = found, [only, ...more] = Object.keys(tasks);
    return `${family}${behind.startsWith('/') || only === undefined || more.length ? '' : `/${only}`}${behind}`;
  }
  /** `./file.ts#export`. */
  async nodeType(written: string): Promise<string> { return (await this.#brought<NodeFactory>(KINDS.nodeType, 'node type', written, /^$/))?.thing.spec.type ?? written; }
  /** `./file.ts#export:backend`. */
  async engineName(written: string): Promise<string> {
    const found = await this.#brought<EngineFactory>(KINDS.engine, 'engine', written, /^(:|$)/);
    return found ? `${found.thing.name}${found.behind}` : written;
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
  /** Who plays for a source that says `by`; of `expert` the only one that plays this environment. */
  expert(by: string, spec: EnvironmentSpec): ExpertFactory {
    const all = this.#shelf<ExpertFactory>(KINDS.expert), able = [...all.values()].filter(e => e.plays(spec)), named = all.get(by) ?? [...all.values()].find(e => plainName(e.name) === plainName(by));
    const can = able.length ? `experts for ${spec.id}: ${able.map(e => e.name).join(', ')}` : `a plugin with an expert for ${spec.id} (docs/extending.md), or an environment that one of these plays: ${[...all.keys()].join(', ')}`;
    if (named) { if (named.plays(spec)) return named; throw new InputError(`the expert ${named.name} does not play ${spec.id}`, can); }
    if (plainName(by) !== 'expert') throw new InputError(`no expert is called ${JSON.stringify(by)}`, can);
    if (able.length !== 1) throw new InputError(able.length ? `several experts play ${spec.id}: ${able.map(e => e.name).join(', ')}` : `no expert plays ${spec.id}`, able.length ? `say which one: by: '${able[0]!.name}' at the source, or --set SOURCE.by=${able[0]!.name}` : can);
    return able[0]!;
  }
  /** `tfjs`, `tfjs:wasm`; without a name the first engine that loads, with its best backend. */
  async engine(name?: string): Promise<Engine> {
    if (name === undefined) {
      this.passedOver.length = 0;
      for (const factory of this.engines.values()) try { return breathing(await factory.open()); } catch (e) { this.passedOver.push(e instanceof Error ? e.message.replaceAll('\n  fix: ', '; ') : String(e)); }
      throw new InputError(`no engine loads\n${this.passedOver.map(why => `  ${why}`).join('\n')}`, 'npm install');
    }
    const [, kind = '', backend] = /^([^:]*)(?::(.*))?$/s.exec(name)!, factory = find('engine', kind, this.engines);
    if (backend === '') throw new InputError(`engine ${kind}: no backend stands behind the colon`, `${kind} alone, or one of ${factory.backends.map(b => `${kind}:${b}`).join(', ')}`);
    return breathing(await factory.open(backend === undefined ? undefined : factory.backends.find(b => plainName(b) === plainName(backend)) ?? backend));
  }
  /** Refuses a bad id with what is possible; makes nothing. */
  checkEnvironment(id: string): void { parseEnvironmentId(id, this.environments); }
  async environment(id: string, setting: { readonly copies: number; readonly seed: number }): Promise<VectorEnvironment> { return makeEnvironment(id, this.environments, setting); }
}
