/** JSON and YAML documents of others: small, flat, unambiguous data, or an error with file, line and remedy. Nothing in a document can run or grow. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { CST } from 'yaml';
import { InputError } from '../core/error.ts';
import { codeOf, reasonOf } from './stores/file-system.ts';

/** Bytes that are read at most. A YAML parser needs microseconds a byte, so its documents are smaller. */
const BYTES = { json: 16 << 20, yaml: 64 << 10 };
const DEPTH = 100, VALUES = 200_000;

export type Format = keyof typeof BYTES;
export interface Document {
  readonly value: unknown;
  /** `file:line` of the value at a path, or of the nearest one around it. */
  place(path: readonly PropertyKey[]): string;
}
/** Something wrong at an offset of a text. */
class Fault extends Error {
  constructor(readonly offset: number, message: string, readonly fix: string) { super(message); }
}
/** No JSON. */
class Syntax extends Fault {}
const lineOf = (text: string, offset: number): number => {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
};
const shown = (text: string) => JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);

/** Values whose lines are remembered, for errors about what a document says. */
const PLACED = 10_000;
const keyOf = (path: readonly PropertyKey[]) => path.map(String).join('\0');

/** What JSON and YAML share: limits, which keys and numbers are allowed, and where values stand. */
class Builder {
  readonly path: PropertyKey[] = [];
  readonly offsets = new Map<string, number>();
  #values = 0;

  value(offset: number): void {
    if (++this.#values > VALUES) throw new Fault(offset, `more than ${VALUES} values`, 'split the document');
    if (this.path.length > DEPTH) throw tooDeep(offset);
    if (this.#values <= PLACED) this.offsets.set(keyOf(this.path), offset);
  }
  key(offset: number, key: string, there: ReadonlySet<string>): void {
    if (key === '__proto__') throw new Fault(offset, 'the key __proto__ is not allowed', 'give it another name');
    if (there.has(key)) throw new Fault(offset, `the key ${shown(key)} stands twice`, 'remove one of them');
  }
  number(offset: number, x: number, written: string): number {
    if (!Number.isFinite(x)) throw new Fault(offset, `${written.slice(0, 40)} is not a finite number`, 'write a number between -1.8e308 and 1.8e308');
    return x;
  }
}
const tooDeep = (offset: number) => new Fault(offset, `nested deeper than ${DEPTH}`, 'documents here are flat');

const SPACE = /[ \t\n\r]*/y, NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y, WORD = /[A-Za-z]\w*/y;
const WORDS: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };

/** RFC 8259, read by hand because JSON.parse takes the last of two equal keys and Infinity for 1e999. */
class Json {
  #at = 0;
  readonly #build: Builder;
  readonly #text: string;
  constructor(text: string, build: Builder) { this.#text = text; this.#build = build; }

  document(): unknown {
    const value = this.#value();
    this.#match(SPACE);
    if (this.#at < this.#text.length) throw this.#fault(`${shown(this.#text.slice(this.#at, this.#at + 20))} after the end of the value`, 'one value a document');
    return value;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const hit = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += hit.length;
    return hit;
  }
  #fault(message: string, fix: string): Syntax { return new Syntax(this.#at, message, fix); }
  #next(): string {
    this.#match(SPACE);
    return this.#text[this.#at] ?? '';
  }
  #skip(char: string): boolean {
    if (this.#next() !== char) return false;
    this.#at++;
    return true;
  }
  #wanting(what: string): Syntax {
    const next = this.#next();
    return this.#fault(`${next ? shown(this.#text.slice(this.#at, this.#at + 20)) : 'the end'} where ${what} is expected`, 'write JSON: names and texts in double quotes, no comma at the end, no comments');
  }
  #value(): unknown {
    const next = this.#next();
    this.#build.value(this.#at);
    if (next === '{') return this.#object();
    if (next === '[') return this.#array();
    if (next === '"') return this.#string();
    const at = this.#at, number = this.#match(NUMBER);
    if (number) return this.#build.number(at, Number(number), number);
    const word = this.#match(WORD);
    if (Object.hasOwn(WORDS, word)) return WORDS[word];
    this.#at = at;
    throw this.#wanting('a value');
  }
  #string(): string {
    const from = this.#at;
    let end = from + 1;
    for (let c = this.#text.charCodeAt(end); c !== 34; c = this.#text.charCodeAt(end)) {
      if (Number.isNaN(c) || c < 32) { this.#at = end; throw this.#fault(Number.isNaN(c) ? 'a text does not end' : 'a line break or control character inside a text', 'close it with ", write \\n for a new line'); }
      end += c === 92 ? 2 : 1;
    }
    this.#at = end + 1;
    try { return JSON.parse(this.#text.slice(from, end + 1)) as string; } catch { this.#at = from; throw this.#fault('a text with an escape that JSON does not have', '\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0000'); }
  }
  #array(): unknown[] {
    const out: unknown[] = [];
    this.#at++;
    if (this.#skip(']')) return out;
    do {
      this.#build.path.push(out.length);
      out.push(this.#value());
      this.#build.path.pop();
    } while (this.#skip(','));
    if (!this.#skip(']')) throw this.#wanting(', or ]');
    return out;
  }
  #object(): Record<string, unknown> {
    const out: Record<string, unknown> = {}, keys = new Set<string>();
    this.#at++;
    if (this.#skip('}')) return out;
    do {
      if (this.#next() !== '"') throw this.#wanting('a name in double quotes');
      const at = this.#at, key = this.#string();
      this.#build.key(at, key, keys);
      keys.add(key);
      if (!this.#skip(':')) throw this.#wanting(':');
      this.#build.path.push(key);
      out[key] = this.#value();
      this.#build.path.pop();
    } while (this.#skip(','));
    if (!this.#skip('}')) throw this.#wanting(', or }');
    return out;
  }
}

/** YAML 1.2 as data: no anchors and aliases, no tags of its own, no directives, one document. */
async function readYaml(text: string, build: Builder): Promise<unknown> {
  const { Composer, isAlias, isMap, isNode, isScalar, isSeq, Lexer, Parser } = await import('yaml');
  const control = /[\0-\x08\x0b\x0c\x0e-\x1f]/.exec(text), parser = new Parser(), tokens: CST.Token[] = [];
  if (control) throw new Fault(control.index, 'a control character', 'write it as an escape in double quotes: "\\x07"');
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > 2 * DEPTH) throw tooDeep(parser.offset);     // before anything recursive sees it
  }
  tokens.push(...parser.end());
  const directive = tokens.find(t => t.type === 'directive');
  if (directive) throw new Fault(directive.offset, 'a directive', 'remove the line: a document is YAML 1.2');
  const composer = new Composer({ version: '1.2', schema: 'core', uniqueKeys: false, stringKeys: true, merge: false, resolveKnownTags: false, prettyErrors: false, logLevel: 'silent' });
  const [document, second] = composer.compose(tokens, true, text.length), wrong = document?.errors[0] ?? second?.errors[0] ?? document?.warnings[0];
  if (wrong) throw new Fault(wrong.pos[0], wrong.message.split('\n', 1)[0]!, 'write YAML 1.2: spaces for indentation, texts with special characters in quotes');
  if (second) throw new Fault(second.range[0], 'a second document', 'write one document a file');

  const plainly = (node: unknown, around: number): number => {
    if (!isNode(node)) return around;
    const at = node.range?.[0] ?? around;
    if (isAlias(node) || node.anchor !== undefined) throw new Fault(at, isAlias(node) ? 'an alias' : 'an anchor', 'write the value out');
    return at;
  };
  const walk = (node: unknown, around: number): unknown => {
    const at = plainly(node, around);
    build.value(at);
    if (node === null) return null;
    if (isScalar(node)) {
      const { value, source } = node;
      if (typeof value === 'number') return build.number(at, value, source ?? String(value));
      if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
    }
    if (isSeq(node)) return node.items.map((item, i) => inside(i, item, at));
    if (!isMap(node)) throw new Fault(at, 'something that is no data', 'write numbers, texts, true, false, null, lists and tables');
    const out: Record<string, unknown> = {}, keys = new Set<string>();
    for (const { key, value } of node.items) {
      const place = plainly(key, at);
      if (!isScalar(key) || typeof key.value !== 'string') throw new Fault(place, 'a key that is no text', 'write a name before each colon');
      build.key(place, key.value, keys);
      keys.add(key.value);
      out[key.value] = inside(key.value, value, place);
    }
    return out;
  };
  const inside = (key: PropertyKey, node: unknown, around: number): unknown => {
    build.path.push(key);
    const value = walk(node, around);
    build.path.pop();
    return value;
  };
  return document ? walk(document.contents, 0) : null;
}

/** A document from its text; `subject` is its name in errors, a file unless it is one line of a command. */
export async function parseDocument(text: string, format: Format, subject: string): Promise<Document> {
  const build = new Builder(), line = (offset: number) => `${subject}:${lineOf(text, offset)}`;
  if (Buffer.byteLength(text) > BYTES[format]) throw tooLarge(subject, format);
  try {
    const value = format === 'json' ? new Json(text, build).document() : await readYaml(text, build);
    return { value, place: path => {
      for (let n = path.length; n >= 0; n--) { const offset = build.offsets.get(keyOf(path.slice(0, n))); if (offset !== undefined) return line(offset); }
      return subject;
    } };
  } catch (e) {
    if (e instanceof Fault) throw new InputError(`${line(e.offset)}: ${e.message}`, e.fix);
    throw new InputError(`${subject}: no ${format.toUpperCase()} that can be read`, 'write it in its simplest form');
  }
}
/** A value on a command line, in JSON. */
export function parseValue(text: string, subject: string): unknown {
  try { return new Json(text, new Builder()).document(); } catch (e) {
    if (!(e instanceof Fault)) throw e;
    throw new InputError(`${subject}: ${e.message}`, e instanceof Syntax ? 'write 16, 1e-3, true, "text", [64, 64] or {"name": 1}' : e.fix);
  }
}

const tooLarge = (file: string, format: Format) => new InputError(`${file} is larger than ${BYTES[format] >> 10} KiB`, format === 'yaml' ? 'write it as JSON, which may be larger' : 'split it');
export const formatOf = (file: string): Format | undefined => ({ '.json': 'json', '.yaml': 'yaml', '.yml': 'yaml' } as Readonly<Record<string, Format>>)[path.extname(file).toLowerCase()];

/** Reads a document. Its size is looked at before it is read, and only plain files are opened. */
export async function readDocument(file: string): Promise<Document> {
  const format = formatOf(file);
  if (!format) throw new InputError(`${file}: documents are .json, .yaml or .yml files`, 'give it one of these endings');
  const found = await stat(file).catch((e: unknown) => { throw new InputError(`${file}: ${codeOf(e) === 'ENOENT' ? 'there is no such file' : reasonOf(e)}`, 'name a file that is there'); });
  if (!found.isFile()) throw new InputError(`${file} is not a file`, 'name a .json or .yaml file');
  if (found.size > BYTES[format]) throw tooLarge(file, format);
  const bytes = await readFile(file).catch((e: unknown) => { throw new InputError(`${file}: ${reasonOf(e)}`, 'name a file that can be read'); });
  let text: string;
  try { text = new TextDecoder('utf-8', { fatal: true }).decode(bytes); } catch { throw new InputError(`${file} is not UTF-8`, 'save it as UTF-8'); }
  return parseDocument(text, format, file);
}
