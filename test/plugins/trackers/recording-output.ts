import type { TextOutput } from '../../../plugins/trackers/text-output.ts';

/** A stream that keeps what was written to it. */
export class RecordingOutput implements TextOutput {
  text = '';
  constructor(readonly isTTY = false, public columns = 80) {}
  write(text: string) { this.text += text; }
  /** What was written since the last call. */
  take(): string { const { text } = this; this.text = ''; return text; }
  /** What a terminal shows after it: each line as it was last drawn, without colours. */
  get screen(): string[] {
    const lines = [''];
    for (const [piece] of this.text.replace(/\x1b\[[\d;]*m/g, '').matchAll(/\r\x1b\[K|\n|[^\r\n]+/g)) {
      if (piece === '\n') lines.push('');
      else lines[lines.length - 1] = piece.startsWith('\r') ? '' : lines.at(-1)! + piece;
    }
    return lines;
  }
}
