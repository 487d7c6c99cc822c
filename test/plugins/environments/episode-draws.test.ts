import { describe, expect, it } from 'vitest';
import { Random } from '../../../core/random.ts';
import { EpisodeDraws } from '../../../plugins/environments/episode-draws.ts';

const numbers = (source: { uniform(): number }) => Array.from({ length: 3 }, () => source.uniform());
const first = (draws: EpisodeDraws, copy: number, seed?: number) => numbers(draws.begin(copy, seed));

describe('the draws of an episode', () => {
  it('differ by seed, copy and episode, and by nothing else', () => {
    const draws = new EpisodeDraws({ copies: 2, seed: 1 }), all = [0, 1, 0, 1].map(copy => first(draws, copy));
    expect(new Set(all.map(String)).size).toBe(4);
    const same = new EpisodeDraws({ copies: 3, seed: 1 });
    expect([0, 1, 0, 1].map(copy => first(same, copy))).toEqual(all);
    expect(first(new EpisodeDraws({ copies: 1, seed: 2 }), 0)).not.toEqual(all[0]);
  });
  it('with a seed of their own are those of copy 0 made with it, from its first episode on', () => {
    const draws = new EpisodeDraws({ copies: 4, seed: 1 }), other = new EpisodeDraws({ copies: 1, seed: 7 });
    first(draws, 3);
    expect([first(draws, 3, 7), first(draws, 3)]).toEqual([first(other, 0), first(other, 0)]);
  });
  it('go on from a saved key, in any copy', () => {
    const draws = new EpisodeDraws({ copies: 2, seed: 1 }), other = new EpisodeDraws({ copies: 1, seed: 2 });
    first(draws, 1);
    other.restore(0, draws.save(1));
    expect(first(other, 0)).toEqual(first(draws, 1));
  });
  it('come from the factory where there is one, and cannot be restored without it', () => {
    const asked: (readonly number[])[] = [];
    const draws = new EpisodeDraws({ copies: 2, seed: 1, random: (copy, episode) => { asked.push([copy, episode]); return Random.of(0, 'test'); } });
    first(draws, 1);
    first(draws, 1);
    expect(asked).toEqual([[1, 0], [1, 1]]);
    expect(() => new EpisodeDraws({ copies: 1, seed: 1 }).restore(0, draws.save(1))).toThrow(/came from a random factory/);
  });
});
