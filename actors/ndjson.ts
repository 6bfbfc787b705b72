/** The values of a file that has one as JSON in each line. */
import { checkOptions, UnreadableFile } from '../src/index.ts'
import { checkFile, type FileSource } from './file.ts'
import { type LinesOptions, lines, linesOptions } from './lines.ts'

export type NdjsonOptions = LinesOptions

/**
 * A source: the values of a file of JSON lines (NDJSON, JSONL), packed or not. Lines of nothing but white space are left out.
 *
 *     pipeline('orders').from(ndjson<Order>('orders.ndjson'))
 *
 * What `T` says is not checked: give the first stage a `schema`. Reads as `lines` does, with its options. The run fails with
 * `UnreadableFile`, which has the path and the line, at the first line that is no JSON. Where such lines should be dead
 * letters, parse in a stage: `.from(lines(path)).stage('parse', line => JSON.parse(line), { onFailure: 'skip' })`.
 *
 * @throws {InvalidOption} for a path that is none.
 * @throws {InvalidOptions}
 */
export function ndjson<T = unknown>(path: string | URL, options: NdjsonOptions = {}): FileSource<T> {
  checkFile(path, ndjson)
  checkOptions(options, linesOptions, 'ndjson')
  const read = lines(path, options)
  const values = async function* () {
    let number = 0
    for await (const line of read()) {
      number++
      if (line.trim() !== '') yield parsed(path, number, line) as T
    }
  }
  return Object.assign(values, { progress: read.progress })
}

function parsed(path: string | URL, line: number, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new UnreadableFile(String(path), `it is no JSON: ${(cause as Error).message}`, { line, cause })
  }
}
