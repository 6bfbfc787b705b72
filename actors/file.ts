/**
 * The text of a file, piece by piece: what `lines`, `ndjson` and `csv` read.
 *
 *     bytes ──▶ gunzip, if it is packed ──▶ text
 *
 * One piece is in memory at a time, and the file is open only between the first piece and the last, or the moment at which
 * nobody wants more.
 */
import { open } from 'node:fs/promises'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { InvalidOption, type Options, type Progress, UnreadableFile } from '../src/index.ts'
import { isFlag, mustNotBeSource, whole } from './accepts.ts'

/** What can be said of a file that is read. */
export interface FileOptions {
  /** How its characters are written: any label that `TextDecoder` knows. A byte-order mark is left out. @default 'utf-8' */
  encoding?: string
  /** Whether it is packed. @default whether it begins as a gzip file does, or its name ends with `.gz` */
  gzip?: boolean
}

export const fileOptions = {
  encoding: {
    expected: "an encoding that TextDecoder knows, such as 'utf-8', 'utf-16le' or 'windows-1252'",
    accepts: isEncoding,
    value: 'utf-8',
    doc: 'How its characters are written. A byte-order mark is left out.',
  },
  gzip: {
    expected: 'true or false',
    accepts: isFlag,
    default: 'whether it begins as a gzip file does, or its name ends with `.gz`',
    doc: 'Whether it is packed.',
  },
} satisfies Options

export const mostCharacters = 16 * 1024 * 1024

/** How long one line, or one record, may be. */
export const maxLengthOf = (part: string) => ({
  expected: 'a whole number from 1',
  accepts: whole(1),
  value: mostCharacters,
  default: '16 Mi',
  doc: `Characters a ${part} may have: so much of it is in memory.`,
})

/** What a file gives: a run calls it, and its `progress` says how much of the file the latest of them has read. */
export type FileSource<T> = (() => AsyncGenerator<T, void>) & { progress(): Progress | undefined }

/** Where the reading of a file is; `total` is not known before it is open, nor of what is no file, such as a pipe. */
export interface Place {
  done: number
  total: number | undefined
}

export function fileSource<T>(read: (place: Place) => AsyncGenerator<T, void>): FileSource<T> {
  let latest: Place | undefined
  const begin = () => {
    latest = { done: 0, total: undefined }
    return read(latest)
  }
  const progress = (): Progress | undefined => {
    if (latest?.total === undefined) return undefined
    const { done, total } = latest
    return { done, total, unit: 'bytes' }
  }
  return Object.assign(begin, { progress })
}

/** @throws {InvalidOption} */
export function checkFile(path: unknown, part: (...args: any[]) => unknown): void {
  mustNotBeSource(path, part, `${part.name}(path)`)
  if (path instanceof URL ? path.protocol === 'file:' : typeof path === 'string' && path !== '') return
  throw new InvalidOption('path', 'a path: a string that is not empty, or a file URL', path, part.name)
}

/** @throws {UnreadableFile} */
export async function* textOf(
  path: string | URL,
  { encoding = 'utf-8', gzip }: FileOptions,
  place: Place,
): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding)
  try {
    for await (const bytes of unpacked(path, gzip, place)) {
      const text = decoder.decode(bytes, { stream: true })
      if (text !== '') yield text
    }
    const rest = decoder.decode()
    if (rest !== '') yield rest
  } catch (error) {
    throw new UnreadableFile(String(path), (error as Error).message, { cause: error })
  }
}

async function* unpacked(path: string | URL, gzip: boolean | undefined, place: Place): AsyncGenerator<Uint8Array> {
  const bytes = bytesOf(path, place)
  try {
    let head = Buffer.alloc(0)
    while (head.length < 2) {
      const { done, value } = await bytes.next()
      if (done) break
      head = Buffer.concat([head, value])
    }
    if (head.length === 0) return
    const isPacked = gzip ?? ((head[0] === 0x1f && head[1] === 0x8b) || String(path).endsWith('.gz'))
    const all = async function* () {
      yield head
      yield* bytes
    }
    yield* isPacked ? gunzipped(all()) : all()
  } finally {
    await bytes.return(undefined)
  }
}

async function* gunzipped(packed: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip()
  pipeline(Readable.from(packed, { objectMode: false }), gunzip, () => {}) // its errors come out of `gunzip`
  yield* gunzip
}

const pieceBytes = 64 * 1024

async function* bytesOf(path: string | URL, place: Place): AsyncGenerator<Buffer> {
  const file = await open(path)
  try {
    const stat = await file.stat()
    if (stat.isFile()) place.total = stat.size
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(pieceBytes), 0, pieceBytes, null)
      if (bytesRead === 0) return
      place.done += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

function isEncoding(encoding: unknown): boolean {
  try {
    return typeof encoding === 'string' && new TextDecoder(encoding) !== undefined
  } catch {
    return false
  }
}
