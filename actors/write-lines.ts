/** A file that is there when it is whole. */
import { constants } from 'node:fs'
import { copyFile, type FileHandle, open, readlink, realpath, rename, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type Actor, checkOptions, defineActor, type Home, type Options, UnwritableFile } from '../src/index.ts'
import { checkPath, isFlag, mustNotBeBody, oneOf, whole } from './accepts.ts'

export interface WriteLinesOptions {
  /** Whether to go on where an earlier run was cut off, given the same input again. @default false */
  resume?: boolean
  /** With `resume`: which item of the whole input is the first of this run. A whole number from 0. @default 0 */
  first?: number
  /** When the system is told to have it on disk, and not only in its own memory: at the end, after every write, never. @default 'end' */
  fsync?: 'end' | 'always' | 'never'
}

export const writeLinesOptions = {
  resume: {
    expected: 'true or false',
    accepts: isFlag,
    value: false,
    doc: 'Whether to go on where an earlier run was cut off, given the same input again.',
  },
  first: {
    expected: 'a whole number from 0',
    accepts: whole(0),
    value: 0,
    doc: 'With `resume`: which item of the whole input is the first of this run.',
  },
  fsync: {
    expected: "'end', 'always' or 'never'",
    accepts: oneOf('end', 'always', 'never'),
    value: 'end',
    doc: 'When the system is told to have it on disk, and not only in its own memory: at the end, after every write, or never.',
  },
} satisfies Options

/**
 * A sink: writes every item, a text, as a line, and emits nothing. The file is there when all of it is.
 *
 *     .stage('write', writeLines('orders.ndjson'))
 *
 * It writes to `PATH.partial`, beside the file, and gives that the name when the input has ended, also after `stop()`: who
 * reads the path meets what was there before or all that is new, and nothing between. A run that fails, is cancelled or
 * killed leaves the path as it was, and `PATH.partial` with the lines that were written; the next run begins it anew, or goes
 * on with it (`resume`). The mode of a file that is replaced is kept; a link stays, and what it points to is replaced.
 *
 * It writes when 64 Ki characters have come together or nothing else waits, and takes nothing while it writes, so a slow
 * disk slows the source. An item fails that is no text or has a line break in it, as one item is one line. A write that
 * fails (a full disk) fails its item, and may be tried again: nothing is written twice.
 *
 * **Resuming.** The position is the number of lines in the file: item n of the input is line n. With `resume` the run is given
 * the same input again, and as many items as there are whole lines are passed over. What comes before this stage is done
 * again; to spare that, ask `linesWritten(path)`, have the source begin there, and say so: `{ resume: true, first }`. Lines
 * that the system had not written when the machine lost its power are not counted on, but with `fsync: 'always'` there are
 * none. Where nothing was cut off but the file is there, its lines count: running the same twice writes the same.
 *
 * The stage has no key. No two runs of a process write one path at a time; nobody looks after those of two processes.
 * It travels.
 *
 * @throws {InvalidOption} for a path that is none.
 * @throws {InvalidOptions}
 */
export function writeLines(path: string, options: WriteLinesOptions = {}): Actor<string, never, Home> {
  mustNotBeBody(options, writeLines, 'writeLines(path)')
  checkPath(path, 'writeLines')
  checkOptions(options, writeLinesOptions, 'writeLines')
  return writing.with({ path, ...options })
}

/**
 * How many lines of `path` have been written: those of a run that was cut off, or else of the file itself; 0 if there is
 * neither. It is the sequence of the item to go on with (see `writeLines`).
 */
export async function linesWritten(path: string): Promise<number> {
  const found = (await wholeLines(partialOf(await targetOf(path)))) ?? (await wholeLines(path))
  return found?.lines ?? 0
}

interface Writing extends WriteLinesOptions {
  readonly path: string
}

const writing = defineActor('writeLines', import.meta, {
  // What `stop` has to close: the state is not for it to see.
  setup: (): { file?: LinesFile } => ({}),
  async start(writing: Writing, { key, resources }): Promise<LinesFile> {
    if (key !== undefined) throw new Error('writeLines writes one file, so its stage has no `key`')
    const file = new LinesFile(writing)
    resources.file = file
    await file.begin()
    return file
  },
  receive(item: string, file, { sequence, endOfBatch, resources }): void | Promise<void> {
    resources.file = file
    return file.add(item, sequence, endOfBatch)
  },
  async flush(file, { resources }): Promise<void> {
    resources.file = file
    await file.finish()
  },
  stop: ({ file }) => file?.close(),
  // No copy: it knows by itself what it has written, and opens the file again.
  snapshot: file => file,
  restore: (file: LinesFile) => file,
})

const mostWaiting = 64 * 1024 // characters

/** Files that are being written by this process. */
const inUse = new Set<string>()

class LinesFile {
  readonly #writing: Writing
  #target = ''
  #file: FileHandle | undefined
  /** Bytes on disk; what comes is written behind them, also after a write that failed half-way. */
  #bytes = 0
  /** Lines that are not on disk yet, with their ends. */
  #waiting: string[] = []
  #characters = 0
  /** Items that an earlier run has written. */
  #passedOver = 0
  /** The item that was taken last: one that comes again is not written again. */
  #last = -1
  #isClaimed = false

  constructor(writing: Writing) {
    this.#writing = writing
  }

  async begin(): Promise<void> {
    const { path, resume = false, first = 0 } = this.#writing
    this.#target = await targetOf(path)
    this.#claim()
    const folder = dirname(this.#target)
    if (!(await statOf(folder))?.isDirectory()) {
      throw new UnwritableFile(path, `there is no folder ${folder}, make it first`)
    }
    const there = await statOf(this.#target)
    if (there?.isDirectory()) throw new UnwritableFile(path, 'it is a folder')
    if (there && !there.isFile()) throw new UnwritableFile(path, 'it is no file, and would be replaced by one')
    const partial = partialOf(this.#target)
    const cutOff = resume ? await wholeLines(partial) : undefined
    const found = cutOff ?? (resume ? await wholeLines(this.#target) : undefined) ?? { lines: 0, bytes: 0 }
    if (resume && found.lines < first) {
      throw new Error(`cannot go on with ${path} at item ${first}: it has ${found.lines} lines`)
    }
    if (!cutOff && found.lines > 0) await copyFile(this.#target, partial, constants.COPYFILE_FICLONE)
    this.#file = await open(partial, cutOff || found.lines > 0 ? 'r+' : 'w')
    await this.#file.truncate(found.bytes)
    this.#bytes = found.bytes
    this.#passedOver = resume ? found.lines - first : 0
  }

  /** Takes the line of item `sequence`; a promise when it has to be written first. */
  add(line: string, sequence: number, isLast: boolean): Promise<void> | undefined {
    if (typeof line !== 'string') {
      const what = line === null ? 'null' : typeof line
      throw new TypeError(`writeLines writes texts, got ${what}: \`.map(item => JSON.stringify(item))\` makes lines`)
    }
    if (/[\n\r]/.test(line)) throw new RangeError('one item is one line: it has a line break in it')
    if (sequence === this.#last) return undefined
    const before = this.#last
    this.#last = sequence
    if (this.#passedOver > 0) {
      this.#passedOver--
      return undefined
    }
    this.#waiting.push(`${line}\n`)
    this.#characters += line.length + 1
    if (this.#characters < mostWaiting && !isLast) return undefined
    return this.#write().catch(error => {
      // The item has failed: its line must not be written later on.
      this.#waiting.pop()
      this.#characters -= line.length + 1
      this.#last = before
      throw error
    })
  }

  /** All is written: the file gets its name. */
  async finish(): Promise<void> {
    const { fsync = 'end' } = this.#writing
    const partial = partialOf(this.#target)
    await this.#write()
    const file = await this.#opened()
    const replaced = await statOf(this.#target)
    if (replaced) await file.chmod(replaced.mode)
    if (fsync !== 'never') await file.sync()
    await this.close()
    await rename(partial, this.#target)
    if (fsync !== 'never') await syncFolder(dirname(this.#target))
  }

  /** Writes what waits, as far as that is possible, and lets go of the file. */
  async close(): Promise<void> {
    const file = this.#file
    try {
      if (file) await this.#write()
    } finally {
      this.#file = undefined
      if (this.#isClaimed) inUse.delete(this.#target)
      this.#isClaimed = false
      await file?.close()
    }
  }

  async #write(): Promise<void> {
    if (this.#waiting.length === 0) return
    const file = await this.#opened()
    const bytes = Buffer.from(this.#waiting.join(''))
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, this.#bytes + done)
      done += bytesWritten
    }
    if (this.#writing.fsync === 'always') await file.datasync()
    this.#bytes += bytes.length
    this.#waiting = []
    this.#characters = 0
  }

  /** The file, opened again if the worker was restarted. */
  async #opened(): Promise<FileHandle> {
    if (this.#file) return this.#file
    this.#claim()
    return (this.#file = await open(partialOf(this.#target), 'r+'))
  }

  #claim(): void {
    if (this.#isClaimed) return
    if (inUse.has(this.#target)) throw new Error(`cannot write ${this.#writing.path}: another run is writing it`)
    inUse.add(this.#target)
    this.#isClaimed = true
  }
}

function partialOf(target: string): string {
  return `${target}.partial`
}

/** What a path stands for: where it is a link, that which it points to, even if that is not there yet. */
async function targetOf(path: string, links = 40): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    const link = await readlink(path).catch(() => undefined)
    return link === undefined || links === 0 ? path : targetOf(resolve(dirname(path), link), links - 1)
  }
}

async function statOf(path: string) {
  try {
    return await stat(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** How many whole lines a file has, and how long they are; undefined if it is not there. */
async function wholeLines(path: string): Promise<{ lines: number; bytes: number } | undefined> {
  if (!(await statOf(path))) return undefined
  const file = await open(path)
  try {
    const piece = Buffer.allocUnsafe(mostWaiting)
    const found = { lines: 0, bytes: 0 }
    for (let read = 0; ; ) {
      const { bytesRead } = await file.read(piece, 0, piece.length, read)
      if (bytesRead === 0) return found
      const text = piece.subarray(0, bytesRead)
      for (let end = text.indexOf(10); end >= 0; end = text.indexOf(10, end + 1)) {
        found.lines++
        found.bytes = read + end + 1
      }
      read += bytesRead
    }
  } finally {
    await file.close()
  }
}

/** Has the new name on disk. Not every system can, or wants to. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path)
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  } catch {}
}
