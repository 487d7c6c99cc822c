/** Runs of several players put together: one folder with one of each player in it, one record, one series of metrics whose names begin with the player's. */
import { basename, dirname, resolve } from 'node:path';
import { inject, injectable } from 'inversify';
import { fromJson, toJson, type Definition } from '../core/definition.ts';
import { InputError, RunError } from '../core/error.ts';
import type { Episode } from '../core/run.ts';
import type { MetricRecord, Place, RunRecord, Tracker } from '../core/tracker.ts';
import { freshState } from '../core/weights.ts';
import { Catalogue } from './catalogue.ts';
import { scoreOf, seedFor, type Score } from './evaluation.ts';
import { JointEnvironment } from './joint-environment.ts';
import { orClose } from './or-close.ts';
import { playersInWords, playTogether, seatOf, seatsOf, Together, type Player, type Players, type Playing } from './players.ts';
import { Checkpoints } from './stores/checkpoints.ts';
import { readRecord, readRun } from './stores/read-run.ts';
import { RunFolder } from './stores/run-folder.ts';
import { eventLine, metricLine } from './stores/run-lines.ts';
import { claimRunFolder } from './stores/run-name.ts';
import { Audience } from './trackers/audience.ts';
import { Training, type Outcome, type Prepared, type TrainOptions } from './training.ts';
import { version } from './version.ts';

export type JointOptions = Pick<TrainOptions, 'environment' | 'steps' | 'seed' | 'engine' | 'copies' | 'evaluate' | 'checkpointEvery' | 'logEvery' | 'failures' | 'out' | 'picture' | 'trackers' | 'experiment'>;
/** Players that are ready. `players` are those that learn; `begin` gives what came of each. */
export interface JointPrepared {
  readonly players: Readonly<Record<string, Prepared>>; readonly record: RunRecord; readonly folder: string | undefined;
  stop(): void;
  begin(): Promise<Readonly<Record<string, Outcome>>>;
  /** Gives all of it back where it is not to begin. */
  close(): Promise<void>;
}
interface JointEvaluation { readonly episodes?: number; readonly seed?: number; readonly engine?: string; readonly told?: (episodes: number) => void }
const NAME = /^[A-Za-z][A-Za-z0-9]{0,63}$/;
const learning = (players: Players): [string, Extract<Player, { page: unknown }>][] => Object.entries(players).flatMap(([n, p]) => ('page' in p ? [[n, p]] : []));

/** What is said of players before anything is opened. */
function checkPlayers(players: Players): void {
  const odd = Object.keys(players).find(n => !NAME.test(n));
  if (odd !== undefined) throw new InputError(`player ${JSON.stringify(odd)}: a name is letters and digits, a letter first, at most 64`, 'for example red and blue');
  if (!learning(players).length) throw new InputError('no player learns', 'give one of them a page');
  for (const [name, p] of Object.entries(players)) {
    if (!('copyOf' in p)) continue;
    const of = players[p.copyOf];
    if (!of || !('page' in of)) throw new InputError(`player ${name}: copies ${p.copyOf}, which ${of ? 'does not learn' : 'is no player'}`, `players that learn are ${learning(players).map(([n]) => n).join(', ')}`);
    if (of.agents.length !== p.agents.length) throw new InputError(`player ${name} has ${p.agents.length} agents, and ${p.copyOf}, whose copy it plays by, has ${of.agents.length}`, 'as many agents for both');
    if (!(Number.isInteger(p.every) && p.every >= 1)) throw new InputError(`player ${name}: every is ${p.every}`, 'environment steps between two copies: a whole number above 0');
  }
}

/** One player's series, joined with the others' where all have a record of the same step. */
class Joined {
  readonly #waiting = new Map<string, MetricRecord[]>(); readonly #audience: () => Audience | undefined; readonly #lead: string; readonly #latest = new Map<string, Place>();
  constructor(names: readonly string[], audience: () => Audience | undefined) { this.#lead = names[0]!; this.#audience = audience; for (const n of names) this.#waiting.set(n, []); }
  of(name: string): Tracker {
    const named = (values: Readonly<Record<string, number>>) => Object.fromEntries(Object.entries(values).map(([k, x]) => [`${name}/${k}`, x]));
    return {
      metrics: m => { this.#waiting.get(name)!.push({ ...m, values: named(m.values) }); this.#flush(); },
      event: e => {
        const ofAll = ['start', 'resume', 'end'].includes(e.kind);                                  // once for all players, by the one who leads
        if (!ofAll) this.#audience()?.event({ ...e, detail: { player: name, ...e.detail, ...(typeof e.detail['what'] === 'string' ? { what: `${name}: ${e.detail['what']}` } : {}) } });
        else if (name === this.#lead) this.#audience()?.event(e);
      },
      progress: p => {
        this.#latest.set(name, { ...p, latest: named(p.latest) });
        if (name === this.#lead) this.#audience()?.progress({ ...p, latest: Object.assign({}, ...[...this.#latest.values()].map(l => l.latest)) as Place['latest'] });
      },
    };
  }
  #flush(): void {
    const rows = [...this.#waiting.values()];
    while (rows.every(r => r.length)) {
      const now = rows.map(r => r.shift()!);
      this.#audience()?.metrics({ ...now[0]!, values: Object.assign({}, ...now.map(m => m.values)) as MetricRecord['values'] });
    }
  }
}

/** Players as a record holds them: a page in full, a checkpoint by its number. */
const written = (players: Players, at: ReadonlyMap<string, number>) => Object.fromEntries(Object.entries(players).map(([n, p]) => [n, 'page' in p ? { agents: p.agents, page: toJson(p.page) } : 'run' in p ? { agents: p.agents, run: resolve(p.run), at: at.get(n) } : p]));

@injectable()
export class JointTraining {
  readonly #catalogue: Catalogue; readonly #training: Training;
  constructor(@inject(Catalogue) catalogue: Catalogue, @inject(Training) training: Training) { this.#catalogue = catalogue; this.#training = training; }

  /** Everything is checked before a folder is made: each run is made once without one, and given back. */
  async prepare(players: Players, { out, trackers = [], experiment, ...o }: JointOptions): Promise<JointPrepared> {
    checkPlayers(players);
    const own = new Set(learning(players).flatMap(([, { page }]) => page.page.sources[Object.keys(page.page.sources)[0]!]?.copies ?? []));
    if (o.copies === undefined && own.size > 1) throw new InputError(`the players' pages ask for ${[...own].join(' and ')} copies of the environment`, '--envs says how many they share');
    const copies = o.copies ?? [...own][0] ?? 1, seed = o.seed ?? 1, probe = await this.#catalogue.environment(o.environment, { copies: 1, seed: 0 }), { id } = probe.spec;
    const common = { ...o, environment: id, copies, evaluate: { every: o.evaluate?.every ?? Math.max(1, Math.ceil(o.steps / 20)), episodes: o.evaluate?.episodes ?? 32 } }, engine = o.engine === undefined ? {} : { engine: o.engine };
    try {
      const joint = new JointEnvironment(probe, seatsOf(players));
      for (const [name, p] of Object.entries(players)) {
        if ('page' in p) await (await this.#training.prepare(p.page, { ...common, seed, out: false, seat: { player: name, agents: p.agents, of: '', environment: () => Promise.resolve(joint.view(name)), collector: rollout => rollout, evaluate: () => Promise.resolve({}) } })).close();
        if ('run' in p) (await this.#training.playing(p.run, joint.view(name), { ...(p.at === undefined ? {} : { from: p.at }), ...engine })).dispose();
      }
    } finally { await probe.close(); }
    const folder = out === false ? undefined : await RunFolder.create(out ?? await claimRunFolder({ algorithm: Object.keys(players).join('-'), environment: id, seed })), settings = { seed, copies, episodes: common.evaluate.episodes };
    return orClose({ close: () => folder?.close() }, () => this.#put(players, { ...settings, environment: id, engine: o.engine }, folder, trackers,
      (name, page, seat, tracker, playerSeed) => this.#training.prepare(page, { ...common, seed: playerSeed, out: folder ? `${folder.path}/${name}` : false, seat, trackers: [tracker] }),
      prepared => ({ steps: o.steps, started: new Date().toISOString(), settings, engine: prepared.engine.info, versions: { skein: version(), node: process.versions.node }, plugins: this.#catalogue.records(), ...(experiment ? { experiment } : {}) })));
  }

  /** From the newest step at which every player has a checkpoint. Nothing in a folder is changed before all players are ready, and begin. */
  async resume(path: string, o: Pick<JointOptions, 'trackers' | 'engine' | 'picture'> & { readonly steps?: number } = {}): Promise<JointPrepared> {
    const record = await readRecord(path), players = this.#playersOf(record, path), { step, updates } = await this.#common(path, learning(players).map(([n]) => n)), folder = await RunFolder.open(path);
    return orClose(folder, async () => {
      const { metrics, events } = await readRun(path), upTo = <T extends { readonly step: number }>(records: readonly T[], line: (r: T) => string) => { const kept = records.filter(r => r.step <= step); return { bytes: kept.reduce((n, r) => n + Buffer.byteLength(line(r)), 0), records: kept.length }; };
      const prepared = await this.#put(players, { ...record['settings'] as { seed: number; copies: number; episodes: number }, environment: record.environment, engine: o.engine }, folder, o.trackers ?? [], (name, _, seat, tracker) => this.#training.resume(`${path}/${name}`, {
        seat, from: updates.get(name)!, trackers: [tracker], ...(o.steps === undefined ? {} : { steps: o.steps }), ...(o.engine === undefined ? {} : { engine: o.engine }), ...(o.picture === undefined ? {} : { picture: o.picture }),
      }), () => ({ ...record, steps: o.steps ?? record.steps }));
      return { ...prepared, begin: async () => {
        await orClose(prepared, () => folder.rewind({ metrics: upTo(metrics, metricLine), events: upTo(events, eventLine) }));
        return prepared.begin();
      } };
    });
  }

  /** Greedy episodes of all players together, from the newest step at which each has a checkpoint; what each one scores. `at` takes other checkpoints of players that learn. */
  async evaluate(path: string, { episodes = 100, seed = 1, engine, at: asked = {}, told }: JointEvaluation & { readonly at?: Readonly<Record<string, number>> } = {}): Promise<{ readonly scores: Readonly<Record<string, Score>>; readonly step: number; readonly updates: Readonly<Record<string, number>>; readonly record: RunRecord }> {
    const record = await readRecord(path), players = this.#playersOf(record, path), { step, updates } = await this.#common(path, learning(players).map(([n]) => n)), make = (s: { readonly copies: number; readonly seed: number }) => this.#catalogue.environment(record.environment, s);
    const one = await make({ copies: 1, seed: 0 }), opened = new Map<string, Awaited<ReturnType<Training['playing']>>>();
    try {
      const sized = new JointEnvironment(one, seatsOf(players));
      for (const [name, p] of Object.entries(players)) {
        const [at, from] = 'page' in p ? [`${path}/${name}`, asked[name] ?? updates.get(name)] : 'run' in p ? [p.run, p.at] : [`${path}/${p.copyOf}`, updates.get(p.copyOf)];
        opened.set(name, await this.#training.playing(at, sized.view(name), { ...(from === undefined ? {} : { from }), ...(engine === undefined ? {} : { engine }) }));
      }
      const played = await playTogether(Object.fromEntries([...opened].map(([n, playing]) => [n, { agents: players[n]!.agents, playing }])), { episodes, seed: seedFor(seed, 'evaluate'), make, ...(told ? { told } : {}) });
      return { scores: Object.fromEntries(Object.entries(played).map(([n, e]: [string, Episode[]]) => [n, scoreOf(e, seed)])), step, updates: { ...Object.fromEntries(updates), ...asked }, record };
    } finally { for (const { dispose } of opened.values()) dispose(); await one.close(); }
  }

  /** The run of one player: what it scores with the others of its run, who play from the newest step at which each has a checkpoint; as does it without `from`. `beside` are their names. */
  async evaluateOne(path: string, { from, ...o }: JointEvaluation & { readonly from?: number } = {}): Promise<{ readonly score: Score; readonly update: number; readonly record: RunRecord; readonly beside: readonly string[] }> {
    const record = await readRecord(path), all = dirname(resolve(path)), name = seatOf(record)?.player ?? '', whole = await readRecord(all).catch(() => undefined);
    if (resolve(all, name) !== resolve(path) || !Object.hasOwn((whole?.['players'] ?? {}) as object, name)) throw new InputError(`${path} is the run of player ${name}, one of several, and ${all} does not hold the others`, `put it back among them, or skein export ${path} for its policy alone`);
    const { scores, updates } = await this.evaluate(all, { ...o, at: from === undefined ? {} : { [name]: from } });
    return { score: scores[name]!, update: updates[name]!, record, beside: Object.keys(scores).filter(n => n !== name) };
  }

  #playersOf(record: RunRecord, path: string): Players {
    const held = record['players'] as Readonly<Record<string, { agents: number[]; page?: unknown; run?: string; at?: number; copyOf?: string; every?: number }>>;
    return Object.fromEntries(Object.entries(held).map(([n, p]): [string, Player] => [n, p.page !== undefined ? { agents: p.agents, page: fromJson(p.page, this.#catalogue.registry, `${path}/run.json: player ${n}`) } : p.run !== undefined ? { agents: p.agents, run: p.run, ...(p.at === undefined ? {} : { at: p.at }) } : { agents: p.agents, copyOf: p.copyOf!, every: p.every! }]));
  }
  /** Checkpoints are numbered by updates, which players make at paces of their own; they stand together by their steps. */
  async #common(path: string, names: readonly string[]): Promise<{ readonly step: number; readonly updates: ReadonlyMap<string, number> }> {
    const held = await Promise.all(names.map(async name => {
      const store = new Checkpoints(`${path}/${name}/checkpoints`, { version: version() }), at = new Map<number, number>();
      for (const update of await store.list()) at.set(await store.stepOf(update), update);
      return at;
    })), common = [...held[0]!.keys()].filter(s => held.every(h => h.has(s)));
    if (!common.length) throw new InputError(`${path}: there is no step at which every player has a checkpoint`, 'train it anew in another folder, with --checkpoint for a shorter pace');
    const step = Math.max(...common);
    return { step, updates: new Map(names.map((n, i) => [n, held[i]!.get(step)!])) };
  }

  async #put(players: Players, { seed, copies, episodes, environment, engine }: { readonly seed: number; readonly copies: number; readonly episodes: number; readonly environment: string; readonly engine: string | undefined }, folder: RunFolder | undefined, trackers: readonly Tracker[],
    make: (name: string, page: Definition, seat: ReturnType<Together['seat']>, tracker: Tracker, seed: number) => Promise<Prepared>, facts: (first: Prepared) => object): Promise<JointPrepared> {
    const together = new Together(players, seed, { episodes, seed, make: s => this.#catalogue.environment(environment, s) }), names = learning(players).map(([n]) => n), prepared: Record<string, Prepared> = {}, frozen: { dispose(): void }[] = [], at = new Map<string, number>();
    let audience: Audience | undefined;
    const joined = new Joined(names, () => audience), unwind = async () => { for (const f of frozen) f.dispose(); for (const p of Object.values(prepared)) await p.close(); await together.close(); };
    await together.open(copies);
    await orClose({ close: unwind }, async () => {
      for (const [name, { page }] of learning(players)) {
        const ready = prepared[name] = await make(name, page, together.seat(name, folder?.path ?? ''), joined.of(name), together.seedOf(name));
        together.learnerOf(name, () => ready.run.learner);
      }
      for (const [name, p] of Object.entries(players)) {
        if ('page' in p) continue;
        if ('run' in p) {
          const playing = await this.#training.playing(p.run, together.view(name), { ...(p.at === undefined ? {} : { from: p.at }), ...(engine === undefined ? {} : { engine }) });
          frozen.push(playing); at.set(name, playing.at);
          together.invite(name, playing);
        } else { const { learner } = prepared[p.copyOf]!.run, playing: Playing = { learner, state: freshState(learner.plan, together.seedOf(p.copyOf)) }; together.invite(name, playing); }
      }
    });
    const record = { format: 1, name: folder ? basename(resolve(folder.path)) : 'players', algorithm: playersInWords(players), environment, seed, players: written(players, at), ...facts(prepared[names[0]!]!) } as unknown as RunRecord;
    return {
      players: prepared, record, folder: folder?.path, stop: () => { together.stop(() => { for (const p of Object.values(prepared)) p.run.stop(); }); },
      begin: async () => {
        audience = new Audience([...(folder ? [['the run folder', folder] as const] : []), ...trackers.map(t => ['a tracker', t] as const)], { step: 0, update: 0, episode: 0, seconds: 0 });
        try {
          await orClose({ close: async () => { for (const p of Object.values(prepared)) await p.close(); } }, () => folder?.start(record));
          audience.start(record, folder);
          let first: unknown;
          const done = await Promise.all(names.map(async name => {
            try { return [name, await prepared[name]!.begin()] as const; } catch (e) {
              first ??= e;
              together.fail(new RunError(`player ${name} cannot go on: ${e instanceof Error ? e.message.split('\n', 1)[0] : String(e)}`, 'what stopped it stands in its own events'));
              return [name, undefined] as const;
            }
          }));
          if (first !== undefined) throw first as Error;
          return Object.fromEntries(done) as Record<string, Outcome>;
        } finally {
          for (const f of frozen) f.dispose();
          await together.close();
          await audience.close(folder);
          await folder?.flush();
          await folder?.close();
        }
      },
      close: async () => { await unwind(); await folder?.close(); },
    };
  }
}
