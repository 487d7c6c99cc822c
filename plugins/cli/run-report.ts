/** What a run says before it begins and after it has ended; between the two the trackers of the console speak. */
import type { Source } from '../../core/definition.ts';
import type { RunEvent, Tracker } from '../../core/tracker.ts';
import type { PluginRecord } from '../plugin.ts';
import { score } from '../trackers/readable.ts';
import type { Outcome, Prepared } from '../training.ts';
import { counted, grouped, labelled, tied } from './layout.ts';
import { printProfile } from './profile-report.ts';
import type { Paper, Session } from './session.ts';
import { worldInWords } from './world-facts.ts';

export interface RunFacts {
  /** Why it is this engine. */
  readonly because: string;
  readonly edits: readonly string[];
  readonly remarks: readonly string[];
}
const LABEL = 7;
/** What is to be said of a run that is over before its replay holds what the first update asks for; an episode has a step at least. */
function idle(sources: Readonly<Record<string, Source>>, steps: number): string[] {
  const [[name, { cut, keep, batch = 1, start = batch }]] = Object.entries(sources) as [[string, Source]];
  return cut !== 'rollout' && keep !== undefined && start > steps ? [`nothing will be learned: the first update waits for ${counted(start, cut === 'episodes' ? 'episode' : 'step')}, and the run has ${counted(steps, 'step')}; more --steps, or --set ${name}.start=...`] : [];
}

export class RunReport implements Tracker {
  readonly #session: Session;
  readonly #paper: Paper;
  readonly #facts: RunFacts;
  readonly #json: boolean;
  readonly #quiet: boolean;
  #prepared: Prepared | undefined;
  /** Where this session of the run began. */
  #begun = { step: 0, seconds: 0 };

  constructor(session: Session, facts: RunFacts, { json = false, quiet = false }: { readonly json?: boolean | undefined; readonly quiet?: boolean | undefined }) {
    this.#session = session; this.#facts = facts; this.#json = json; this.#quiet = quiet;
    this.#paper = json ? session.remarks : session.answer;
  }
  /** What is known only once the run is ready. */
  of(prepared: Prepared): void { this.#prepared = prepared; }

  start(): void {
    if (this.#quiet) return;
    const { because, edits, remarks } = this.#facts, { engine: { info }, folder, spec, plan, random, record } = this.#prepared!, weights = new Map<string, number>();
    for (const s of plan.slices) weights.set(s.node, (weights.get(s.node) ?? 0) + s.size);
    this.#lines([
      ['world', worldInWords(spec)],
      ['weights', `${grouped(plan.total)}: ${[...weights].map(([node, n]) => `${node} ${grouped(n)}`).join(', ')}`],
      ['engine', `${info.engine} ${info.version} on ${info.backend}${info.device === undefined ? '' : `, ${info.device}`}: ${because}`],
      ...(edits.length ? [['edits', tied(edits.join(', '))] as const] : []),
      ...(record['plugins'] as readonly PluginRecord[]).map(p => ['plugin', `${p.name} ${p.version} from ${p.from}`] as const),
      ...(random ? [['random', `${score(random.mean)} return per episode by random play (${counted(random.episodes, 'episode')})`] as const] : []),
      ...(folder === undefined ? [] : [['folder', folder] as const]),
      ...[...idle(plan.d.page.sources, record.steps), ...remarks].map(remark => ['note', remark] as const),
    ]);
    this.#paper.print('');
  }
  event({ kind, step, seconds }: RunEvent): void { if (kind === 'start' || kind === 'resume') this.#begun = { step, seconds }; }

  /** The last lines, after the trackers have closed. */
  end(outcome: Outcome): void {
    const { random, spec } = this.#prepared!, { folder, dropped, profile, score: scores, reason, seconds, state: { counters } } = outcome, taken = seconds - this.#begun.seconds, made = counters.steps - this.#begun.step;
    const stepsPerSecond = taken > 0 ? Math.round(made / taken) : 0, curve = folder === undefined ? undefined : `${folder}/curve.svg`, steps = this.#prepared!.record.steps;
    if (this.#json) this.#session.stdout.write(`${JSON.stringify({ kind: 'summary', reason, step: counters.steps, update: counters.updates, episode: counters.episodes, seconds: Math.round(seconds * 1000) / 1000, steps_per_second: stepsPerSecond, ...scores, unit: 'return per episode', random: random ?? null, returns: spec.returns ?? null, folder: folder ?? null, curve: curve ?? null })}\n`);
    if (profile && this.#json) this.#session.stdout.write(`${JSON.stringify({ kind: 'profile', ...profile })}\n`);
    if (dropped) this.#session.remarks.print(`note: the disk did not take ${counted(dropped, 'record')} of metrics and events`);
    const result = scores['eval/return'], compared = [...(random ? [`random play ${score(random.mean)}`] : []), ...(spec.returns ? [`at most ${score(spec.returns.most)}`] : [])];
    const said = result === undefined ? 'no evaluation yet' : `return ${score(result)} per episode${compared.length ? ` (${compared.join(', ')})` : ''}`, speed = made > 0 ? `${grouped(stepsPerSecond)} steps/s` : 'no step made';
    if (!this.#quiet) {
      this.#paper.print('');
      if (profile) { printProfile(this.#paper, profile); this.#paper.print(''); }
      if (curve !== undefined) this.#lines([['curve', curve]]);
      if (reason === 'stopped' && folder !== undefined) this.#lines([['stopped', `at ${grouped(counters.steps)} of ${grouped(steps)} steps; skein resume ${folder} goes on`]]);
      else if (made === 0 && folder !== undefined) this.#lines([['note', `the run has all its ${grouped(steps)} steps; --steps makes it longer`]]);
    }
    this.#paper.print(`[[bold|${said}]], ${speed}${folder === undefined ? '' : `, ${folder}`}`);
  }
  #lines(rows: readonly (readonly [label: string, text: string])[]): void { for (const [label, text] of rows) this.#paper.print(...labelled(label, text, LABEL, this.#paper.columns)); }
}
