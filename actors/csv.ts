/** The records of a CSV file. */
import { pipeline, Readable } from 'node:stream'
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

export interface CsvOptions extends FileOptions {
  /**
   * Where the names of the columns come from: `true` from the first record, `false` from nowhere (records are arrays), or an
   * array that has them; then the first record is one as all others are. @default true
   */
  headers?: boolean | readonly string[]
  /** What stands between two fields. @default ',' */
  delimiter?: string
  /** Characters a record may have: so much of it is in memory. A whole number from 1. @default 16 Mi */
  maxLength?: number
}

export const csvOptions = {
  ...fileOptions,
  headers: {
    expected: 'true, false, or an array of one name at least, each of them once',
    accepts: headers => typeof headers === 'boolean' || (Array.isArray(headers) && areNames(headers)),
    value: true,
    doc: 'Where the names of the columns come from: the first record, nowhere (records are arrays), or this array.',
  },
  delimiter: {
    expected: 'a string that is not empty, without line breaks and double quotes',
    accepts: delimiter => typeof delimiter === 'string' && /^[^\r\n"]+$/.test(delimiter),
    value: ',',
    doc: 'What stands between two fields.',
  },
  maxLength: maxLengthOf('record'),
} satisfies Options

/**
 * A source: the records of a CSV file (RFC 4180), packed or not, as objects by the names in its first record.
 *
 *     pipeline('users').from(csv('users.csv'))                            // { name: 'Ada', born: '1815' } …
 *     pipeline('users').from(csv('users.tsv', { delimiter: '\t', headers: false }))            // ['Ada', '1815'] …
 *
 * Fields are strings, as they are written: nothing is trimmed or converted. One in double quotes may have delimiters, line
 * breaks and doubled quotes. Lines end with `\r\n`, `\n` or `\r`; empty ones are left out, and so is a byte-order mark. Read piece by piece, as `lines` is.
 *
 * The run fails with `UnreadableFile`, which has the path and, for what is no CSV, the line (of a quote that does not end, the
 * number of the record): a quote that does not end, a record with more or fewer fields than there are columns, two columns of one name, a record longer than `maxLength`.
 *
 * @throws {InvalidOption} for a path that is none.
 * @throws {InvalidOptions}
 */
export function csv(path: string | URL, options: CsvOptions & { headers: false }): FileSource<string[]>
export function csv<const Name extends string>(
  path: string | URL,
  options: CsvOptions & { headers: readonly Name[] },
): FileSource<Record<Name, string>>
export function csv<Row = Record<string, string>>(
  path: string | URL,
  options?: CsvOptions & { headers?: true },
): FileSource<Row>
export function csv(path: string | URL, options: CsvOptions = {}): FileSource<unknown> {
  checkFile(path, csv)
  checkOptions(options, csvOptions, 'csv')
  return fileSource(place => read(path, options, place))
}

async function* read(
  path: string | URL,
  { headers = true, delimiter = ',', maxLength = mostCharacters, ...options }: CsvOptions,
  place: Place,
): AsyncGenerator<unknown, void> {
  const { CsvError, parse } = await import('csv-parse') // who reads no CSV does not load it
  const columns = (names: string[]) => {
    const twice = names.find((name, index) => names.indexOf(name) !== index)
    if (twice === undefined) return names
    throw new UnreadableFile(
      String(path),
      `two columns are called ${JSON.stringify(twice)}: name them by \`headers\``,
      {
        line: 1,
      },
    )
  }
  const parser = parse({
    columns: headers === true ? columns : headers === false ? false : [...headers],
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    skip_empty_lines: true,
    max_record_size: maxLength,
  })
  pipeline(Readable.from(textOf(path, options, place)), parser, () => {}) // its errors come out of `parser`
  try {
    yield* parser
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const { lines, records = 0, record = [] } = error as { lines?: number; records?: number; record?: unknown[] }
    const why: Readonly<Record<string, string>> = {
      CSV_QUOTE_NOT_CLOSED: `a double quote that opens in record ${records + 1} is never closed`,
      CSV_RECORD_INCONSISTENT_COLUMNS: otherLength(record),
      CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: otherLength(record),
      CSV_INVALID_CLOSING_QUOTE: 'more stands behind a closing double quote: write one that belongs to the text twice',
      INVALID_OPENING_QUOTE: 'a double quote stands within a field: put the field in quotes, and write this one twice',
      CSV_MAX_RECORD_SIZE: `a record has more than ${maxLength} characters: raise \`maxLength\``,
    }
    // Of a quote that is not closed only the end is known, which is that of the file.
    const line = error.code === 'CSV_QUOTE_NOT_CLOSED' ? undefined : lines
    const place = line === undefined ? {} : { line }
    throw new UnreadableFile(String(path), why[error.code] ?? error.message, { cause: error, ...place })
  }
}

function otherLength({ length }: readonly unknown[]): string {
  return `it has ${length} ${length === 1 ? 'field' : 'fields'}, and not as many as there are columns`
}

function areNames(headers: readonly unknown[]): boolean {
  return (
    headers.length > 0 && headers.every(name => typeof name === 'string') && new Set(headers).size === headers.length
  )
}
