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
import { InvalidOption, MillraceError, type Options } from '../src/index.ts'

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
    accepts: gzip => typeof gzip === 'boolean',
    default: 'whether it begins as a gzip file does, or its name ends with `.gz`',
    doc: 'Whether it is packed.',
  },
} satisfies Options

/** A file, or one line of it, could not be read: says which, and why. `cause` is the error that said so. */
export class UnreadableFile extends MillraceError {
  readonly path: string
  /** The first is 1. */
  readonly line: number | undefined

  constructor(path: string, why: string, { line, cause }: { line?: number; cause?: unknown } = {}) {
    super('ERR_UNREADABLE_FILE', `cannot read ${path}${line === undefined ? '' : `, line ${line}`}: ${why}`, { cause })
    this.path = path
    this.line = line
  }
}

/** @throws {InvalidOption} */
export function checkPath(path: unknown, place: string): void {
  if ((typeof path === 'string' && path !== '') || path instanceof URL) return
  throw new InvalidOption('path', 'a path: a string that is not empty, or a file URL', path, place)
}

/** @throws {UnreadableFile} */
export async function* textOf(path: string | URL, { encoding = 'utf-8', gzip }: FileOptions): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding)
  try {
    for await (const bytes of unpacked(path, gzip)) {
      const text = decoder.decode(bytes, { stream: true })
      if (text !== '') yield text
    }
    const rest = decoder.decode()
    if (rest !== '') yield rest
  } catch (error) {
    throw new UnreadableFile(String(path), (error as Error).message, { cause: error })
  }
}

async function* unpacked(path: string | URL, gzip: boolean | undefined): AsyncGenerator<Uint8Array> {
  const bytes = bytesOf(path)
  try {
    let head = Buffer.alloc(0)
    while (head.length < 2) {
      const { done, value } = await bytes.next()
      if (done) break
      head = Buffer.concat([head, value])
    }
    if (head.length === 0) return
    const isPacked = gzip ?? ((head[0] === 0x1f && head[1] === 0x8b) || String(path).endsWith('.gz'))
    const whole = async function* () {
      yield head
      yield* bytes
    }
    yield* isPacked ? gunzipped(whole()) : whole()
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

async function* bytesOf(path: string | URL): AsyncGenerator<Buffer> {
  const file = await open(path)
  try {
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(pieceBytes), 0, pieceBytes, null)
      if (bytesRead === 0) return
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
