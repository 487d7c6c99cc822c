/** A stream that people or programs read: standard output, standard error, or a test's. */
export interface TextOutput {
  write(text: string): unknown;
  /** Is it a terminal? */
  readonly isTTY?: boolean;
  /** Its width, where it is one; 0 of one that does not know. */
  readonly columns?: number;
  on?(event: 'error', listener: (error: Error) => void): unknown;
}

/** The same, but a reader that goes away (`| head`) ends the writing, and nothing throws; who runs something long hears of it by itself. */
export function lasting(out: TextOutput): TextOutput {
  let gone = false;
  out.on?.('error', () => { gone = true; });
  return {
    write: text => (gone ? undefined : out.write(text)),
    get isTTY() { return out.isTTY ?? false; },
    get columns() { return out.columns || 80; },
  };
}
