/**
 * Which files below a folder are the same?
 *
 *     walk ─▶ measure ─▶ size ─▶ hash × workers ─▶ group by sha256
 *              │                  │
 *              └────── files that cannot be read ──▶ dead letters
 *
 * Only files that share their size with another are read. The first of a size waits; when a second one comes, both leave
 * at once, so hashing goes on while the walk does.
 */
import { defineActor, type Failure, type FailurePolicy, type Live, pipeline, type Source } from 'millrace'
import { FileChanged, type Hashed, hash } from './hash.ts'
import { type Measured, measure } from './measure.ts'
import type { Found } from './walk.ts'

/** Two or more files with the same content. */
export interface Group {
  /** The size of one of them. */
  readonly bytes: number
  readonly sha256: string
  /** In the order of their bytes. */
  readonly files: readonly Buffer[]
}

export interface Unread {
  readonly path: Buffer
  readonly why: string
}

export interface Findings {
  /** Largest waste first, then by hash. */
  readonly groups: readonly Group[]
  /** What could not be read, by path. */
  readonly unread: readonly Unread[]
  /** How many files there were, without the empty ones, and how many of them share their size and had to be read. */
  readonly files: number
  readonly hashed: number
}

/** Emits the files that share their size with another. */
const sameSize = defineActor('same-size', import.meta, {
  start: () => new Map<number, Measured | undefined>(), // by size: the first file, until a second one has come
  *receive(file: Measured, sizes) {
    if (!sizes.has(file.bytes)) {
      sizes.set(file.bytes, file)
      return
    }
    const first = sizes.get(file.bytes)
    if (first) yield first
    sizes.set(file.bytes, undefined)
    yield file
  },
})

/** Gathers the files of one hash, and speaks when all have come. */
const sameContent = defineActor('same-content', import.meta, {
  key: 'sha256',
  start: (): Hashed[] => [],
  receive(file: Hashed, alike) {
    alike.push(file)
  },
  flush([file, ...others]): Group | undefined {
    if (!file || others.length === 0) return
    const files = [file, ...others].map(({ path }) => path).sort(Buffer.compare)
    return { bytes: file.bytes, sha256: file.sha256, files }
  },
})

/** A refusal of the file system costs one file. Any other error is a mistake in this program, and stops it. */
function skipUnreadable({ error }: Failure): FailurePolicy {
  return error instanceof FileChanged || (error instanceof Error && 'syscall' in error) ? 'skip' : 'stop'
}

export const duplicates = (files: Source<Found>, workers: number) =>
  pipeline('duplicates')
    .from(files)
    .stage('measure', measure, { concurrency: 16, onFailure: skipUnreadable })
    .stage('size', sameSize)
    .stage('hash', hash, { workers, concurrency: 4, onFailure: skipUnreadable })
    .stage('group', sameContent, { workers })

/** Runs the pipeline to its end. `workers` makes it faster; the findings are the same. */
export async function findDuplicates(files: Source<Found>, { workers = 4 } = {}): Promise<Findings> {
  const run = duplicates(files, workers).run()
  return findingsOf(run, run)
}

/** What a run comes to, when all its results have been read. */
export async function findingsOf(results: AsyncIterable<Group>, run: Live): Promise<Findings> {
  const unread: Unread[] = []
  run.deadLetters.subscribe(({ item, error }) => {
    unread.push({ path: (item as Found | Measured).path, why: reason(error) })
  })
  const groups: Group[] = []
  for await (const group of results) groups.push(group)
  await run.done
  const received = new Map(run.snapshot().stages.map(({ stage, received }) => [stage, received]))
  return {
    groups: groups.sort((a, b) => waste(b) - waste(a) || (a.sha256 < b.sha256 ? -1 : 1)),
    unread: unread.sort((a, b) => Buffer.compare(a.path, b.path)),
    files: received.get('size') ?? 0,
    hashed: received.get('hash') ?? 0,
  }
}

/** Bytes that would be free if one file of the group were enough. */
export function waste({ bytes, files }: Group): number {
  return bytes * (files.length - 1)
}

/** Without what Node appends to it: the call, and the path in a form that may not be its name. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message.replace(/, \w+( '.*)?$/s, '') : String(error)
}
