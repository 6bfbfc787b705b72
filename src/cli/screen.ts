/**
 * Some lines at the end of a terminal that are written anew in place.
 *
 * It hides no cursor and changes no mode: whatever ends the process, even a kill, leaves a terminal as it was found. Below
 * the lines stands the cursor, at the start of its line.
 */
import { widthOf } from './visible.ts'

const [eraseLine, eraseBelow] = ['\x1b[K', '\x1b[J']

export class Screen {
  /** Columns of each line that stands there. */
  #widths: number[] = []

  /** What to write so that `lines` stand there in place of those before, in one go, so that nothing flickers. */
  draw(lines: readonly string[], columns: number): string {
    const up = this.#up(columns)
    this.#widths = lines.map(widthOf)
    return `${up}${lines.map(line => `${line}${eraseLine}\n`).join('')}${eraseBelow}`
  }

  /** What to write so that nothing stands there. */
  clear(columns: number): string {
    const up = this.#up(columns)
    this.#widths = []
    return up === '' ? '' : up + eraseBelow
  }

  /** What stands there stays. */
  leave(): void {
    this.#widths = []
  }

  /** To the first line. A terminal that was made narrower has wrapped what was too wide for it. */
  #up(columns: number): string {
    const rows = this.#widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0)
    return rows > 0 ? `\r\x1b[${rows}A` : ''
  }
}
