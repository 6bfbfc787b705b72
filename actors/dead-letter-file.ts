/** Dead letters, on disk. */
import { closeSync, openSync } from 'node:fs'
import { appendFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { checkOptions, type DeadLetter, type Options, UnwritableFile } from '../src/index.ts'
import { checkPath, whole, wholeOrEndless } from './accepts.ts'

export interface DeadLetterFileOptions {
  /** Letters that may wait to be written. A whole number from 1. @default 1_000 */
  waiting?: number
  /** Bytes that the file may have; then no more is written. A whole number from 1, or Infinity. @default 256 MiB */
  maxBytes?: number
  /** Characters of an item, as JSON, that are written; beyond that it is cut. A whole number from 100. @default 16 Ki */
  maxItem?: number
}

export const deadLetterFileOptions = {
  waiting: {
    expected: 'a whole number from 1',
    accepts: whole(1),
    value: 1_000,
    doc: 'Letters that may wait to be written; those beyond are counted.',
  },
  maxBytes: {
    expected: 'a whole number from 1, or Infinity',
    accepts: wholeOrEndless(1),
    value: 256 * 1024 * 1024,
    default: '256 MiB',
    doc: 'Bytes that the file may have; letters beyond are counted.',
  },
  maxItem: {
    expected: 'a whole number from 100',
    accepts: whole(100),
    value: 16 * 1024,
    default: '16 Ki',
    doc: 'Characters of an item that are written; beyond that it is cut.',
  },
} satisfies Options

/** What became of the letters. `missed`: those that there was no room or no disk for; `error`: why the disk took none. */
export interface DeadLetterFileSummary {
  readonly written: number
  readonly missed: number
  readonly error: unknown
}

/** An observer of dead letters, which RxJS takes. */
export interface DeadLetterFile {
  next(letter: DeadLetter): void
  error(error: unknown): void
  complete(): void
  /** Resolves when the run is over and all that can be written is; it never rejects. */
  readonly done: Promise<DeadLetterFileSummary>
}

/**
 * An observer that appends each dead letter of a run to a file, as a line of JSON.
 *
 *     const dead = deadLetterFile('dead.ndjson')
 *     run.deadLetters.subscribe(dead)
 *     await run.done
 *     const { missed } = await dead.done
 *
 * A line has `at` (ISO 8601), `stage`, `worker`, `sequence`, `key`, `attempts`, `deaths`, `item`, and `error`: `name`,
 * `message`, `code`, the first lines of its `stack`, and its `cause`, and so on. What JSON does not know is written in words:
 * a bigint as text, a Map as its entries, bytes as base64; an item that is too long is cut, `{ "cut": … }`.
 *
 * It never holds up the run, nor fails it. Letters wait in memory, up to `waiting`, and are written one batch after the
 * other; one that finds no room, or that the disk refuses, is missed and counted, and a line `{ "missed": … }` says so in the
 * file as soon as it can. The file is opened for each batch, so it may be moved away. Make one for each run.
 *
 * @throws {InvalidOption} for a path that is none.
 * @throws {InvalidOptions}
 * @throws {UnwritableFile} at once, when the file cannot be opened to append to. It is made if it is not there; its folder is not.
 */
export function deadLetterFile(path: string, options: DeadLetterFileOptions = {}): DeadLetterFile {
  checkPath(path, 'deadLetterFile')
  checkOptions(options, deadLetterFileOptions, 'deadLetterFile')
  touch(path)
  const { waiting = 1_000, maxBytes = 256 * 1024 * 1024, maxItem = 16 * 1024 } = options

  let letters: string[] = []
  let [written, missed, told] = [0, 0, 0]
  let failure: unknown
  let bytes: number | undefined
  let isWriting = false
  let isOver = false
  let settle = (_: DeadLetterFileSummary) => {}
  const done = new Promise<DeadLetterFileSummary>(resolve => {
    settle = resolve
  })

  /** Appends what waits, until nothing does. */
  const write = async () => {
    if (isWriting) return
    isWriting = true
    for (let canTell = true; letters.length > 0 || (canTell && missed > told); ) {
      const batch = letters
      const untold = missed
      letters = []
      try {
        bytes ??= (await stat(path)).size
        const note = untold > told ? `${JSON.stringify({ at: new Date().toISOString(), missed: untold - told })}\n` : ''
        const room = maxBytes - bytes - Buffer.byteLength(note)
        const fits = fitting(batch, room)
        const text = batch.slice(0, fits).join('') + note
        if (room >= 0) {
          await appendFile(path, text)
          bytes += Buffer.byteLength(text)
        }
        written += fits
        missed += batch.length - fits
        canTell = fits === batch.length && room >= 0 // a file that is full stays so
        told = untold
      } catch (error) {
        failure ??= error
        missed += batch.length
        canTell = false
      }
    }
    isWriting = false
    if (isOver) settle({ written, missed, error: failure })
  }
  const end = () => {
    isOver = true
    void write()
  }
  return {
    next(letter) {
      try {
        if (letters.length < waiting) letters.push(lineOf(letter, maxItem))
        else missed++
      } catch (error) {
        failure ??= error
        missed++
      }
      void write()
    },
    error: end,
    complete: end,
    done,
  }
}

/** @throws {UnwritableFile} */
function touch(path: string): void {
  try {
    closeSync(openSync(path, 'a'))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? `there is no folder ${dirname(path)}, make it first` : message
    throw new UnwritableFile(path, code === 'EISDIR' ? 'it is a folder' : why, { cause: error })
  }
}

/** How many of these fit into so many bytes. */
function fitting(lines: readonly string[], room: number): number {
  let left = room
  const first = lines.findIndex(line => {
    left -= Buffer.byteLength(line)
    return left < 0
  })
  return first < 0 ? lines.length : first
}

function lineOf({ at, item, error, ...where }: DeadLetter, maxItem: number): string {
  const { stage, worker, sequence, key, attempts, deaths } = where
  const time = new Date(at).toISOString()
  const place = { at: time, stage, worker, sequence, key, attempts, deaths }
  return `${JSON.stringify({ ...place, error: errorIn(error), item: itemIn(item, maxItem) })}\n`
}

/** An item as JSON knows it, or the beginning of it. */
function itemIn(item: unknown, most: number): unknown {
  const shape = plain(item, { left: most })
  const text = JSON.stringify(shape) ?? 'null'
  return text.length <= most ? shape : { cut: text.slice(0, most) }
}

const mostCauses = 8
const mostText = 4_096 // characters

function errorIn(error: unknown, depth = 0): unknown {
  try {
    if (!(error instanceof Error)) return plain(error, { left: mostText })
    const { name, message, code, stack, cause } = error as Error & { code?: unknown }
    const lines = typeof stack === 'string' ? stack.slice(0, mostText).split('\n').slice(1, 9) : []
    return {
      name,
      message: String(message).slice(0, mostText),
      code: code === undefined ? undefined : plain(code, { left: 100 }),
      stack: lines.map(line => line.trim()),
      cause: cause === undefined ? undefined : depth < mostCauses ? errorIn(cause, depth + 1) : '…',
    }
  } catch {
    return 'an error that cannot be read'
  }
}

/**
 * A value in the shapes of JSON, as far as there is room: everything in it takes some, so that a huge item, or one that goes
 * round in circles, does not take the time of the run.
 */
function plain(value: unknown, room: { left: number }, depth = 0): unknown {
  try {
    room.left -= 2
    if (room.left < 0 || depth > 32) return '…'
    if (typeof value === 'string') {
      const text = value.length > room.left ? `${value.slice(0, room.left)}…` : value
      room.left -= text.length
      return text
    }
    if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function') {
      return plain(typeof value === 'function' ? `function ${value.name}` : String(value), room, depth)
    }
    if (typeof value !== 'object' || value === null) return value
    if (value instanceof Error) return errorIn(value)
    if (ArrayBuffer.isView(value)) {
      const bytes = Buffer.from(value.buffer, value.byteOffset, Math.min(value.byteLength, room.left))
      return { bytes: value.byteLength, base64: plain(bytes.toString('base64'), room, depth) }
    }
    const { toJSON } = value as { toJSON?: unknown }
    if (typeof toJSON === 'function') return plain(toJSON.call(value), room, depth + 1)
    const isList = Array.isArray(value) || value instanceof Set || value instanceof Map
    return isList ? listed(value, room, depth) : fields(value, room, depth)
  } catch {
    return 'a value that cannot be read'
  }
}

function listed(values: Iterable<unknown>, room: { left: number }, depth: number): unknown[] {
  const list: unknown[] = []
  for (const each of values) {
    list.push(plain(each, room, depth + 1) ?? null)
    if (room.left < 0) break
  }
  return list
}

function fields(value: object, room: { left: number }, depth: number): object {
  const copy: Record<string, unknown> = Object.create(null)
  for (const name in value) {
    if (room.left < 0) break
    if (!Object.hasOwn(value, name)) continue
    room.left -= name.length + 4
    copy[name.slice(0, 200)] = plain((value as Record<string, unknown>)[name], room, depth + 1)
  }
  return copy
}
