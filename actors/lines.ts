/** The lines of a file. */
import { checkOptions, type Options, UnreadableFile } from '../src/index.ts'
import {
  checkFile,
  type FileOptions,
  type FileSource,
  fileOptions,
  fileSource,
  maxLengthOf,
  mostCharacters,
  type Place,
  textOf,
} from './file.ts'

export interface LinesOptions extends FileOptions {
  /** Characters a line may have: so much of it is in memory. A whole number from 1. @default 16 Mi */
  maxLength?: number
}

export const linesOptions = { ...fileOptions, maxLength: maxLengthOf('line') } satisfies Options

/**
 * A source: the lines of a file, without what ends them.
 *
 * A line ends with `\n` or `\r\n`; the last one may do without. An empty line is an empty string, and an empty file has no
 * lines. A packed file (gzip) is unpacked on the way. The file is opened at each run, read piece by piece, as fast as the
 * pipeline takes it, and closed when the run ends, however it does. In the first stage, `context.sequence` + 1 is the number
 * of the line.
 *
 *     pipeline('log').from(lines('access.log.gz'))
 *
 * The run fails with `UnreadableFile`, which names the path, when the file is not there, cannot be read or unpacked, or has
 * a line that is longer than `maxLength`. Bytes that are none of the encoding become U+FFFD.
 *
 * Its `progress()` says how many bytes of the file have been read: `millrace run` shows how much is done by it.
 *
 * @throws {InvalidOption} for a path that is none.
 * @throws {InvalidOptions}
 */
export function lines(path: string | URL, options: LinesOptions = {}): FileSource<string> {
  checkFile(path, lines)
  checkOptions(options, linesOptions, 'lines')
  return fileSource(place => read(path, options, place))
}

async function* read(
  path: string | URL,
  { maxLength = mostCharacters, ...options }: LinesOptions,
  place: Place,
): AsyncGenerator<string, void> {
  let number = 1
  /** What has come of the line, in pieces. */
  let begun: string[] = []
  let length = 0
  const checkLength = (most: number) => {
    if (length <= most) return
    const why = `it has more than ${maxLength} characters: raise \`maxLength\``
    throw new UnreadableFile(String(path), why, { line: number })
  }
  const add = (piece: string) => {
    length += piece.length
    checkLength(maxLength + 1) // the last of them may be a `\r`, and no part of the line
    begun.push(piece)
  }
  for await (const text of textOf(path, options, place)) {
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      add(text.slice(start, end))
      const whole = begun.length === 1 ? begun[0]! : begun.join('')
      const line = whole.endsWith('\r') ? whole.slice(0, -1) : whole
      length = line.length
      checkLength(maxLength)
      begun = []
      length = 0
      number++
      start = end + 1
      yield line
    }
    if (start < text.length) add(text.slice(start))
  }
  checkLength(maxLength)
  if (begun.length > 0) yield begun.join('')
}
