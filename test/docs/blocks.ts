/** Fenced blocks of a Markdown page: what its tests run and what they compare. */
import { readFileSync } from 'node:fs';

export interface Block {
  /** First word behind the fence: `ts`, `text`, `sh`, `json`. */
  readonly language: string;
  /** Second word, where there is one: the file that the block is, or is a part of. */
  readonly file: string | undefined;
  readonly text: string;
  /** Line of its fence, from 1. */
  readonly line: number;
}

const FENCE = /^```(\S*)[ \t]*(\S*)[^\n]*\n([\s\S]*?)^```[ \t]*$/gm;

export const pageText = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

export const blocksOf = (markdown: string): readonly Block[] => [...markdown.matchAll(FENCE)].map(({ 1: language = '', 2: file = '', 3: text = '', index }) =>
  ({ language, file: file || undefined, text, line: markdown.slice(0, index).split('\n').length }));

/** Blocks of a language, one after another, as they make one file. */
export const joined = (blocks: readonly Block[], language: string): string => blocks.filter(b => b.language === language).map(b => b.text).join('');

/** The files that blocks name, each from its blocks in order. */
export function filesOf(blocks: readonly Block[]): Record<string, string> {
  const files: Record<string, string> = {};
  for (const { file, text } of blocks) if (file !== undefined) files[file] = (files[file] ?? '') + text;
  return files;
}

/** Commands of the blocks for a shell, each as its words; what stands behind a # is left out. */
export const commandsOf = (blocks: readonly Block[]): readonly (readonly string[])[] => joined(blocks, 'sh').split('\n').map(line => line.replace(/\s+#.*$/, '').trim()).filter(Boolean)
  .map(line => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!));
