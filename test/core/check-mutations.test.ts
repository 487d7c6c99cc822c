/**
 * Wrong edits of every page, one at a time, on its plain data: each must be refused, at the place that was edited, with both sides
 * and a remedy, and without a tail of consequences.
 */
import { describe, expect, it } from 'vitest';
import { check } from '../../core/check.ts';
import { bare, fromJson, type Page } from '../../core/definition.ts';
import { InputError, type Issue } from '../../core/error.ts';
import { allPages, registry } from '../pages/index.ts';
import { KINDS, subject, type DraftPage, type Edit, type Subject } from '../pages/wrong-edits.ts';

const subjects = Object.entries(allPages).map(([name, d]) => subject(name, d));

/** Some of a list, spread over it; on every page others. */
const spread = <T>(list: readonly T[], most: number, page: number): T[] =>
  (list.length <= most ? [...list] : Array.from({ length: most }, (_, i) => list[Math.floor(((i + page / subjects.length) * list.length) / most)]!));

interface Verdict { readonly kind: string; readonly page: string; readonly edit: Edit; readonly issues: readonly Issue[]; readonly refusal?: string }
function judge(kind: string, s: Subject, e: Edit): Verdict {
  const page = bare(s.page) as DraftPage, verdict = { kind, page: s.name, edit: e };
  e.apply(page);
  if (!KINDS[kind]!.codes.includes('schema')) return { ...verdict, issues: check({ page: bare(page) as Page, specs: s.d.specs, handles: undefined }) };
  try { fromJson(JSON.parse(JSON.stringify(page)), registry, s.name); } catch (error) {
    if (error instanceof InputError) return { ...verdict, issues: [], refusal: error.message };
    throw error;
  }
  return { ...verdict, issues: [] };
}
const verdicts = Object.entries(KINDS).flatMap(([kind, { edits, most = 1 }]) => subjects.flatMap((s, page) => spread([...edits(s)], most, page).map(e => judge(kind, s, e))));
const line = (v: Verdict) => `${v.page}, ${v.kind}: ${v.edit.what}`;
const say = (v: Verdict) => `${line(v)}\n${v.issues.map(i => `      ${i.code} at ${i.at}: ${i.what} | expected ${i.expected ?? '-'} | got ${i.got ?? '-'} | fix ${i.fix}`).join('\n')}`;
/** Does an issue name the place? Its node at `at`, or in words where the fault shows further down. */
const about = ({ edit: { at, port }, issues }: Verdict) => issues.some(i => {
  const all = [i.at, i.what, i.got ?? '', i.expected ?? '', ...(i.lines ?? []), i.fix].join(' ');
  return (i.at === at || i.at.startsWith(`${at}.`) || all.includes(at)) && (port === undefined || all.includes(port));
});

describe('wrong edits of every page', () => {
  it('are many, of many kinds, on all pages', () => {
    const kinds = Object.keys(KINDS).length, refused = verdicts.filter(v => v.issues.length || v.refusal !== undefined).length;
    process.stdout.write(`wrong edits: ${verdicts.length} of ${kinds} kinds on ${subjects.length} pages, ${refused} refused\n`);
    expect(verdicts.length).toBeGreaterThanOrEqual(3000);
    expect(kinds).toBeGreaterThanOrEqual(90);
    expect(new Set(verdicts.map(v => v.page)).size).toBe(subjects.length);
    const empty = Object.keys(KINDS).filter(k => !verdicts.some(v => v.kind === k));
    expect(empty).toEqual([]);
  });
  it('pages themselves have no issues', () => expect(subjects.filter(s => check(s.d).length).map(s => s.name)).toEqual([]));
  for (const kind of Object.keys(KINDS)) {
    const all = verdicts.filter(v => v.kind === kind);
    it(`${kind}: refused (${all.length})`, () => {
      const accepted = all.filter(v => !v.issues.length && v.refusal === undefined);
      expect(accepted.map(line)).toEqual([]);
    });
    it(`${kind}: with its code, its place, both sides and a remedy`, () => {
      const code = all.filter(v => v.issues.length && !v.issues.some(i => KINDS[kind]!.codes.includes(i.code)));
      expect(code.map(say)).toEqual([]);
      expect(all.filter(v => v.issues.length && !about(v)).map(say)).toEqual([]);
      const hollow = all.filter(v => v.issues.some(i => !i.at || !i.what || i.what.includes('\n') || !i.expected || !i.got || !i.fix || /undefined|\[object/.test(`${i.what} ${i.expected} ${i.got} ${i.fix}`)));
      expect(hollow.map(say)).toEqual([]);
      const shapeless = all.filter(v => v.issues.some(i => i.code === 'SHAPE' && !(/\[.*\]/.test(i.expected ?? '') && /\[.*\]/.test(i.got ?? ''))));
      expect(shapeless.map(say)).toEqual([]);
    });
  }
  it('a page file refused before the check says where and what to do', () => {
    const refused = verdicts.filter(v => v.refusal !== undefined);
    expect(refused.filter(v => !v.refusal!.includes(v.edit.at) || !v.refusal!.includes(v.edit.port ?? '') || !v.refusal!.includes('fix:')).map(v => `${line(v)}: ${v.refusal}`)).toEqual([]);
  });
  it('consequences are not reported again: at most three issues in 95 of 100 edits', () => {
    const long = verdicts.filter(v => v.issues.length > 3).sort((a, b) => b.issues.length - a.issues.length);
    expect(long.length / verdicts.length, long.slice(0, 10).map(say).join('\n')).toBeLessThan(0.05);
  });
});
